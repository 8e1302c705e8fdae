"""The sentences of the code page: headline, until when and by which records, decisions, and entries that do not count yet.

No sentence addresses the reader, because a guardian reads the same page about somebody else.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from codes.forecast.outlook import Wait
from codes.forecast.sentences import render_outlook
from codes.models import Case, DisplayCause, DisplayFinding, Fact, Provider, Ruling
from codes.models.case import CaseState
from codes.review.reasons import RulingEndReason, RulingReason, UpholdReason
from codes.runs.ledger import next_run_due
from codes.vocabulary import Because, State
from portal.citizen.code.no_colour import TOLD, headline_without_colour, until_without_colour
from portal.citizen.code.reading import HoldingRecord, NoColour, Reading, Stretch
from portal.citizen.code.steps import Step
from portal.templatetags.citizen import matter, named
from portal.templatetags.page import label_of, titled
from regions.models import City

LONGEST_VALUE = 40


def headline(reading: Reading, steps: Sequence[Step]) -> str:
    """Return the headline, such as “Red until 11 December; today: check in.”"""
    today = next((step.short for step in steps if step.short), "")
    code = _code(reading)
    if not today and not steps and reading.state is State.GREEN and not reading.entered:
        today = _("nothing has to be done")
        return _("%(code)s; %(act)s.") % {"code": code, "act": today}
    frame = _("%(code)s; today: %(act)s.") if today else _("%(code)s.")
    return frame % {"code": code, "act": today}


def _code(reading: Reading) -> str:
    colour = _colour(reading.state)
    if reading.no_colour:
        return headline_without_colour(reading)
    if reading.expired:
        return _("%(colour)s until all codes have been worked out again") % {"colour": colour}
    if reading.ruling:
        return _ruled(reading, colour)
    if reading.state is State.GREEN:
        return _("Green for now, though the providers differ") if reading.because is Because.POLICY else colour
    return _lasting(reading.stretches, colour)


def _lasting(stretches: Sequence[Stretch], colour: str) -> str:
    """Return the colours with their ends, such as “Red until 4 December, then yellow until 11 December”."""
    first, *later = stretches or [Stretch(State.UNKNOWN, None)]
    if first.until is None:
        return _("%(colour)s, with no end set yet") % {"colour": colour}
    sentence = _("%(colour)s until %(day)s") % {"colour": colour, "day": _day(first.until)}
    if not later or later[0].until is None:
        return sentence
    values = {"first": sentence, "colour": label_of(later[0].state), "day": _day(later[0].until)}
    return _("%(first)s, then %(colour)s until %(day)s") % values


def _ruled(reading: Reading, colour: str) -> str:
    """Return the ruling's colour and end, and the colour of the records that comes back if they last longer."""
    first, *later = reading.stretches
    sentence = _("%(colour)s by a decision until %(day)s") % {
        "colour": colour,
        "day": _day(first.until or reading.today),
    }
    if not later:
        return sentence
    return _("%(first)s, then %(colour)s again") % {"first": sentence, "colour": label_of(later[0].state)}


def ruling_sentences(reading: Reading) -> list[str]:
    """Return who decided, why, until when, and what comes after the ruling."""
    ruling = reading.ruling
    if ruling is None:
        return []
    sentences = [
        decision_sentence(ruling),
        _("The decision holds to the end of the day before %(day)s.") % {"day": _day(ruling.expires_on)},
    ]
    if reading.below is None:
        return sentences
    below = {"colour": label_of(reading.below), "day": _day(ruling.expires_on)}
    later = reading.stretches[1:]
    asks_for_acts = _takes_acts(reading)
    if reading.below == reading.state:
        pass
    elif later and later[0].until is None and asks_for_acts:
        sentences.append(
            _(
                "The records below it still say %(colour)s: on %(day)s that comes back, unless what stands below is done by then."
            )
            % below
        )
    elif later:
        sentences.append(_("The records below it still say %(colour)s: on %(day)s that comes back.") % below)
    elif asks_for_acts:
        sentences.append(
            _(
                "The records below it still say %(colour)s. They end before the decision only if what stands below is done, "
                "check-ins included; else %(colour)s comes back on %(day)s."
            )
            % below
        )
    else:
        sentences.append(_("The records below it still say %(colour)s; they end before the decision does.") % below)
    return sentences


def decision_sentence(ruling: Ruling) -> str:
    reason = label_of(RulingReason(ruling.reason_code))
    return _("Two officials decided on %(day)s: %(colour)s. Their reason: %(reason)s.") % {
        "day": _date(ruling.decided_at),
        "colour": label_of(State(ruling.colour)),
        "reason": reason[:1].lower() + reason[1:],
    }


