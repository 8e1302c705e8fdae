"""What the citizen has to do, in order, with the buttons for it. It is made from the same reading as the sentences."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.utils import translation
from django.utils.formats import date_format, localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from codes.forecast.outlook import Act, CheckIn, Review, TellEnd, Wait
from codes.forecast.sentences import act_sentence
from codes.review.appeals.policy import INSTEAD
from codes.vocabulary import Because, State
from portal.citizen.code.no_colour import AS_SOON_AS_DELIVERED, AS_SOON_AS_WORKED_OUT, waits_without_colour
from portal.citizen.code.reading import NoColour, Reading
from portal.citizen.subject import SubjectRequest, subject_url
from portal.templatetags.page import titled
from portal.web.host import required_city
from regions.vocabulary import FactKind

HOTLINE = "12345"


@dataclass(frozen=True)
class Step:
    """A sentence and the address where the step is done. ``posts`` names a button that does it with one tap.

    ``short`` is the wording in the page's headline.
    """

    text: str
    link: str = ""
    label: str = ""
    posts: str = ""
    short: str = ""
    is_done: bool = False


def steps(reading: Reading, request: SubjectRequest) -> list[Step]:
    """Return the steps: first an official's question, then what the forecast requires."""
    asked = _question(reading, request)
    if reading.no_colour:
        return [*asked, *_meanwhile(reading, request), *_without_a_colour(reading, request)]
    if reading.expired and reading.state is not State.GREEN:
        return [*asked, *_meanwhile(reading, request), Step(str(AS_SOON_AS_WORKED_OUT)), *_call(request)]
    acts = reading.outlook.acts if reading.outlook else []
    others = [(act, _step(act, reading, request)) for act in acts if not isinstance(act, CheckIn)]
    found = [*asked, *_check_ins(reading, request), *(step for _act, step in others), *_sooner(reading)]
    if reading.ruling and reading.state is State.GREEN:
        # What is missing below the ruling: without it, the colour of the records comes back.
        missing = [step for act, step in others if step.link or not isinstance(act, Wait | Review)]
        return [*asked, *_check_ins(reading, request), *missing]
    if reading.state is State.GREEN:
        # A green citizen need not be told of records that end by themselves.
        return [step for step in found if step.link or step.is_done]
    if not any(isinstance(act, TellEnd) and act.declared_with for act in acts):
        found += _declarations(reading, request)
    if reading.because is Because.HELD:
        found += _while_held(reading, request)
    found += _instead_of_an_appeal(reading, request)
    if not found:
        found.append(Step(_("It changes by itself on the day named above.")))
    return found


def _question(reading: Reading, request: SubjectRequest) -> list[Step]:
    asked = reading.question
    if asked is None:
        return []
    text = _("An official asks for information; the review waits for the answer.")
    link = subject_url(request, "citizen_case", number=asked.case.number)
    return [Step(text, link, _("Answer the question"), short=_("answer the question"))]


def _step(act: Act, reading: Reading, request: SubjectRequest) -> Step:
    appeal = subject_url(request, "citizen_appeal")
    match act:
        case TellEnd(declared_with=None):
            return Step(_act_text(act, reading), appeal, _("Appeal"), short=_("say when the stay ended"))
        case TellEnd():
            link = subject_url(request, "citizen_declare")
            return Step(_act_text(act, reading), link, _("Declare again"), short=_("say when the stay ended"))
        case Review() if reading.may_appeal:
            return Step(_act_text(act, reading), appeal, _("Appeal"))
        case Review():
            return Step(_("Only a manual review can end it."))
    return Step(_act_text(act, reading))


def _check_ins(reading: Reading, request: SubjectRequest) -> list[Step]:
    """Return one step for all providers that count check-ins. It is done for today once each of them has one."""
    wanted = [act for act in (reading.outlook.acts if reading.outlook else []) if isinstance(act, CheckIn)]
    if not wanted:
        return []
    counting = {act.provider for act in wanted}
    text = _space().join([*_alike(wanted, reading), *_late_days(counting, reading)])
    return [_check_in(text, counting, reading, request)]


def _alike(wanted: Collection[CheckIn], reading: Reading) -> list[str]:
    """Return one sentence per day up to which providers count check-ins."""
    titles = {side.provider.code: titled(side.provider) for side in reading.sides}
    until: dict[date | None, list[str]] = {}
    for act in wanted:
        until.setdefault(act.last_day, []).append(titles[act.provider])
    language, comma = translation.get_language(), pgettext("between items of a list", ", ")
    return [
        act_sentence(CheckIn("", day), language=language, title_of={"": comma.join(own)}.__getitem__)
        for day, own in until.items()
    ]


