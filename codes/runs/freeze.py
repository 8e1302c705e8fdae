"""Fixing a run's inputs: which providers can judge, from which source up to which horizon, by which edition."""

from datetime import datetime, timedelta
from itertools import pairwise

from django.db import connection

from codes.models import Partition, Provider, RuleSetVersion, Run, RunProvider
from regions.sources.models import Source

CITIZENS_PER_PARTITION = 20_000


def freeze_providers(run: Run) -> list[RunProvider]:
    """Write down for each provider what its verdicts of this run rest on (``docs/semantics.md`` §2, §3)."""
    editions = {one.rule_set_id: one for one in RuleSetVersion.objects.in_force(run.day)}
    providers = Provider.objects.select_related("source").order_by("code")
    return RunProvider.objects.bulk_create(_frozen(run, one, editions.get(one.rule_set_id)) for one in providers)


def make_partitions(run: Run) -> int:
    """Cut the citizens into ranges of about equal work, which is the people with facts; the last range has no end."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT citizen_id FROM (
                SELECT citizen_id, row_number() OVER (ORDER BY citizen_id) AS place
                FROM (SELECT DISTINCT citizen_id FROM codes_fact) known
            ) numbered
            WHERE place %% %s = 0 ORDER BY citizen_id
            """,
            [CITIZENS_PER_PARTITION],
        )
        bounds = [0, *(citizen + 1 for (citizen,) in cursor.fetchall()), 2**62]
    ranges = pairwise(bounds)
    rows = [Partition(run=run, number=n, low=low, high=high) for n, (low, high) in enumerate(ranges, start=1)]
    return len(Partition.objects.bulk_create(rows))


def _frozen(run: Run, provider: Provider, edition: RuleSetVersion | None) -> RunProvider:
    horizon = provider.source.horizon_at(run.as_of)
    why = _why_unknown(run, provider.source, horizon, edition)
    return RunProvider(
        run=run,
        provider=provider,
        source=provider.source,
        version=edition,
        horizon=horizon,
        known=not why,
        why_unknown=why,
    )


def _why_unknown(run: Run, source: Source, horizon: datetime | None, edition: RuleSetVersion | None) -> str:
    if horizon is None:
        return "no_batch"
    if run.as_of - horizon > timedelta(hours=source.max_age_hours):
        return "stale"
    return "" if edition else "no_edition"
