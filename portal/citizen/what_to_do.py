"""The fourth answer: what the citizen can do, today's step first."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from codes.models import Rule
from codes.vocabulary import State
from portal.citizen.my_code import Held, MyCode
from portal.citizen.subject import SubjectRequest, address
from regions.vocabulary import FactKind


@dataclass(frozen=True)
class Step:
    """A sentence, and where it is done; ``posts`` names the button that does it in one tap."""

    text: str
    link: str = ""
    label: str = ""
    posts: str = ""
    is_done: bool = False


def steps(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """In the order in which they help. Green needs none."""
    if mine.state is State.UNKNOWN:
        return _without_a_colour(mine, request)
    if mine.state is State.GREEN:
        return []
    found = [*_check_ins(mine, request), *_tests(mine), *_clearances(mine), *_declarations(mine, request)]
    if not found:
        found.append(Step(_("Nothing has to be done: the code changes by itself on the day named above.")))
    return found


def _check_ins(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """One step for all providers that still count days; none once there are enough."""
    counting = [(side, held) for side in mine.sides for held in side.held if _counts_days(held)]
    lacking = [
        (held.rule.checkin_days, had, side)
        for side, held in counting
        if (had := side.checked_in.longest_since(held.anchor, today=mine.today)) < held.rule.checkin_days
    ]
    if not lacking:
        return []
    wanted, had, _side = max(lacking, key=lambda one: one[0] - one[1])
    told = ngettext(
        "%(had)d day in a row so far, %(wanted)d are needed.",
        "%(had)d days in a row so far, %(wanted)d are needed.",
        had,
    ) % {"had": had, "wanted": wanted}
    if all(side.checked_in.has(mine.today) for _wanted, _had, side in lacking):
        return [Step(_("Today's health check-in is done.") + _space() + told, is_done=True)]
    text = _("Check in today, and every day until then.") + _space() + told
    return [Step(text, address(request, "citizen_check_in"), _("I am well: check in"), posts="check_in")]


def _counts_days(held: Held) -> bool:
    return held.rule.checkin_days > 0 and held.rule.hold_days is not None


def _tests(mine: MyCode) -> list[Step]:
    rules = [held.rule for side in mine.sides for held in side.held if held.rule.tests]
    if not rules:
        return []
    rule = max(rules, key=lambda one: (one.tests, one.test_gap_days))
    return [Step(_tests_sentence(rule))]


def _tests_sentence(rule: Rule) -> str:
    if rule.tests == 1:
        return _("Have a nucleic acid test; a negative result counts as soon as it is reported.")
    return _("Have %(tests)d nucleic acid tests, at least %(gap)d days apart; all must be negative.") % {
        "tests": rule.tests,
        "gap": rule.test_gap_days,
    }


def _clearances(mine: MyCode) -> list[Step]:
    """What only somebody else can report: said for the records that no day ends."""
    kinds = [kind for held in mine.held if held.until is None for kind in held.rule.cleared_by]
    if not kinds:
        return []
    language = translation.get_language()
    named = pgettext("between alternatives", ", or ").join(
        dict.fromkeys(FactKind(kind).said_in(language) for kind in kinds)
    )
    return [Step(_("It ends when the office in charge reports: %(kinds)s.") % {"kinds": named})]


def _declarations(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not any(held.is_declared for held in mine.held):
        return []
    text = _("You declared this yourself. If it was a slip or is over, declare again.")
    return [Step(text, address(request, "citizen_declare"), _("Declare again"))]


def _without_a_colour(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not mine.sides:
        text = _("You have no code yet. Your first declaration applies for one.")
        return [Step(text, address(request, "citizen_declare"), _("Apply for a code"))]
    return [
        Step(_("Wait: as soon as the data source is up to date, your colour is worked out again by itself.")),
        Step(_("Until then show your identity card; you may not be turned away only because no colour is shown.")),
    ]


def _space() -> str:
    """What stands between two sentences: nothing in Chinese."""
    return "" if translation.get_language().startswith("zh") else " "
