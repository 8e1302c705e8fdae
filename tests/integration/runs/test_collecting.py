"""A run asks every source once; one that fails is noted, and people are judged by what the city had of it."""

from datetime import datetime, timedelta

import pytest

from codes.models import Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.models import City
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Batch, Source


def run_at(now: datetime) -> Run:
    run, _ = start_run(by="system", now=now)
    return run_here(run.pk, clock=lambda: now, progress=lambda _: None)


def delivered(source: Source, at: datetime) -> None:
    Batch.objects.create(source=source, state="accepted", as_of=at, started_at=at, received_at=at, closed_at=at)


def test_sources_that_fail_make_the_run_partial_and_move_no_horizon(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The police database has no address, nobody listens at the big-data centre's."""
    monkeypatch.delenv("ALPHA_POLICE_URL", raising=False)
    monkeypatch.delenv("ALPHA_BIGDATA_SECRET", raising=False)
    yesterday = now - timedelta(hours=20)
    delivered(Source.objects.get(code="police"), yesterday)
    run = run_at(now)
    assert run.state == Run.State.PARTIAL
    assert [(one.source.code, one.failed) for one in run.sources.order_by("source__code")] == [
        ("bigdata", True),
        ("police", True),
    ]
    for one in run.sources.select_related("source"):
        assert one.batch
        assert one.batch.state == Batch.State.REFUSED
        assert f"source {one.source.code} failed: {one.message}" in run.message
    known = {one.provider.code: (one.known, one.horizon, one.why_unknown) for one in run.providers.all()}
    assert known == {"wechat": (True, yesterday, ""), "alipay": (False, None, "no_batch")}


def test_a_source_that_somebody_else_collects_is_not_waited_for(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(source: Source, **parameters: object) -> Batch:
        raise AlreadyCollecting(source)

    monkeypatch.setattr("codes.runs.steps.collect_source", busy)
    run = run_at(now)
    assert run.state == Run.State.PARTIAL
    for noted in run.sources.all():
        assert (noted.failed, noted.batch) == (True, None)
        assert "somebody else" in noted.message
