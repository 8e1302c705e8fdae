"""Render an outlook as text: "第5天，共14天", and a sentence for each act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format, localize
from django.utils.translation import get_language, ngettext, override, pgettext
from django.utils.translation import gettext as _

from codes.diagnosis.sentences.renderer import Audience
from codes.forecast.outlook import Act, CheckIn, Clearance, MoreTests, Outlook, Review, TellEnd, Wait
from regions.divisions import division_title
from regions.vocabulary import FactKind


@dataclass(frozen=True)
class Progress:
    """An outlook as text. ``count`` is empty if no day is known; ``todo`` is in the order in which to act."""

    day_number: int | None
    of_days: int | None
    turns_green_on: date | None
    count: str
    todo: list[str]


def render_outlook(
    outlook: Outlook, *, language: str, title_of: Callable[[str], str], audience: Audience = "citizen"
) -> Progress:
    """Render the outlook in ``zh-hans`` or ``en``. ``title_of`` returns a provider's title by its code, in that language."""
    with override(language):
        return Progress(
            day_number=outlook.day_number,
            of_days=outlook.of_days,
            turns_green_on=outlook.turns_green_on,
            count=_counted(outlook),
            todo=[_act(act, title_of, audience) for act in outlook.acts],
        )


def act_sentence(act: Act, *, language: str, title_of: Callable[[str], str], audience: Audience = "citizen") -> str:
    with override(language):
        return _act(act, title_of, audience)


def _counted(outlook: Outlook) -> str:
    """Return the count of days, or, while they do not count yet, the day from which they will."""
    if outlook.starts_on is not None and outlook.of_days is not None:
        values = {"day": _day(outlook.starts_on), "days": outlook.of_days}
        if not outlook.of_days:
            return _("The clock starts on %(day)s.") % values
        return (
            ngettext(
                "The clock starts on %(day)s and runs for %(days)d day.",
                "The clock starts on %(day)s and runs for %(days)d days.",
                outlook.of_days,
            )
            % values
        )
    if outlook.day_number is None or outlook.of_days is None:
        return ""
    text = _("Day %(day)d of %(days)d") % {"day": outlook.day_number, "days": outlook.of_days}
    return text + _put_off(outlook.of_days, outlook.put_off)


def _put_off(days: int, more: int) -> str:
    """Return the explanation why there are more days than the rule requires, or an empty string."""
    if not more:
        return ""
    text = ngettext(
        " (%(days)d by the rule, and %(more)d more because the check-ins must be in a row)",
        " (%(days)d by the rule, and %(more)d more because the check-ins must be in a row)",
        more,
    )
    return text % {"days": days - more, "more": more}


def _act(act: Act, title_of: Callable[[str], str], audience: Audience) -> str:
    match act:
        case CheckIn():
            return _check_in(act, title_of(act.provider))
        case MoreTests():
            return _tests(act)
        case Clearance():
            return _("It ends once this is on record: %(kinds)s.") % {"kinds": _either(act.kinds)}
        case Review():
            return _("Only a manual review can end it: an appeal asks for one.")
        case TellEnd():
            return _tell_end(act, title_of, audience)
        case Wait():
            return _("It ends by itself on %(day)s.") % {"day": _day(act.until)}


def _tell_end(act: TellEnd, title_of: Callable[[str], str], audience: Audience) -> str:
    """Return who states the end of a stay: the citizen who declared it, or the source's owner, after an appeal."""
    if act.declared_with is None:
        sentence = {
            "citizen": _("Say when the stay in %(area)s ended: appeal with a ticket or certificate that shows it."),
            "official": _(
                "The source that recorded the stay in %(area)s says when it ended; until then a ruling may decide."
            ),
        }[audience]
        provider = ""
    else:
        sentence = {
            "citizen": _("Say when the stay in %(area)s ended: declare the stays again with %(provider)s."),
            "official": _("The citizen says when they left %(area)s by declaring again with %(provider)s."),
        }[audience]
        provider = title_of(act.declared_with)
    text = sentence % {"area": division_title(act.area, get_language() or ""), "provider": provider}
    return _("%(first)s %(next)s") % {
        "first": text,
        "next": _("Until then the stay counts as going on, and no day is counted."),
    }


def _check_in(act: CheckIn, provider: str) -> str:
    if act.last_day is None:
        return _("Check in healthy with %(provider)s every day.") % {"provider": provider}
    values = {"provider": provider, "day": _day(act.last_day)}
    return _("Check in healthy with %(provider)s every day up to and on %(day)s.") % values


def _tests(act: MoreTests) -> str:
    if act.count == 1:
        sentence = _("1 more negative test, taken on %(day)s or later.") % {"day": _day(act.from_day)}
    else:
        sentence = _("%(count)s more negative tests, %(apart)s, the first on %(day)s or later.") % {
            "count": localize(act.count),
            "apart": _apart(act.gap_days),
            "day": _day(act.from_day),
        }
    if not act.kinds:
        return sentence
    instead = _("Or this is put on record: %(kinds)s.") % {"kinds": _either(act.kinds)}
    return _("%(first)s %(next)s") % {"first": sentence, "next": instead}


def _apart(gap_days: int) -> str:
    if gap_days == 0:
        return _("which may follow each other at once")
    return ngettext("at least %(gap)d day apart", "at least %(gap)d days apart", gap_days) % {"gap": gap_days}


def _either(kinds: tuple[str, ...]) -> str:
    return pgettext("between alternatives", ", or ").join(str(FactKind(kind).label) for kind in kinds)


def _day(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")
