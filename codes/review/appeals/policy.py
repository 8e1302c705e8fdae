"""What can be appealed against, for which reasons and with which evidence, and what to do instead if an appeal changes nothing.

Confirmed cases and contacts are held by a medical finding, which a review of the code cannot lift
(``docs/adr/0008-review-choices.md``).
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen, Disagreement, Fact, Rule, Verdict
from codes.review.errors import Reason
from regions.refusals import CommonReason, Refused
from regions.vocabulary import FactKind


class AppealReason(TextChoices):
    NOT_ME = "not_me", _("The record is about somebody else")
    NAMES_DIFFER = "names_differ", _("It was recorded under another name")
    NOT_THERE = "not_there", _("Not there at the time")
    WRONG_DATES = "wrong_dates", _("The dates are wrong")
    TESTED_NEGATIVE = "tested_negative", _("Tested negative since")
    ISOLATION_DONE = "isolation_done", _("The isolation is completed")
    DECLARED_BY_MISTAKE = "declared_by_mistake", _("Declared by mistake")
    STATEMENT_TRUE = "statement_true", _("What was declared is true")
    PROVIDERS_DIFFER = "providers_differ", _("The two providers show different colours")
    OTHER = "other", _("Another reason")


@dataclass(frozen=True, slots=True)
class Asked:
    """The evidence that a reason needs: at least ``files`` files, and the day of a test.

    ``label`` describes it on the upload page.
    """

    files: int
    test_day: bool
    text: bool
    label: Promise


EVIDENCE_FOR: dict[AppealReason, Asked] = {
    AppealReason.NOT_ME: Asked(
        1, False, False, _("a photo of the identity document; all but the number may be covered")
    ),
    AppealReason.NAMES_DIFFER: Asked(
        1, False, False, _("a photo of the identity document that shows the name; the number may be covered")
    ),
    AppealReason.NOT_THERE: Asked(
        1, False, False, _("proof of where you were: a ticket, time sheet or employer's letter")
    ),
    AppealReason.WRONG_DATES: Asked(1, False, False, _("a ticket or certificate with the right dates")),
    AppealReason.TESTED_NEGATIVE: Asked(1, True, False, _("the report of a test on a day after the day of the record")),
    AppealReason.ISOLATION_DONE: Asked(1, False, False, _("the certificate that your isolation has ended")),
    AppealReason.DECLARED_BY_MISTAKE: Asked(0, False, False, _("nothing; declaring again is usually quicker")),
    AppealReason.STATEMENT_TRUE: Asked(1, False, False, _("whatever shows that what you declared is true")),
    AppealReason.PROVIDERS_DIFFER: Asked(0, False, False, _("nothing: we compare the two records")),
    AppealReason.OTHER: Asked(0, False, True, _("please explain in words")),
}

_K = FactKind
_PLACE = frozenset({_K.AREA_STAY, _K.SPACETIME_OVERLAP, _K.CO_TRAVELLER, _K.ARRIVAL, _K.OVERSEAS_ARRIVAL})
_DECLARED = frozenset({_K.SYMPTOM, _K.CONTACT_WITH_CASE, _K.UNSURE_CONTACT})
_MEDICAL = frozenset({_K.CONFIRMED_CASE, _K.ASYMPTOMATIC_CASE, _K.SUSPECTED_CASE, _K.POSITIVE_TEST})
_CONTACTS = frozenset({_K.CLOSE_CONTACT, _K.SECONDARY_CONTACT})

NO_APPEAL = _MEDICAL | _CONTACTS
APPEALABLE = _PLACE | _DECLARED | {_K.FALSE_DECLARATION}

FITS: dict[AppealReason, frozenset[FactKind]] = {
    AppealReason.NOT_ME: APPEALABLE,
    AppealReason.NAMES_DIFFER: APPEALABLE,
    AppealReason.NOT_THERE: _PLACE,
    AppealReason.WRONG_DATES: _PLACE,
    AppealReason.TESTED_NEGATIVE: _DECLARED | {_K.AREA_STAY, _K.SPACETIME_OVERLAP, _K.CO_TRAVELLER},
    AppealReason.ISOLATION_DONE: _PLACE - {_K.SPACETIME_OVERLAP},
    AppealReason.DECLARED_BY_MISTAKE: _DECLARED | {_K.AREA_STAY, _K.ARRIVAL, _K.OVERSEAS_ARRIVAL},
    AppealReason.STATEMENT_TRUE: frozenset({_K.FALSE_DECLARATION}),
    AppealReason.PROVIDERS_DIFFER: APPEALABLE,
    AppealReason.OTHER: APPEALABLE,
}


class Instead(TextChoices):
    """What a person can do if an appeal would not help, or if something else helps sooner."""

    ASK_HOSPITAL = (
        "ask_hospital",
        _(
            "This code follows a medical finding, which no appeal changes. If it is wrong or somebody else's, ask the hospital or 12345."
        ),
    )
    WAIT_FOR_EXCLUSION = (
        "wait_for_exclusion",
        _("It changes by itself once a case has been excluded. Ask the hospital how far they are."),
    )
    TEST_AGAIN = (
        "test_again",
        _("A positive test is checked by those who tested. Ask them to test again; the result arrives by itself."),
    )
    ASK_ASSIGNING_PLACE = (
        "ask_assigning_place",
        _(
            "The disease control office that traced the contact decides. Complete the set period; if it is wrong, ask that office or 12345."
        ),
    )
    DECLARE_AGAIN = (
        "declare_again",
        _("This comes from what was declared. Declaring again puts a mistake right, sooner than an appeal."),
    )
    FOLLOW_PROGRESS = (
        "follow_progress",
        _("The page of the code says when it turns green and what that takes. If the record is wrong, appeal."),
    )


INSTEAD: dict[FactKind, Instead] = {
    _K.CONFIRMED_CASE: Instead.ASK_HOSPITAL,
    _K.ASYMPTOMATIC_CASE: Instead.ASK_HOSPITAL,
    _K.SUSPECTED_CASE: Instead.WAIT_FOR_EXCLUSION,
    _K.POSITIVE_TEST: Instead.TEST_AGAIN,
    _K.CLOSE_CONTACT: Instead.ASK_ASSIGNING_PLACE,
    _K.SECONDARY_CONTACT: Instead.ASK_ASSIGNING_PLACE,
    _K.CO_TRAVELLER: Instead.FOLLOW_PROGRESS,
    _K.SPACETIME_OVERLAP: Instead.FOLLOW_PROGRESS,
    _K.AREA_STAY: Instead.FOLLOW_PROGRESS,
    _K.OVERSEAS_ARRIVAL: Instead.FOLLOW_PROGRESS,
    _K.ARRIVAL: Instead.FOLLOW_PROGRESS,
    _K.SYMPTOM: Instead.DECLARE_AGAIN,
    _K.CONTACT_WITH_CASE: Instead.DECLARE_AGAIN,
    _K.UNSURE_CONTACT: Instead.DECLARE_AGAIN,
    _K.FALSE_DECLARATION: Instead.FOLLOW_PROGRESS,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The properties of a record, apart from its kind, that decide which reasons can apply to it.

    The defaults allow every reason that the kind allows.

    ``names_differ``: origins give the citizen clearly different names. ``providers_differ``: two providers show
    different colours. ``is_declared``: the citizen declared it. ``a_test_releases``, ``a_period_releases``: what
    releases a hit of the rule.
    """

    names_differ: bool = True
    providers_differ: bool = True
    is_declared: bool | None = None
    a_test_releases: bool = True
    a_period_releases: bool = True

    def allow(self, reason: AppealReason) -> bool:
        match reason:
            case AppealReason.NAMES_DIFFER:
                return self.names_differ
            case AppealReason.PROVIDERS_DIFFER:
                return self.providers_differ
            case AppealReason.NOT_THERE:
                return self.is_declared is not True
            case AppealReason.DECLARED_BY_MISTAKE:
                return self.is_declared is not False
            case AppealReason.TESTED_NEGATIVE:
                return self.a_test_releases
            case AppealReason.ISOLATION_DONE:
                return self.a_period_releases
            case _:
                return True