def end_sentence(ruling: Ruling) -> str:
    """Return when two officials ended the ruling before its day, and why. Rulings of an earlier release have no reason."""
    ended = _("Two officials ended the decision early, on %(day)s.") % {"day": _date(ruling.ended_at)}
    reason = end_reason(ruling)
    return joined(ended, _("Their reason: %(reason)s.") % {"reason": reason}) if reason else ended


def end_reason(ruling: Ruling) -> str:
    """Return why two officials ended the ruling early, or nothing if they did not or the reason is not known."""
    return end_reason_label(ruling.end_code) if ruling.ended_by and ruling.end_code else ""


def end_reason_label(code: str) -> str:
    label = label_of(RulingEndReason(code))
    return label[:1].lower() + label[1:]


def joined(first: str, then: str) -> str:
    return _("%(first)s %(next)s") % {"first": first, "next": then}


def _takes_acts(reading: Reading) -> bool:
    return reading.outlook is not None and any(not isinstance(act, Wait) for act in reading.outlook.acts)


def until_sentences(reading: Reading) -> list[str]:
    """Return a sentence with the day on which the code turns green, and then those about its records, the longest-lasting first."""
    if reading.no_colour:
        return until_without_colour(reading)
    if reading.expired:
        return [str(TOLD[NoColour.EXPIRED].until)]
    day = reading.outlook.turns_green_on if reading.outlook else None
    if day:
        green = _("Green on %(day)s") % {"day": date_format(day, "DATE_FORMAT")}
        sentences = [
            _("%(green)s, if what stands below is done.") % {"green": green}
            if _takes_acts(reading)
            else _("%(green)s.") % {"green": green}
        ]
    elif reading.because is Because.HELD:
        sentences = [_("Until the data source is up to date again.")]
    else:
        sentences = [_("Until the step below is done; no day is set.")]
    if reading.is_kept_back:
        sentences.append(
            _(
                "Newer data says otherwise, of many people at once: two officials check it first. Until they have decided, this "
                "colour stays, and what stands below is still to be done."
            )
        )
    records = reading.records
    if len({one.until for one in records}) > 1 or len({one.colour for one in records}) > 1:
        sentences += _of_providers(reading, _record_lasts)
    return sentences


def _record_lasts(one: HoldingRecord) -> str:
    values = {"colour": _colour(State(one.colour)), "what": _what(one.fact)}
    if one.until is None:
        return _("%(colour)s for “%(what)s”: no day is set.") % values
    return _("%(colour)s for “%(what)s”: until %(day)s.") % {**values, "day": _day(one.until)}


def reason_sentences(reading: Reading) -> list[str]:
    """Return the reasons of the rules. A guardian, whom a reason does not address, gets the record instead."""

    def reason(one: HoldingRecord) -> str:
        text = "" if reading.name else titled(one.rule, "reason")
        return text or record_sentence(one.fact)

    return _of_providers(reading, reason)


def _of_providers(reading: Reading, sentence: Callable[[HoldingRecord], str]) -> list[str]:
    """Return the records' sentences, each once, with the providers that it is about if there are several."""
    found: dict[str, dict[int, Provider]] = {}
    for one in reading.records:
        found.setdefault(sentence(one), {}).update((provider.pk, provider) for provider in one.providers)
    if not reading.has_several_providers:
        return list(found)
    return [named(providers.values(), text) for text, providers in found.items()]


def record_sentence(fact: Fact) -> str:
    return _("%(what)s, of %(day)s.") % {"what": capfirst(_what(fact)), "day": _day(fact.started_on)}


def policy_sentence(reading: Reading, city: City) -> str:
    """Return which policy of the city gave the effective colour."""
    policy, _sep, preferred = city.interim_policy.partition(":")
    if policy == "freshest":
        return _(
            "The providers show different colours. Here the one whose data is newest counts until it is cleared up."
        )
    named = [side for side in reading.sides if policy == "prefer" and side.provider.code == preferred]
    if named and named[0].state.colour is not None:
        return _("The providers show different colours. Here %(provider)s counts until it is cleared up.") % {
            "provider": titled(named[0].provider)
        }
    return _("The providers show different colours. Here the stricter one counts until it is cleared up.")


