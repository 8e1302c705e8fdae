"""Find the cases behind a number of the report ``work``, by the same conditions as the statements that counted them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Func, Min, OuterRef, Q, QuerySet, Subquery, TextChoices, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from codes.models import Case, PairDiagnosis, Ruling
from codes.models.case import DECIDED_STATES, CaseQuerySet
from codes.reports.request import AREA, bounds
from codes.reports.work import TITLES, Period
from codes.vocabulary import Cause
from regions.staff.models import Account
from regions.tenancy import current_city


class Counted(TextChoices):
    """What is counted, by the name of the column."""

    OPENED = "opened", TITLES["opened"]
    DECIDED = "decided", TITLES["decided"]
    IN_TIME = "in_time", TITLES["in_time"]
    ENDED_BY_ITSELF = "ended_by_itself", TITLES["ended_by_itself"]
    RETURNED = "returned", TITLES["returned"]
    APPROVED = "approved", TITLES["approved"]
    SENT_BACK = "sent_back", TITLES["sent_back"]
    OPEN_NOW = "open_now", TITLES["open_now"]
    OVERDUE_NOW = "overdue_now", TITLES["overdue_now"]


@dataclass(frozen=True)
class Number:
    """A number of the report: what is counted, in which period, and for which person, office, origin or place.

    ``office`` is ``None`` if the number is not that of an office; an empty string means the people without one. A number of a
    place is about the cases opened in the period and their present state.
    """

    what: Counted
    period: Period
    person: str = ""
    office: str | None = None
    origin: str = ""
    place: str = ""


def cases_of(number: Number, *, now: datetime) -> CaseQuerySet:
    """Return the cases behind the number; for a number of proposals, the cases that they are about."""
    span = bounds(number.period.first, number.period.last, zone=current_city().zone)
    begins, ends = span["from"], span["until"]
    usernames = _usernames(number)
    if number.what in RULINGS:
        column, states = RULINGS[number.what]
        rulings = Ruling.objects.filter(case=OuterRef("pk"), decided_at__gte=begins, decided_at__lt=ends).filter(states)
        if usernames is not None:
            rulings = rulings.filter(**{f"{column}__in": usernames})
        return Case.objects.filter(Exists(rulings))
    cases = Case.objects.all()
    if number.place:
        opened = cases.filter(opened_at__gte=begins, opened_at__lt=ends)
        return _of_place(number.place, number.what, opened, now=now)
    match number.what:
        case Counted.OPENED:
            cases = cases.filter(opened_at__gte=begins, opened_at__lt=ends)
        case Counted.OPEN_NOW:
            cases = cases.open()
        case Counted.OVERDUE_NOW:
            cases = cases.open().overdue(now)
        case _:
            cases = cases.filter(closed_at__gte=begins, closed_at__lt=ends).filter(CLOSED[number.what])
    if usernames is not None:
        cases = cases.annotate(
            who=Coalesce(NullIf("assigned_to", Value("")), "ruling__proposed_by", output_field=TextField())
        ).filter(who__in=usernames)
    return _of_origin(cases, number.origin) if number.origin else cases


def _of_place(place: str, what: Counted, opened: CaseQuerySet, *, now: datetime) -> CaseQuerySet:
    """Return those of the opened cases whose record is about the place, selected by their present state."""
    pairs = PairDiagnosis.objects.filter(disagreement=OuterRef("disagreement")).values("disagreement")
    of_record = Subquery(pairs.annotate(area=Min(AreaOfRecord("root_cause"))).values("area"))
    cases = opened.annotate(area=Coalesce("appeal__fact__area", of_record, output_field=TextField())).filter(area=place)
    match what:
        case Counted.OPENED:
            return cases
        case Counted.OPEN_NOW:
            return cases.open()
        case Counted.OVERDUE_NOW:
            return cases.open().overdue(now)
        case _:
            return cases.filter(CLOSED[what])


class AreaOfRecord(Func):
    template = AREA.format(cause="%(expressions)s")
    output_field = TextField()


HAS_DECISION = Q(state__in=DECIDED_STATES)
CLOSED = {
    Counted.DECIDED: HAS_DECISION,
    Counted.IN_TIME: HAS_DECISION & Q(closed_at__lte=F("due_at")),
    Counted.ENDED_BY_ITSELF: ~HAS_DECISION,
}
RULINGS: dict[Counted, tuple[str, Q]] = {
    Counted.RETURNED: ("proposed_by", Q(state=Ruling.State.REFUSED)),
    Counted.APPROVED: ("decided_by", ~Q(state=Ruling.State.REFUSED)),
    Counted.SENT_BACK: ("decided_by", Q(state=Ruling.State.REFUSED)),
}


def _usernames(number: Number) -> list[str] | QuerySet[Account, Any] | None:
    if number.person:
        return [number.person]
    if number.office is not None:
        return Account.objects.filter(office=number.office).values("username")
    return None


def _of_origin(cases: CaseQuerySet, origin: str) -> CaseQuerySet:
    """Select the cases by origin. A disagreement counts under the first of its causes; other cases by their kind."""
    if origin not in set(Cause):
        return cases.filter(kind=origin, disagreement=None)
    order = list(Cause)
    pairs = PairDiagnosis.objects.filter(disagreement=OuterRef("disagreement"))
    earlier = [cause.value for cause in order[: order.index(Cause(origin))]]
    return cases.filter(Exists(pairs.filter(primary_cause=origin)), ~Exists(pairs.filter(primary_cause__in=earlier)))