def reasons_for(kind: str, about: Circumstances | None = None) -> list[AppealReason]:
    """Return the reasons that fit a kind of fact and can apply to the record; an empty list if no appeal is possible."""
    about = about or Circumstances()
    return [reason for reason in AppealReason if kind in FITS[reason] and about.allow(reason)]


def check_kind(kind: str) -> None:
    """Check that a kind of fact can be appealed against, before anybody fills in a form.

    Raises ``Refused``, with what to do instead, for medical findings and contacts.
    """
    if kind in NO_APPEAL:
        raise Refused(Reason.CANNOT_APPEAL, instead=INSTEAD[FactKind(kind)])


def check_appeal(
    *,
    kind: str,
    reason_code: str,
    text: str,
    files: int,
    tested_on: date | None,
    anchor: date,
    today: date,
    about: Circumstances | None = None,
) -> None:
    """Check an appeal.

    ``anchor`` is the day from which the hit counts. Raises ``Refused`` with the first thing that is missing.
    """
    check_kind(kind)
    if reason_code not in set(AppealReason):
        raise Refused(Reason.UNKNOWN_REASON)
    reason = AppealReason(reason_code)
    if reason not in reasons_for(kind, about):
        raise Refused(Reason.REASON_DOES_NOT_FIT)
    asked = EVIDENCE_FOR[reason]
    if asked.text and not text:
        raise Refused(CommonReason.NO_REASON)
    if files < asked.files:
        raise Refused(Reason.FILES_MISSING)
    if asked.test_day and (tested_on is None or not anchor < tested_on <= today):
        raise Refused(Reason.TEST_DATE)


