"""What waits for a member of staff: counts with links to the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.display.items import OWNERS
from codes.intake.provider_keys import keys_ending
from codes.models import (
    Alarm,
    Case,
    CityCorrection,
    DisplayItem,
    GateDevice,
    Guardianship,
    HeldGroup,
    IdentifiedExport,
    NoteMention,
    RuleSetDraft,
    Run,
    SecondLook,
)
from codes.models.case import overdue
from codes.reports.request import MAY_IDENTIFY
from codes.review.cases.queue import UNASSIGNED
from codes.review.proposals.whose_record import naming_somebody_else
from codes.sentinel.alarms import READERS
from portal.official.approvals.inbox import count_kinds, waiting_for_another
from regions.actors import OPERATOR_PREFIX
from regions.sources.models import Source
from regions.staff.models import StaffChange
from regions.staff.roles import CASE_WORK, Role

HELD_WORK = CASE_WORK | {Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR}
RUN_WORK = frozenset({Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.SYSTEM_ADMIN, *CASE_WORK, Role.AUDITOR})
# Kinds that are left out when their count is 0.
SELDOM = frozenset({"overturned", "ends", "moved", "settings", "held", "sent_drafts", "keys", "gates"})


@dataclass(frozen=True)
class Waiting:
    """A count and the address it links to. ``presses`` marks it as urgent."""

    title: str | Promise
    count: int
    address: str
    presses: bool = False


def waiting_for(username: str, roles: frozenset[Role], *, now: datetime) -> list[Waiting]:
    """Return what waits for somebody with these roles, the most urgent first.

    It takes one query for cases and one for all other counts.
    """
    asked = _asked(username, roles, now=now)
    counted = count_kinds(asked)
    counts = {name: counted[name] for name, _rows in asked}
    wrong, late, notes = (counts.get(name, 0) for name in ("wrong", "late", "notes"))
    corrections = Waiting(
        _("Corrections that another city has not answered in time"), late, reverse("official_corrections"), presses=True
    )
    return [
        *_held(counts),
        *([Waiting(_("Wrong colours that providers display"), wrong, reverse("official_displays"))] if wrong else []),
        *(_cases(username, roles, now) if roles & CASE_WORK else []),
        *([corrections] if late else []),
        *([Waiting(_("Notes of colleagues to you"), notes, reverse("official_mentions"))] if notes else []),
        *_to_decide(counts),
    ]


def _asked(username: str, roles: frozenset[Role], *, now: datetime) -> list[tuple[str, QuerySet[Any]]]:
    """Return the querysets to count for these roles. A kind that is absent is not the work of these roles."""
    asked: dict[str, QuerySet[Any]] = {}
    if roles.intersection(READERS):
        asked["alarms"] = Alarm.objects.standing()
    if roles & HELD_WORK:
        asked["held_groups"] = HeldGroup.objects.waiting()
    if roles.intersection(OWNERS):
        asked["wrong"] = DisplayItem.objects.filter(state=DisplayItem.State.OPEN)
    if Role.SOURCE_MANAGER in roles:
        asked["silent"] = Source.objects.silent(at=now)
    if roles & CASE_WORK:
        asked["late"] = CityCorrection.objects.late()
        asked["notes"] = NoteMention.objects.filter(username=username, opened_at=None)
    if Role.RULE_MANAGER in roles:
        sent = RuleSetDraft.objects.filter(created_by__startswith=OPERATOR_PREFIX)
        asked["sent_drafts"] = sent.filter(state=RuleSetDraft.State.EDITING)
    if Role.SYSTEM_ADMIN in roles:
        asked["keys"] = keys_ending(now=now)
        asked["gates"] = GateDevice.objects.waiting().filter(expires_at__gt=now).exclude(proposed_by=username)
    if Role.REVIEWER in roles:
        asked["second_looks"] = SecondLook.objects.waiting_for(username)
        asked["overturned"] = SecondLook.objects.overturning(username)
        asked["guardians"] = Guardianship.objects.filter(reviewed_at__isnull=True, ended_at__isnull=True)
    if Role.SECURITY_ADMIN in roles:
        changes = StaffChange.objects.waiting().filter(expires_at__gt=now)
        asked["staff"] = changes.exclude(proposed_by=username).exclude(username=username)
    if roles & MAY_IDENTIFY:
        asked["exports"] = IdentifiedExport.objects.waiting().exclude(proposed_by=username)
    if Role.APPROVER in roles:
        asked["moved"] = naming_somebody_else(now=now)
    return [*asked.items(), *(waiting_for_another(username) if Role.APPROVER in roles else [])]


def _held(counts: Mapping[str, int]) -> list[Waiting]:
    found = [
        Waiting(
            _("Alarms that nobody has acknowledged"), counts.get("alarms", 0), reverse("official_alarms"), presses=True
        ),
        Waiting(
            _("Mass changes held: answer within the hour"),
            counts.get("held_groups", 0),
            reverse("official_held_groups"),
            presses=True,
        ),
        Waiting(
            _("Data sources by which nobody can be judged"),
            counts.get("silent", 0),
            reverse("official_sources"),
            presses=True,
        ),
    ]
    return [one for one in found if one.count]


def _to_decide(counts: Mapping[str, int]) -> list[Waiting]:
    """Return the decisions that wait. Those that are frequent are shown also with a count of 0."""
    approvals, looks = reverse("official_approvals"), reverse("official_second_looks")
    titles: dict[str, tuple[str | Promise, str]] = {
        "rulings": (_("Proposed colours to approve"), approvals),
        "records": (_("Records proposed to be wrong"), f"{approvals}?kind=records"),
        "ends": (_("Early ends to approve"), f"{approvals}?kind=ends"),
        "moved": (_("Wrong records that now name somebody else"), f"{approvals}?kind=ends"),
        "settings": (_("Sources, rules and webhooks to approve"), f"{approvals}?kind=settings"),
        "held": (_("Answers to mass changes to approve"), f"{approvals}?kind=held"),
        "sent_drafts": (_("Drafts of rules by a risk list of the province"), reverse("official_rule_sets")),
        "keys": (_("Provider keys that end within 30 days"), reverse("official_keys")),
        "gates": (_("Gate devices to confirm"), reverse("official_gates")),
        "second_looks": (_("Second looks at what a colleague closed"), looks),
        "overturned": (_("Cases that you closed and a second look opened again"), looks),
        "guardians": (_("Guardians to answer"), reverse("official_guardians")),
        "staff": (_("Changes of staff to confirm"), reverse("official_staff")),
        "exports": (_("Exports with full names to confirm"), reverse("auditor_identified_exports")),
    }
    found = [
        (name, Waiting(title, counts[name], address)) for name, (title, address) in titles.items() if name in counts
    ]
    return [one for name, one in found if one.count or name not in SELDOM]


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
