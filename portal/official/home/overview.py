"""What waits for a member of staff when they come in: counts that lead to the work."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.display.items import OWNERS
from codes.models import (
    Alarm,
    Case,
    CityCorrection,
    DisplayItem,
    Guardianship,
    HeldGroup,
    IdentifiedExport,
    NoteMention,
    Ruling,
    Run,
    SecondLook,
    Suppression,
)
from codes.models.case import overdue
from codes.reports.request import MAY_IDENTIFY
from codes.review.cases.queue import UNASSIGNED
from codes.sentinel.alarms import READERS
from regions.staff.models import StaffChange
from regions.staff.roles import CASE_WORK, Role

HELD_WORK = CASE_WORK | {Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR}
RUN_WORK = frozenset({Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.SYSTEM_ADMIN, *CASE_WORK, Role.AUDITOR})


@dataclass(frozen=True)
class Waiting:
    """A count and where it leads; ``presses`` marks what is urgent."""

    title: str | Promise
    count: int
    address: str
    presses: bool = False


def waiting_for(username: str, roles: frozenset[Role], *, now: datetime) -> list[Waiting]:
    """What waits for somebody with these roles, the most urgent first."""
    found: list[Waiting] = []
    if roles.intersection(READERS) and (alarms := Alarm.objects.standing().count()):
        found.append(
            Waiting(_("Alarms that nobody has acknowledged"), alarms, reverse("official_alarms"), presses=True)
        )
    if roles & HELD_WORK and (held := HeldGroup.objects.waiting().count()):
        found.append(
            Waiting(_("Mass changes held: answer within the hour"), held, reverse("official_held_groups"), presses=True)
        )
    if roles.intersection(OWNERS) and (wrong := DisplayItem.objects.filter(state=DisplayItem.State.OPEN).count()):
        found.append(Waiting(_("Wrong colours that providers display"), wrong, reverse("official_displays")))
    if roles & CASE_WORK:
        found += _cases(username, roles, now)
    if roles & CASE_WORK and (late := CityCorrection.objects.late().count()):
        title = _("Corrections that another city has not answered in time")
        found.append(Waiting(title, late, reverse("official_corrections"), presses=True))
    if roles & CASE_WORK and (notes := NoteMention.objects.filter(username=username, opened_at=None).count()):
        found.append(Waiting(_("Notes of colleagues to you"), notes, reverse("official_mentions")))
    if Role.APPROVER in roles:
        found += _proposals(username)
    if Role.REVIEWER in roles:
        found += _second_looks(username)
        guardians = Guardianship.objects.filter(reviewed_at__isnull=True, ended_at__isnull=True).count()
        found.append(Waiting(_("Guardians to answer"), guardians, reverse("official_guardians")))
    if Role.SECURITY_ADMIN in roles:
        changes = StaffChange.objects.waiting().filter(expires_at__gt=now)
        others = changes.exclude(proposed_by=username).exclude(username=username).count()
        found.append(Waiting(_("Changes of staff to confirm"), others, reverse("official_staff")))
    if roles & MAY_IDENTIFY:
        asked = IdentifiedExport.objects.waiting().exclude(proposed_by=username).count()
        found.append(Waiting(_("Exports with full names to confirm"), asked, reverse("auditor_identified_exports")))
    return found


def newest_runs(roles: frozenset[Role]) -> Sequence[Run]:
    return list(Run.objects.order_by("-pk")[:3]) if roles & RUN_WORK else []


def _cases(username: str, roles: frozenset[Role], now: datetime) -> list[Waiting]:
    counts = Case.objects.open().aggregate(
        mine=Count("pk", filter=Q(assigned_to=username)),
        free=Count("pk", filter=Q(assigned_to="")),
        late=Count("pk", filter=overdue(now)),
        escalated=Count("pk", filter=Q(escalated_at__isnull=False)),
    )
    queue = reverse("official_queue")
    late = Waiting(_("Overdue cases"), counts["late"], f"{queue}?overdue=1", counts["late"] > 0)
    escalated = Waiting(_("Escalated cases"), counts["escalated"], f"{queue}?escalated=1", counts["escalated"] > 0)
    free = Waiting(_("Unassigned cases"), counts["free"], f"{queue}?assignee={UNASSIGNED}")
    if Role.REVIEWER not in roles:
        return [escalated, late, free]
    return [Waiting(_("Your cases"), counts["mine"], f"{queue}?assignee={username}"), late, escalated, free]


def _second_looks(username: str) -> list[Waiting]:
    looks, address = SecondLook.objects, reverse("official_second_looks")
    counts = _count(waiting=looks.waiting_for(username), overturned=looks.overturning(username))
    found = [Waiting(_("Second looks at what a colleague closed"), counts["waiting"], address)]
    if overturned := counts["overturned"]:
        found.append(Waiting(_("Cases that you closed and a second look opened again"), overturned, address))
    return found


def _proposals(username: str) -> list[Waiting]:
    rulings = Ruling.objects.waiting().exclude(proposed_by=username)
    records = Suppression.objects.waiting().filter(bulk_suppression=None).exclude(proposed_by=username)
    counts = _count(rulings=rulings, records=records)
    approvals = reverse("official_approvals")
    return [
        Waiting(_("Proposed colours to approve"), counts["rulings"], approvals),
        Waiting(_("Records proposed to be wrong"), counts["records"], f"{approvals}?kind=records"),
    ]


def _count(**waiting: QuerySet[Any]) -> Counter[str]:
    """How many each has, by one query."""
    counted = [rows.order_by().values_list(Value(name)).annotate(Count("pk")) for name, rows in waiting.items()]
    return Counter(dict(counted[0].union(*counted[1:], all=True)))