@dataclass(frozen=True, slots=True)
class Target:
    """A hit of the verdict with a provider.

    ``colour`` is the colour its rule gives, ``anchor`` the day from which it counts.
    """

    provider: str
    provider_id: int
    rule: str
    fact_id: int
    kind: str
    colour: str
    anchor: date
    about: Circumstances

    @property
    def may_appeal(self) -> bool:
        """Whether an appeal is possible: not against medical findings and contacts, nor against kinds that only the
        city itself writes.
        """
        return self.kind not in NO_APPEAL and bool(self.reasons)

    @property
    def reasons(self) -> list[AppealReason]:
        return reasons_for(self.kind, self.about)

    @property
    def instead(self) -> Instead | None:
        return INSTEAD.get(FactKind(self.kind))


def targets_of(citizen: Citizen) -> list[Target]:
    """Return every hit with every provider, ordered by provider and then by the verdict's order. Four queries."""
    verdicts = list(Verdict.objects.filter(citizen=citizen).select_related("provider").order_by("provider__code"))
    if not verdicts:
        return []
    hits = [hit for verdict in verdicts for hit in verdict.hits]
    rules = Rule.objects.in_bulk({hit["rule_id"] for hit in hits})
    facts = Fact.objects.in_bulk({hit["fact_id"] for hit in hits})
    differ = Disagreement.objects.filter(citizen=citizen, closed_run__isnull=True).exists()
    targets = []
    for verdict in verdicts:
        for hit in verdict.hits:
            rule, fact = rules[hit["rule_id"]], facts[hit["fact_id"]]
            targets.append(
                Target(
                    provider=verdict.provider.code,
                    provider_id=verdict.provider_id,
                    rule=rule.code,
                    fact_id=fact.pk,
                    kind=fact.kind,
                    colour=rule.colour,
                    anchor=date.fromisoformat(hit["anchor"]),
                    about=_circumstances(citizen, rule, fact, providers_differ=differ),
                )
            )
    return targets


def _circumstances(citizen: Citizen, rule: Rule, fact: Fact, *, providers_differ: bool) -> Circumstances:
    return Circumstances(
        names_differ=citizen.names_differ,
        providers_differ=providers_differ,
        is_declared=fact.origin == "provider",
        a_test_releases=rule.tests > 0 or FactKind.NEGATIVE_TEST in rule.cleared_by,
        a_period_releases=rule.hold_days is not None or FactKind.ISOLATION_COMPLETED in rule.cleared_by,
    )
