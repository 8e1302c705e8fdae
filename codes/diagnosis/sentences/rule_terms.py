"""What a rule asks for, parameter by parameter, as predicates of "the rules of …"."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from codes.diagnosis.piece import RuleSide
from codes.diagnosis.sentences.voice import Voice
from codes.vocabulary import Anchor, Colour
from regions.vocabulary import FactKind


def terms(rule: RuleSide, parameters: Iterable[str], voice: Voice) -> list[str]:
    """A phrase for each of the parameters named, in the order of ``RULE_PARAMETERS``."""
    return [_term(rule, parameter, voice) for parameter in parameters]


def asks_for_nothing(rule: RuleSide, parameter: str) -> bool:
    """Whether the phrase of this parameter says what need not be, or cannot be, done."""
    return parameter not in ("colour", "anchor", "area_levels") and not rule.get(parameter)


def _term(rule: RuleSide, parameter: str, voice: Voice) -> str:
    match parameter:
        case "colour":
            return _("give %(colour)s") % {"colour": Colour(rule["colour"]).said_in(voice.language)}
        case "anchor":
            return _("count from %(anchor)s") % {"anchor": Anchor(rule["anchor"]).said_in(voice.language)}
        case "hold_days":
            return _hold(rule["hold_days"])
        case "checkin_days":
            return _counted(
                rule["checkin_days"],
                none=_("require no check-ins"),
                some=ngettext(
                    "require %(n)d healthy check-in", "require %(n)d healthy check-ins in a row", rule["checkin_days"]
                ),
            )
        case "tests":
            return _counted(
                rule["tests"],
                none=_("require no test"),
                some=ngettext("require %(n)d negative test", "require %(n)d negative tests", rule["tests"]),
            )
        case "test_gap_days":
            return _counted(
                rule["test_gap_days"],
                none=_("require no time between tests"),
                some=ngettext(
                    "require %(n)d day between tests", "require %(n)d days between tests", rule["test_gap_days"]
                ),
            )
        case "cleared_by":
            return _cleared_by(rule["cleared_by"], voice)
        case _:
            return _levels(rule["area_levels"], voice)


def _hold(days: int | None) -> str:
    if days is None:
        return _("release nobody by time alone")
    return _counted(
        days, none=_("require no waiting days"), some=ngettext("require %(n)d day", "require %(n)d days", days)
    )


def _counted(number: int, *, none: str, some: str) -> str:
    return some % {"n": number} if number else none


def _cleared_by(kinds: list[str], voice: Voice) -> str:
    if not kinds:
        return _("release early on no record")
    said = pgettext("between items of a list", ", ").join(
        _("“%(kind)s”") % {"kind": FactKind(kind).said_in(voice.language)} for kind in kinds
    )
    return _("release at once on %(kinds)s") % {"kinds": said}


def _levels(levels: list[str] | None, voice: Voice) -> str:
    if levels is None:
        return _("count stays in every area")
    return _("count only stays in %(levels)s") % {"levels": voice.all_of([voice.level(level) for level in levels])}