def _meanwhile(reading: Reading, request: SubjectRequest) -> list[Step]:
    """Return the check-in step while no result is valid.

    Nothing can be forecast then, but a day without a check-in would be missing later.
    """
    counting = {
        side.provider.code
        for side in reading.sides
        if any(one.rule.checkin_days and one.rule.hold_days is not None for one in side.records)
    }
    text = _("Check-ins count in the meantime, too: check in healthy every day.")
    if counting:
        return [_check_in(text, counting, reading, request)]
    # The records of a colour that is no longer valid are not read, only the colour itself.
    was_held = any(side.was is State.YELLOW for side in reading.sides)
    return [Step(text, subject_url(request, "citizen_check_in"), _("Check in"))] if was_held else []


def _check_in(text: str, counting: Collection[str], reading: Reading, request: SubjectRequest) -> Step:
    if all(side.is_checked_in for side in reading.sides if side.provider.code in counting):
        done = _("Today's health check-in is done.")
        return Step(done + _space() + text, short=pgettext("in a list of today's acts", "checked in"), is_done=True)
    link = subject_url(request, "citizen_check_in")
    return Step(text, link, _("Well today: check in"), posts="check_in", short=_("check in"))


def _sooner(reading: Reading) -> list[Step]:
    """Return the records that would end all holding records at once, before their day.

    A record that would end only some of them does not change the colour.
    """
    records = reading.records
    if reading.ruling or not records or any(one.until is None for one in records):
        return []
    kinds = [kind for kind in records[0].rule.cleared_by if all(kind in one.rule.cleared_by for one in records)]
    if not kinds:
        return []
    day = date_format(max(one.anchor for one in records), "MONTH_DAY_FORMAT")
    either = pgettext("between alternatives", ", or ")
    labels = [
        _("%(kind)s (taken after %(day)s)") % {"kind": FactKind(kind).label, "day": day}
        if kind == FactKind.NEGATIVE_TEST
        else str(FactKind(kind).label)
        for kind in kinds
    ]
    return [Step(_("It ends earlier once this is on record: %(kinds)s.") % {"kinds": either.join(labels)})]


def _late_days(providers: Collection[str], reading: Reading) -> list[str]:
    """Explain to a citizen who checked in too late why these days are not counted."""
    days = max((side.late_days for side in reading.sides if side.provider.code in providers), default=0)
    if not days:
        return []
    text = ngettext(
        "%(n)s check-in was made later than the day after and is not counted.",
        "%(n)s check-ins were made later than the day after and are not counted.",
        days,
    )
    return [text % {"n": localize(days)}]


def _act_text(act: Act, reading: Reading) -> str:
    titles = {side.provider.code: titled(side.provider) for side in reading.sides}
    return act_sentence(act, language=translation.get_language(), title_of=lambda code: titles.get(code, code))


def _declarations(reading: Reading, request: SubjectRequest) -> list[Step]:
    """Offer to declare again, unless a new declaration is waiting to be counted."""
    if reading.entered or not any(one.is_declared for one in reading.records):
        return []
    text = _("This was declared, not recorded by an office. If it was a slip or is over, declare again.")
    return [Step(text, subject_url(request, "citizen_declare"), _("Declare again"))]


def _without_a_colour(reading: Reading, request: SubjectRequest) -> list[Step]:
    if NoColour.NOT_APPLIED in reading.no_colour:
        text = _("There is no code yet. The first declaration applies for one.")
        return [Step(text, subject_url(request, "citizen_declare"), _("Apply for a code"), short=_("apply for a code"))]
    waits = [Step(text) for text in waits_without_colour(reading)]
    card = _("Until then the identity card is enough; nobody may be turned away only because no colour is shown.")
    return [*waits, Step(card), *_call(request)]


def _while_held(reading: Reading, request: SubjectRequest) -> list[Step]:
    """Return the steps while the source is silent. A held colour ends by a delivery or by a ruling of two officials."""
    waiting = [Step(str(AS_SOON_AS_DELIVERED))]
    if not reading.may_appeal:
        return waiting
    wrong = _("Is the record wrong? Appeal: two officials can decide without waiting for the data source.")
    return [*waiting, Step(wrong, subject_url(request, "citizen_appeal"), _("Appeal"))]


def _instead_of_an_appeal(reading: Reading, request: SubjectRequest) -> list[Step]:
    """If none of the records can be appealed against, return which office decides and its phone number."""
    records = [one for one in reading.records if one.colour == reading.state.value]
    if not records or any(one.may_appeal for one in records):
        return []
    ways = dict.fromkeys(str(INSTEAD[FactKind(one.fact.kind)].label) for one in records if one.fact.kind in INSTEAD)
    return [*(Step(way) for way in ways), *_call(request)]


def _call(request: SubjectRequest) -> list[Step]:
    """Return the hotline, for cases in which the page cannot help further."""
    number = required_city(request).hotline or HOTLINE
    return [Step(_("Somebody is there to help."), f"tel:{number}", _("Call %(number)s") % {"number": number})]


def _space() -> str:
    """Return the separator of two sentences, which is empty in Chinese."""
    return "" if translation.get_language().startswith("zh") else " "
