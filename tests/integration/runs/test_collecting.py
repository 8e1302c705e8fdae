"""A run collects every source once. One that fails is noted, and people are judged by what the city had of it before."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F

from codes.models import Run
from codes.runs.ledger import start_run
from codes.runs.steps import advance, run_here
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


def test_a_source_that_somebody_else_collects_is_waited_for(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who has just asked for it, or a worker that has lost the step: what they bring, the run has too."""
    police = Source.objects.get(code="police")
    busy = [True, True, False]

    def collect(source: Source, **parameters: object) -> Batch:
        if source == police and busy.pop(0):
            raise AlreadyCollecting(source)
        delivered(source, now)
        return source.batches.get()

    monkeypatch.setattr("codes.runs.steps.collect_source", collect)
    monkeypatch.setattr("codes.runs.steps.SECONDS_BETWEEN_TRIES", 0)
    assert run_at(now).state == Run.State.DONE
    assert busy == []


def test_one_that_is_collected_without_end_is_noted(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(source: Source, **parameters: object) -> Batch:
        raise AlreadyCollecting(source)

    monkeypatch.setattr("codes.runs.steps.collect_source", busy)
    monkeypatch.setattr("codes.runs.steps.LEASES_WAITED", 0)
    run = run_at(now)
    assert run.state == Run.State.PARTIAL
    for noted in run.sources.all():
        assert (noted.failed, noted.batch) == (True, None)
        assert "somebody else" in noted.message


def test_a_worker_that_lost_the_step_collects_no_further(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def overtaken(source: Source, **parameters: object) -> Batch:
        asked.append(source.code)
        Run.objects.update(fence=F("fence") + 1)
        delivered(source, now)
        return source.batches.get()

    monkeypatch.setattr("codes.runs.steps.collect_source", overtaken)
    run, _ = start_run(by="system", now=now)
    advance(run.pk, clock=lambda: now)
    assert (asked, run.sources.count()) == (["bigdata"], 0)
