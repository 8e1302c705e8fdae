"""The queue of open cases: filters, and groups by common cause."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q

from codes.models import Appeal, Case, PairDiagnosis
from codes.models.case import CaseQuerySet

LARGEST = 50
UNASSIGNED = "-"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the queue is narrowed to; an empty field does not narrow.

    ``assignee``: a user name, or ``-`` for nobody's. ``group``: a ``group_key``. ``cause``: the primary cause of a pair.
    ``provider``: a provider's code among the disagreeing pairs or the appeal's.
    """

    kind: str = ""
    state: str = ""
    severity: str = ""
    assignee: str = ""
    group: str = ""
    cause: str = ""
    provider: str = ""
    overdue: bool = False
    escalated: bool = False
    number: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields that narrow, for the journal and for links."""
        return {name: value for name, value in asdict(self).items() if value}


class Group(NamedTuple):
    key: str
    cases: int
    earliest_due: datetime


def open_cases(chosen: CaseFilter, *, now: datetime) -> CaseQuerySet:
    exact = {"kind": chosen.kind, "state": chosen.state, "severity": chosen.severity, "group_key": chosen.group}
    cases = Case.objects.open().filter(**{name: value for name, value in exact.items() if value})
    if chosen.assignee:
        cases = cases.filter(assigned_to="" if chosen.assignee == UNASSIGNED else chosen.assignee)
    pairs = PairDiagnosis.objects.filter(disagreement=OuterRef("disagreement"))
    if chosen.cause:
        cases = cases.filter(Exists(pairs.filter(primary_cause=chosen.cause)))
    if chosen.provider:
        one_of_pair = Exists(pairs.filter(Q(a__code=chosen.provider) | Q(b__code=chosen.provider)))
        appealed = Exists(Appeal.objects.filter(case=OuterRef("pk"), provider__code=chosen.provider))
        cases = cases.filter(one_of_pair | appealed)
    if chosen.overdue:
        cases = cases.overdue(now)
    if chosen.escalated:
        cases = cases.filter(escalated_at__isnull=False)
    if chosen.number:
        cases = cases.filter(number=chosen.number.strip().upper())
    return cases


def groups_of(chosen: CaseFilter, *, now: datetime, size: int = LARGEST) -> list[Group]:
    grouped = (
        open_cases(chosen, now=now)
        .exclude(group_key="")
        .values("group_key")
        .annotate(cases=Count("pk"), earliest_due=Min("due_at"))
        .order_by("-cases", "group_key")
    )
    return [Group(row["group_key"], row["cases"], row["earliest_due"]) for row in grouped[:size]]


def count_of(chosen: CaseFilter, *, now: datetime) -> int:
    """How many open cases the filter holds: what a bulk action says before it is done."""
    return open_cases(chosen, now=now).values("pk").count()
