"""The queue of open cases: filters, and groups of cases with a common cause."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Min, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Appeal, Case, PairDiagnosis
from codes.models.case import CaseQuerySet
from codes.vocabulary import Cause

LARGEST = 50
UNASSIGNED = "-"


class CaseOrder(TextChoices):
    DUE = "due", _("Earliest due first")
    OLDEST = "oldest", _("Oldest first")
    NEWEST = "newest", _("Newest first")

    @property
    def columns(self) -> list[str]:
        """The columns to sort by. The last one is unique."""
        return {"due": ["due_at", "id"], "oldest": ["opened_at", "id"], "newest": ["-opened_at", "-id"]}[self.value]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """The filters of the queue; an empty field does not filter.

    ``assignee``: a user name, or ``-`` for cases without an assignee. ``group``: a ``group_key``. ``cause``: the
    primary cause of a pair. ``provider``: the code of a provider of the disagreeing pairs or of the appeal. ``order``
    does not filter.
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
    order: CaseOrder = CaseOrder.DUE

    def as_json(self) -> dict[str, Any]:
        """Return the fields that filter, for the journal and for links."""
        return {name: value for name, value in asdict(self).items() if value and name != "order"}


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


def causes_of(cases: Iterable[Case]) -> dict[int, list[Cause]]:
    """Return for each case the primary causes of its disagreement. Cases without a disagreement are left out."""
    cases = [case for case in cases if case.disagreement_id is not None]
    pairs = PairDiagnosis.objects.filter(disagreement__in=[case.disagreement_id for case in cases]).order_by("pk")
    found: dict[int, dict[Cause, None]] = {}
    for disagreement, cause in pairs.values_list("disagreement_id", "primary_cause"):
        found.setdefault(disagreement, {})[Cause(cause)] = None
    return {case.pk: list(found.get(case.disagreement_id or 0, ())) for case in cases}


def count_of(chosen: CaseFilter, *, now: datetime) -> int:
    """Return the number of open cases in the filter, which is shown before a bulk action is done."""
    return open_cases(chosen, now=now).values("pk").count()
