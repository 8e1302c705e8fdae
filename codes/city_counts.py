"""Aggregate counts of a city. They contain no personal data; they are computed in the city's schema and stored in ``public``."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, OuterRef

from codes.effective import count_effective_codes
from codes.models import (
    Alarm,
    Case,
    CityCorrection,
    ExportJob,
    HeldGroup,
    Message,
    Partition,
    Run,
    WebhookDelivery,
)
from codes.models.case import overdue
from codes.vocabulary import State
from regions.journal.heads import last_head
from regions.journal.models import Checkpoint, JournalEntry
from regions.models import CityStanding
from regions.sources.models import Batch, Source
from regions.tenancy import in_city


def update_city_counts(schema: str, *, now: datetime) -> CityStanding:
    """Compute and store the counts of a city. Call outside any city: a city's role may not write in ``public``."""
    with in_city(schema) as city:
        counted = {
            **_codes(now),
            **_last_run(),
            **_cases(now),
            "sources": _sources(),
            "held_groups": HeldGroup.objects.waiting().count(),
            "late_corrections": CityCorrection.objects.late().count(),
            "progress": progress(),
        }
    row, _ = CityStanding.objects.update_or_create(city=city, defaults={**counted, "read_at": now})
    return row


def progress() -> dict[str, Any]:
    """Return the progress of the current city's work, for those who operate the installation. Instants are ISO 8601 or ``None``."""
    settled, run = Run.objects.last_settled(), Run.objects.order_by("-pk").first()
    states = run.partitions.values_list("state").annotate(count=Count("pk")) if run else []
    counted = {str(state): count for state, count in states}
    signed = Checkpoint.objects.order_by("-seq").first()
    unsigned = JournalEntry.objects.filter(seq__gt=signed.seq if signed else 0).order_by("seq").first()
    proved = Run.objects.settled().filter(counts__has_key="proof").first()
    head = last_head()
    oldest = HeldGroup.objects.waiting().first()
    webhooks = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING)
    return {
        "settled_day": settled.day.isoformat() if settled else None,
        "settled_at": _iso(settled.ended_at if settled else None),
        # The number of people that disagreements are a share of, as in ``city_days``.
        "registered": settled.most_registered() if settled else None,
        "run_open_since": _iso(run.started_at if run and run.state in Run.OPEN else None),
        "partitions": {state.value: counted.get(state.value, 0) for state in Partition.State},
        "queues": {
            "webhooks": webhooks.count(),
            "messages": Message.objects.filter(state=Message.State.WAITING).count(),
            "exports": ExportJob.objects.filter(state__in=[ExportJob.WAITING, ExportJob.AT_WORK]).count(),
        },
        "webhooks_since": _iso(webhooks.aggregate(since=Min("made_at"))["since"]),
        "messages_troubled": Message.objects.filter(state__in=Message.TROUBLED).count(),
        "unforeseen": proved.counts["proof"]["unforeseen"] if proved else 0,
        "alarms": Alarm.objects.standing().count(),
        "held_since": _iso(oldest.held_at if oldest else None),
        "unsigned_since": _iso(unsigned.at if unsigned else None),
        "witnessed_at": _iso(head.signed_at if head else None),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _codes(now: datetime) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for code, people in count_effective_codes(now=now).items():
        counted[code.colour] += people
    return {
        "people": counted.total(),
        **{state.value: counted[state] for state in (State.RED, State.YELLOW, State.UNKNOWN)},
    }


def _last_run() -> dict[str, Any]:
    """Return the state of the newest run of the whole city, and the number of disagreements after the newest settled one."""
    newest = Run.objects.filter(history=False, amends=None).order_by("-pk").first()
    settled = Run.objects.last_settled()
    latest = Run.objects.last_amending([settled]).get(settled.pk, settled) if settled else None
    standing = latest.counts.get("disagreements", {}).get("standing", 0) if latest else 0
    return {
        "disagreements": standing,
        "run_day": newest.day if newest else None,
        "run_state": newest.state if newest else "",
        "run_ended_at": newest.ended_at if newest else None,
    }


def _cases(now: datetime) -> dict[str, int]:
    counted: dict[str, int] = Case.objects.open().aggregate(
        open_cases=Count("pk"), overdue_cases=Count("pk", filter=overdue(now))
    )
    return counted


def _sources() -> list[dict[str, Any]]:
    rows = Source.objects.current().annotate(horizon=Batch.objects.horizon_of(OuterRef("pk"))).order_by("code")
    return [
        {
            "code": row.code,
            "title_zh": row.title_zh,
            "title_en": row.title_en,
            "as_of": row.horizon.isoformat() if row.horizon else None,
            "max_age_hours": row.max_age_hours,
        }
        for row in rows
    ]