def entered_sentences(reading: Reading, *, now: datetime) -> list[str]:
    """Return what was entered since the run and does not count yet, and from when it does."""
    if not reading.entered:
        return []
    when = date_format(timezone.localtime(next_run_due(now=now)), "DATETIME_FORMAT")
    whats: dict[tuple[bool, bool], dict[str, None]] = {}
    for one in reading.entered:
        whats.setdefault((one.is_checked_first, one.fact.revoked), {})[_what(one.fact)] = None
    comma = pgettext("between items of a list", ", ")
    return [str(ENTERED[how]) % {"what": comma.join(what), "when": when} for how, what in sorted(whats.items())]


# By whether two officials check it first, and whether it was taken back.
ENTERED = {
    (False, False): gettext_lazy(
        "Entered: %(what)s. The present colour does not count it yet; it counts from %(when)s on."
    ),
    (False, True): gettext_lazy(
        "Taken back: %(what)s. The present colour does not count it yet; it counts from %(when)s on."
    ),
    (True, False): gettext_lazy(
        "Entered: %(what)s. The present colour does not count it yet: many people entered the like at once, so two officials "
        "check it first and decide whether it counts."
    ),
    (True, True): gettext_lazy(
        "Taken back: %(what)s. The present colour does not count it yet: many people took the like back at once, so two "
        "officials check it first and decide whether it counts."
    ),
}


def outcome_sentence(case: Case) -> str:
    """Return how the case was decided: by a ruling of two officials, or by one official who left the colours as they were at that time."""
    values = {"matter": matter(case), "day": _date(case.closed_at)}
    if case.ruling:
        values["colour"] = label_of(State(case.ruling.colour))
        if case.ruling.ended_by:
            decided = _("%(matter)s was decided on %(day)s: %(colour)s.") % values
            return joined(decided, end_sentence(case.ruling))
        if ended_at := ended_early(case.ruling):
            return _("%(matter)s was decided on %(day)s: %(colour)s. The decision ended on %(ended)s.") % {
                **values,
                "ended": _date(ended_at),
            }
        return _("%(matter)s was decided on %(day)s: %(colour)s until %(until)s.") % {
            **values,
            "until": _day(case.ruling.expires_on),
        }
    reason = label_of(UpholdReason(case.outcome)) if case.outcome in set(UpholdReason) else ""
    is_denied = case.state in (CaseState.DENIED, CaseState.DISAGREEMENT_LOGGED)
    sentence = (
        _("%(matter)s was denied on %(day)s: the colour was left as it was.")
        if is_denied
        else _("%(matter)s was decided on %(day)s: the colours were left as they were.")
    ) % values
    return joined(sentence, _("%(reason)s.") % {"reason": reason}) if reason else sentence


def ended_early(ruling: Ruling) -> datetime | None:
    """Return when the ruling ended, if that was before the day set for it, otherwise ``None``."""
    ended_at = ruling.ended_at
    return ended_at if ended_at is not None and timezone.localdate(ended_at) < ruling.expires_on else None


def progress(reading: Reading) -> dict[str, Any] | None:
    """Return the day count of the outlook, or ``None`` if no day is known or the way takes at most a day.

    ``day`` is ``None`` while no day counts.
    """
    way = reading.outlook
    if reading.state not in (State.RED, State.YELLOW) or way is None or way.of_days is None:
        return None
    if way.of_days < 2 and way.starts_on is None:
        return None
    text = render_outlook(way, language=get_language() or "", title_of=str).count
    return {"day": way.day_number, "days": way.of_days, "text": text}


def display_sentence(found: DisplayFinding) -> str:
    """Return a sentence about a wrong colour that a provider displays to this citizen."""
    since = timezone.localtime(found.old_since or found.opened_at)
    words = {
        "provider": titled(found.provider),
        "colour": label_of(found.colour, "state") if found.colour else "",
        "value": Truncator(found.value).chars(LONGEST_VALUE),
        "since": date_format(since, "DATETIME_FORMAT"),
    }
    match DisplayCause(found.cause):
        case DisplayCause.OLD:
            text = _(
                "%(provider)s still shows an earlier colour (%(colour)s). It has been out of date since %(since)s."
            )
        case DisplayCause.UNKNOWN_VALUE:
            text = _("%(provider)s shows something that the city cannot read (%(value)s).")
        case DisplayCause.MAPPED_ELSEWHERE:
            text = _("The city may be misreading what %(provider)s shows: the colour shown there need not be wrong.")
        case _:
            text = _("%(provider)s shows another colour than it should (%(colour)s). Why is not known yet.")
    return text % words


def _what(fact: Fact) -> str:
    return label_of(fact.kind, "kind")


def _colour(state: State) -> str:
    return capfirst(label_of(state))


def _day(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


def _date(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "MONTH_DAY_FORMAT") if at else ""
