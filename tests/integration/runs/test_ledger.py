"""The rows of runs: one open run for each city, steps claimed by one worker at a time, failures noted and counted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from codes.models import Run, RunError, RunStep
from codes.models.run import RunQuerySet
from codes.runs.ledger import (
    FIRST_MINUTE,
    SPREAD_MINUTES,
    claim_step,
    give_back,
    move_on,
    stagger,
    start_if_due,
    start_run,
)
from codes.runs.steps import advance
from regions.journal.models import JournalEntry
from regions.leased_jobs import MAX_ATTEMPTS
from regions.models import City
from regions.tenancy import in_city
from tests.integration.runs.conftest import Filled
from tests.integration.runs.five_checks import assert_as_if_nothing_had_happened
from tests.worlds import asked_at

STARTERS = 50


def test_a_second_start_joins_the_open_run(alpha: City, now: datetime) -> None:
    run, opened = start_run(by="operator:li", now=now)
    joined, opened_again = start_run(by="operator:wang", now=now + timedelta(minutes=1), day=date(2026, 1, 1))
    assert (opened, opened_again) == (True, False)
    assert joined == run
    assert JournalEntry.objects.filter(verb="run.started").count() == 1


def test_the_database_allows_one_open_run(alpha: City, now: datetime) -> None:
    start_run(by="operator:li", now=now)
    with pytest.raises(IntegrityError, match="one_open_run_per_city"), transaction.atomic():
        Run.objects.create(day=date(2026, 1, 1), as_of=now, started_by="li", started_at=now)


def test_another_starter_who_was_quicker_is_joined(alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and inserting, somebody else inserted."""
    theirs, _ = start_run(by="operator:wang", now=now)
    looks = iter([Run.objects.none(), Run.objects.open()])
    monkeypatch.setattr(RunQuerySet, "open", lambda _runs: next(looks))
    assert start_run(by="operator:li", now=now) == (theirs, False)
    assert JournalEntry.objects.filter(verb="run.started").count() == 1


def test_fifty_clicks_open_one_run(committed: Filled) -> None:
    """From as many connections as a busy city has, all at the same moment; it ends as one run does."""
    start_together = Barrier(STARTERS)
    day, as_of = committed.scene.day, committed.scene.as_of
    now = asked_at(day, as_of)

    def click(number: int) -> tuple[int, bool]:
        start_together.wait()
        try:
            with in_city(committed.schema):
                run, opened = start_run(by=f"operator:{number}", now=now, day=day, as_of=as_of, collects=False)
                return run.pk, opened
        finally:
            connection.close()

    with ThreadPoolExecutor(STARTERS) as clicks:
        answers = list(clicks.map(click, range(STARTERS)))
    assert sum(opened for _, opened in answers) == 1
    assert {run for run, _ in answers} == {Run.objects.get().pk}
    run = committed.finish_here(Run.objects.get())
    assert_as_if_nothing_had_happened(run, committed.scene, committed.keys)


def test_day_and_instant_are_the_citys_and_fixed_at_the_start(alpha: City) -> None:
    """Five in the afternoon in UTC is tomorrow in the city."""
    at = datetime(2026, 11, 24, 17, tzinfo=UTC)
    run, _ = start_run(by="operator:li", now=at)
    assert (run.day, run.as_of, run.sequence) == (date(2026, 11, 25), at, 1)


def test_runs_of_a_day_are_counted(alpha: City, now: datetime) -> None:
    for sequence in (1, 2, 3):
        run, opened = start_run(by="operator:li", now=now)
        assert (run.sequence, opened) == (sequence, True)
        assert move_on(run, Run.State.FAILED, ended_at=now, fault="error", params={"error": "for the test"})


def test_two_beats_start_the_day_once(alpha: City, now: datetime) -> None:
    local = datetime.combine(now.date(), FIRST_MINUTE, alpha.zone) + stagger(alpha.schema_name)
    assert start_if_due(now=local - timedelta(minutes=1)) is None
    run = start_if_due(now=local)
    assert run
    assert start_if_due(now=local) is None
    Run.objects.update(state=Run.State.DONE, ended_at=local)
    assert start_if_due(now=local + timedelta(hours=3)) is None
    assert start_if_due(now=local + timedelta(days=1))


def test_cities_are_spread_over_the_night() -> None:
    minutes = {stagger(f"city{number}") for number in range(500)}
    assert max(minutes) < timedelta(minutes=SPREAD_MINUTES)
    assert len(minutes) > SPREAD_MINUTES / 2


def test_a_step_is_claimed_by_one_worker_until_its_lease_is_over(alpha: City, now: datetime) -> None:
    run, _ = start_run(by="operator:li", now=now)
    first = claim_step(run.pk, Run.State.COLLECTING, now=now)
    assert first
    assert claim_step(run.pk, Run.State.COLLECTING, now=now + settings.LEASE) is None
    assert claim_step(run.pk, Run.State.SETTLING, now=now) is None
    second = claim_step(run.pk, Run.State.COLLECTING, now=now + settings.LEASE + timedelta(seconds=1))
    assert second
    assert second.fence == first.fence + 1
    assert not move_on(first, Run.State.EVALUATING), "its claim was lost"
    assert move_on(second, Run.State.EVALUATING)
    assert not move_on(second, Run.State.EVALUATING), "it has moved on already"


def test_a_step_that_fails_is_tried_three_times_and_says_why(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codes.runs.steps.freeze_providers", failing(RuntimeError("the freezer is broken")))
    run, _ = start_run(by="operator:li", now=now, collects=False)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert Run.objects.open().exists()
        with pytest.raises(RuntimeError, match="freezer"):
            advance(run.pk, clock=lambda: now)
        assert RunError.objects.count() == attempt
    run.refresh_from_db()
    assert (run.state, run.ended_at) == (Run.State.FAILED, now)
    assert run.message == "collecting failed 3 times: RuntimeError: the freezer is broken"
    assert JournalEntry.objects.filter(verb="run.failed", subject=f"run:{run.pk}").count() == 1
    assert advance(run.pk, clock=lambda: now) == []
    assert start_run(by="operator:li", now=now)[1], "the next one may begin"


def test_a_failure_of_a_worker_whose_claim_was_lost_changes_nothing(alpha: City, now: datetime) -> None:
    run, _ = start_run(by="operator:li", now=now)
    stale = claim_step(run.pk, Run.State.COLLECTING, now=now)
    later = now + settings.LEASE + timedelta(seconds=1)
    present = claim_step(run.pk, Run.State.COLLECTING, now=later)
    assert stale
    assert present
    give_back(stale, step=RunStep.COLLECTING, error=RuntimeError("late"), now=later)
    run.refresh_from_db()
    assert run.lease_until == present.lease_until
    assert run.state == Run.State.COLLECTING


def failing(error: Exception) -> Callable[..., None]:
    def fail(*args: object, **parameters: object) -> None:
        raise error

    return fail
