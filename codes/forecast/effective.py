"""The outlook of the one colour the city stands by (``docs/semantics.md`` §4)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from codes.effective import Standing, effective_code
from codes.engine.sides import Side, sides_of
from codes.forecast.acts import merged
from codes.forecast.outlook import Outlook, outlooks
from codes.models import Ruling
from regions.tenancy import current_city


def effective_outlook(citizen_id: int) -> Outlook | None:
    """What the deciding providers wait for, and the latest of their days; none when the code is green or unknown.

    A ruling in force holds until it expires; what the providers say by then follows it.
    """
    standing = effective_code(citizen_id)
    if not has_a_way(standing):
        return None
    sides = sides_of(citizen_id)
    return effective_from(outlooks(citizen_id, sides), sides, standing, citizen_id=citizen_id)


def has_a_way(standing: Standing) -> bool:
    """Whether there is anything between the code and green."""
    return standing.colour not in ("green", "unknown")


def effective_from(
    own: Mapping[str, Outlook], sides: Iterable[Side], standing: Standing, *, citizen_id: int
) -> Outlook:
    """The same from outlooks and sides at hand."""
    horizons = {side.inputs.provider.code: side.inputs.horizon for side in sides if side.state.colour}
    deciding = [own[code] for code in _deciding(horizons) if code in own]
    ruled_until = _ruled_until(citizen_id) if standing.because == "ruling" else None
    return _latest(deciding, ruled_until)


def _deciding(horizons: Mapping[str, datetime | None]) -> list[str]:
    """The codes of the providers whose colours decide by the city's interim policy; all of them where it is the strictest."""
    policy, _, preferred = current_city().interim_policy.partition(":")
    if policy == "prefer" and preferred in horizons:
        return [preferred]
    if policy == "freshest":
        newest = max((horizon for horizon in horizons.values() if horizon), default=None)
        return [code for code, horizon in horizons.items() if horizon == newest]
    return list(horizons)


def _ruled_until(citizen_id: int) -> date | None:
    ruling = Ruling.objects.filter(citizen=citizen_id, state="approved", suspended_at__isnull=True).first()
    return ruling.expires_on if ruling else None


def _latest(deciding: list[Outlook], ruled_until: date | None) -> Outlook:
    acts = merged(act for one in deciding for act in one.acts)
    days = [one.turns_green_on for one in deciding]
    known = [green for green in (*days, ruled_until) if green is not None]
    if None in days or not known:
        return Outlook(None, None, None, acts)
    latest = max(known)
    longest = max(deciding, key=lambda one: one.turns_green_on or date.min, default=None)
    if longest is None or longest.turns_green_on != latest:
        return Outlook(None, None, latest, acts)
    return Outlook(longest.day_number, longest.of_days, latest, acts)
