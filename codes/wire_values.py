"""Colours as other systems send them. Each system has its own map; what a map does not hold is never guessed.

Shipping a default of green has let people pass elsewhere: here everything unmapped is UNKNOWN and reported as such.
"""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.vocabulary import State


class WireSystem(TextChoices):
    """The systems whose values are known."""

    NATIONAL = "national", _("national and provincial status")
    ALIPAY = "alipay", _("Alipay open API")
    IOT_TERMINAL = "iot_terminal", _("IoT terminal")
    DOOR_CONTROLLER = "door_controller", _("door controller")
    BUILDING_SITE = "building_site", _("building-site system")
    BEIJING = "beijing", _("Beijing back office")


@dataclass(frozen=True, slots=True)
class WireReading:
    """What a value means. `known` is false when no map holds it: the intake then records an error."""

    state: State
    known: bool


_RED, _YELLOW, _GREEN, _UNKNOWN, _NOT_APPLIED = (
    State.RED,
    State.YELLOW,
    State.GREEN,
    State.UNKNOWN,
    State.NOT_APPLIED,
)

WIRE_VALUES: dict[WireSystem, dict[str, State]] = {
    WireSystem.NATIONAL: {"00": _GREEN, "01": _YELLOW, "10": _RED},
    # `init` is an application under review.
    WireSystem.ALIPAY: {"green": _GREEN, "yellow": _YELLOW, "red": _RED, "init": _UNKNOWN},
    # 4 expired, 5 absent, 6 failed, 7 timeout.
    WireSystem.IOT_TERMINAL: {
        "1": _GREEN,
        "2": _YELLOW,
        "3": _RED,
        "4": _UNKNOWN,
        "5": _UNKNOWN,
        "6": _UNKNOWN,
        "7": _UNKNOWN,
    },
    # 0 invalid, 1 not applied, 2 not queried, 6 no such person, 7 failed, 8 timeout.
    WireSystem.DOOR_CONTROLLER: {
        "0": _UNKNOWN,
        "1": _NOT_APPLIED,
        "2": _UNKNOWN,
        "3": _GREEN,
        "4": _YELLOW,
        "5": _RED,
        "6": _UNKNOWN,
        "7": _UNKNOWN,
        "8": _UNKNOWN,
    },
    WireSystem.BUILDING_SITE: {"0": _RED, "1": _GREEN, "2": _YELLOW},
    # 2 cannot confirm; grey means that no code is held.
    WireSystem.BEIJING: {"0": _GREEN, "1": _YELLOW, "2": _UNKNOWN, "3": _RED, "grey": _NOT_APPLIED},
}


def read_wire_value(system: WireSystem, value: str | int | None) -> WireReading:
    """The state a system's value stands for; an absent, empty, differently spelled or new value is UNKNOWN."""
    if value is None or isinstance(value, bool):
        return WireReading(State.UNKNOWN, known=False)
    state = WIRE_VALUES[system].get(str(value))
    return WireReading(State.UNKNOWN, known=False) if state is None else WireReading(state, known=True)
