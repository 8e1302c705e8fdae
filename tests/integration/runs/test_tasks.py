"""Celery tasks: they enter a city by name, never run in the schema public, and enqueue only what is open."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from codes import tasks
from codes.models import Run
from codes.runs.ledger import FIRST_MINUTE, claim_step, move_on, run_to_wake, stagger, start_run
from codes.runs.steps import advance
from portal.sweep import sweep
from regions.enqueueing import EXPIRES_AFTER
from regions.journal.models import Checkpoint, JournalEntry
from regions.leased_jobs import claim_job
from regions.models import City
from regions.tenancy import NoSuchCity, WrongSchema, current_city, in_city
from tests.integration.runs.conftest import Filled

Enqueued = tuple[object, ...]
LEASE_IS_OVER = settings.LEASE + timedelta(seconds=1)


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[Enqueued]:
    """What is enqueued instead of being put into a broker."""
    enqueued: list[Enqueued] = []

    def listen(task: str) -> Callable[..., None]:
        def apply_async(*, args: tuple[object, ...], expires: float, **_retrying: object) -> None:
            assert expires == EXPIRES_AFTER
            enqueued.append((task, *args))

        return apply_async

    for task in ("advance_run", "judge_partition"):
        monkeypatch.setattr(getattr(tasks, task), "apply_async", listen(task))
    return enqueued


@pytest.mark.parametrize("schema", ["public", "nowhere", "pg_catalog"])
@pytest.mark.parametrize("task", [tasks.advance_run, tasks.judge_partition])
def test_no_task_runs_outside_a_city(db: None, schema: str, task: Callable[..., object]) -> None:
    arguments = (schema, 1) if task is tasks.advance_run else (schema, 1, 1)
    with pytest.raises(NoSuchCity):
        task(*arguments)


def test_a_run_goes_from_bell_to_bell(db: None, enqueued: list[Enqueued], now: datetime) -> None:
    with in_city("alpha"):
        run, _ = start_run(by="operator:li", now=now, collects=False)
    assert tasks.advance_run("alpha", run.pk) == 1
    assert enqueued == [("judge_partition", "alpha", run.pk, 1)]
    assert tasks.judge_partition("alpha", run.pk, 1)
    with in_city("alpha"):
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE
    assert not tasks.judge_partition("alpha", run.pk, 1), "enqueued again, to no effect"
    assert tasks.advance_run("alpha", run.pk) == 0
    with pytest.raises(WrongSchema):
        current_city()


def test_what_an_ended_run_says_is_signed_at_once(db: None, enqueued: list[Enqueued], now: datetime) -> None:
    with in_city("alpha"):
        run, _ = start_run(by="operator:li", now=now, collects=False)
        before = Checkpoint.objects.count()
    tasks.advance_run("alpha", run.pk)
    with in_city("alpha"):
        assert Checkpoint.objects.count() == before, "not while it goes on"
    tasks.judge_partition("alpha", run.pk, 1)
    tasks.advance_run("alpha", run.pk)
    with in_city("alpha"):
        assert Checkpoint.objects.count() == before + 1
        settled = JournalEntry.objects.latest("seq")
        assert (settled.verb, settled.seq) == ("run.settled", Checkpoint.objects.latest("pk").seq)


def test_the_sweeper_rings_for_open_runs_only(db: None, enqueued: list[Enqueued], now: datetime) -> None:
    with in_city("alpha"):
        ended, _ = start_run(by="operator:li", now=now)
        move_on(ended, Run.State.FAILED, ended_at=now, fault="error", params={"error": "for the test"})
    with in_city("beta"):
        stuck, _ = start_run(by="operator:li", now=now)
    assert sweep() == 1
    assert enqueued == [("advance_run", "beta", stuck.pk)]


def test_the_sweeper_leaves_alone_what_somebody_is_at_work_on(filled: Filled) -> None:
    """Every message of the others would wait a second time; what was left behind it enqueues at once."""
    run, now = filled.start(), filled.scene.as_of
    assert run_to_wake(now=now) == run
    assert claim_step(run.pk, Run.State.COLLECTING, now=now)
    assert run_to_wake(now=now) is None
    assert run_to_wake(now=now + LEASE_IS_OVER) == run
    assert len(advance(run.pk, clock=lambda: now + LEASE_IS_OVER)) > 2
    assert run_to_wake(now=now) == run, "the broker may have lost what waits"
    one, other = run.partitions.order_by("number")[:2]
    assert claim_job(run.partitions.filter(pk=one.pk), now=now)
    assert run_to_wake(now=now) is None
    failed = claim_job(run.partitions.filter(pk=other.pk), now=now)
    assert failed is not None
    failed.give_back()
    assert run_to_wake(now=now) == run, "nobody enqueues again what has failed"
    claim_job(run.partitions.filter(pk=other.pk), now=now + LEASE_IS_OVER)
    assert run_to_wake(now=now + LEASE_IS_OVER) == run, "the first one's worker has died"


def test_beat_starts_each_city_in_its_minute(
    db: None, enqueued: list[Enqueued], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    first, second = sorted(("alpha", "beta"), key=stagger)
    city = City.objects.get(schema_name=first)
    due = datetime.combine(now.date(), FIRST_MINUTE, city.zone) + stagger(first)
    monkeypatch.setattr(timezone, "now", lambda: due)
    assert tasks.start_due_runs() == 1
    assert tasks.start_due_runs() == 0
    assert [one[1] for one in enqueued] == [first]
    monkeypatch.setattr(timezone, "now", lambda: due - stagger(first) + stagger(second) + timedelta(minutes=1))
    assert tasks.start_due_runs() == 1
    assert [one[1] for one in enqueued] == [first, second]
