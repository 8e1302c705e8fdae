"""Counts of a city that say nothing of a person: read in the city, kept in ``public`` beside those of the others."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef

from codes.effective import count_effective_codes
from codes.models import Case, CityCorrection, HeldGroup, Run
from codes.models.case import overdue
from codes.vocabulary import State
from regions.models import CityStanding
from regions.sources.models import Batch, Source
from regions.tenancy import in_city


def update_city_counts(schema: str, *, now: datetime) -> CityStanding:
    """Call outside any city: a city's role may not write in ``public``."""
    with in_city(schema) as city:
        counted = {
            **_codes(now),
            **_last_run(),
            **_cases(now),
            "sources": _sources(),
            "held_groups": HeldGroup.objects.waiting().count(),
            "late_corrections": CityCorrection.objects.late().count(),
        }
    row, _ = CityStanding.objects.update_or_create(city=city, defaults={**counted, "read_at": now})
    return row


def _codes(now: datetime) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for code, people in count_effective_codes(now=now).items():
        counted[code.colour] += people
    return {
        "people": counted.total(),
        **{state.value: counted[state] for state in (State.RED, State.YELLOW, State.UNKNOWN)},
    }


def _last_run() -> dict[str, Any]:
    """The newest run of the city as it is, whatever became of it; the disagreements of the newest that settled."""
    newest = Run.objects.filter(history=False).order_by("-pk").first()
    settled = Run.objects.last_settled()
    standing = settled.counts.get("disagreements", {}).get("standing", 0) if settled else 0
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
