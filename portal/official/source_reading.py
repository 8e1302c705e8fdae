"""Sources as their pages show them: how fresh, what came last, what waits for somebody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from regions.sources.models import Batch, Quarantined, Source, SourceChange


@dataclass(frozen=True)
class SourceShown:
    """A source with ``horizon`` (none = nothing accepted yet), its newest batch, and the batch and change that wait."""

    source: Source
    horizon: datetime | None
    state: str
    newest: Batch | None
    held: Batch | None
    open_change: int | None
    in_quarantine: int

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.source.max_age_hours)


def sources_shown(sources: QuerySet[Source], *, now: datetime) -> list[SourceShown]:
    """The sources by code, in two questions to the database."""
    mine = Batch.objects.filter(source=OuterRef("pk"))
    waiting = Quarantined.objects.filter(batch__source=OuterRef("pk"), taken_in__isnull=True).order_by()
    counted = waiting.values("batch__source").annotate(number=Count("pk")).values("number")
    found = sources.order_by("code").annotate(
        horizon=Batch.objects.horizon_of(OuterRef("pk")),
        newest_batch=Subquery(mine.order_by("-id").values("pk")[:1]),
        held_batch=Subquery(mine.filter(state=Batch.State.HELD).order_by("-id").values("pk")[:1]),
        open_change=Subquery(SourceChange.objects.waiting().filter(source=OuterRef("pk")).values("pk")[:1]),
        in_quarantine=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
    )
    rows = list(found)
    batches = Batch.objects.in_bulk([pk for row in rows for pk in (row.newest_batch, row.held_batch) if pk])
    return [
        SourceShown(
            source=row,
            horizon=row.horizon,
            state=_state(row, row.horizon, now),
            newest=batches.get(row.newest_batch),
            held=batches.get(row.held_batch),
            open_change=row.open_change,
            in_quarantine=row.in_quarantine,
        )
        for row in rows
    ]


def _state(source: Source, horizon: datetime | None, now: datetime) -> str:
    if horizon is None:
        return "never"
    return "stale" if now - horizon > timedelta(hours=source.max_age_hours) else "fresh"
