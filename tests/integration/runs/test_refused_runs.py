"""Runs that are refused and write nothing: those of the future, and those that would undo something later."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from codes import tasks
from codes.models import Run
from codes.models.run import RunQuerySet
from codes.runs.ledger import (
    FIRST_MINUTE,
    PAUSE_AFTER_FAILURE,
    RunRefusal,
    move_on,
    stagger,
    start_if_due,
    start_run,
)
from portal.official.runs.standing import Failure, Standing, what_stands
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import Refused
from regions.tenancy import current_city, in_city
from tests.integration.runs.conftest import Filled

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

TO_COME: dict[str, Callable[[datetime, date], dict[str, object]]] = {
    "tomorrow": lambda now, today: {"day": today + DAY},
    "a mistyped year": lambda now, today: {"day": today.replace(year=2062)},
    "an instant of a mistyped year": lambda now, today: {"as_of": now.replace(year=2062)},
    "the next second": lambda now, today: {"as_of": now + timedelta(seconds=1)},
    "today by what is known tomorrow": lambda now, today: {"day": today, "as_of": now + DAY},
    "tomorrow, as history": lambda now, today: {"day": today + DAY, "history": True},
}


@pytest.mark.parametrize("asked", TO_COME.values(), ids=TO_COME.keys())
def test_nothing_to_come_is_computed(
    alpha: City, now: datetime, asked: Callable[[datetime, date], dict[str, object]]
) -> None:
    with pytest.raises(Refused) as refused:
        start_run(by="operator:li", now=now, **asked(now, alpha.day_of(now)))  # type: ignore[arg-type]
    assert refused.value.reason in (RunRefusal.DAY_TO_COME, RunRefusal.INSTANT_TO_COME)
    assert not Run.objects.exists()
    assert not JournalEntry.objects.filter(verb="run.started").exists()


def test_today_is_the_citys(alpha: City) -> None:
    """Five in the afternoon in UTC is tomorrow in the city: that day has begun there, and the one after has not."""
    now = datetime(2026, 11, 24, 17, tzinfo=UTC)
    with pytest.raises(Refused):
        start_run(by="operator:li", now=now, day=date(2026, 11, 26))
    assert start_run(by="operator:li", now=now, day=date(2026, 11, 25))[1]


def settled(*, now: datetime, **asked: object) -> Run:
    run, opened = start_run(by="operator:li", now=now, **{"collects": False, **asked})  # type: ignore[arg-type]
    assert opened
    return ended(run, Run.State.DONE, now=now)


def ended(run: Run, state: Run.State, *, now: datetime) -> Run:
    """The run, as if it had been judged and had ended."""
    why = {"fault": "error", "params": {"error": "for the test"}} if state == Run.State.FAILED else {}
    Run.objects.filter(pk=run.pk).update(state=state, ended_at=now, lease_until=None, **why)
    return Run.objects.get(pk=run.pk)


def test_a_day_before_the_newest_settled_one_is_history(alpha: City, now: datetime) -> None:
    newest = settled(now=now)
    with pytest.raises(Refused) as refused:
        start_run(by="operator:li", now=now + HOUR, day=newest.day - DAY)
    assert refused.value.reason == RunRefusal.LATER_DAY_SETTLED
    assert list(Run.objects.all()) == [newest]
    run, opened = start_run(by="operator:li", now=now + HOUR, day=newest.day - DAY, history=True)
    assert (opened, run.history, run.collects) == (True, True, False)
    assert JournalEntry.objects.get(verb="run.started", subject=f"run:{run.pk}").data["history"] is True


def test_what_was_known_before_the_newest_instant_of_the_day_is_history(alpha: City, now: datetime) -> None:
    newest = settled(now=now)
    with pytest.raises(Refused) as refused:
        start_run(by="operator:li", now=now + HOUR, as_of=newest.as_of - MINUTE)
    assert refused.value.reason == RunRefusal.LATER_INSTANT_SETTLED
    again = settled(now=now + HOUR, as_of=newest.as_of)
    assert again.sequence == newest.sequence + 1, "the same instant again undoes nothing"


@pytest.mark.parametrize(("back", "reason"), [(HOUR, "later_instant_settled"), (DAY - MINUTE, "later_day_settled")])
def test_a_clock_that_was_set_back_undoes_nothing(alpha: City, now: datetime, back: timedelta, reason: str) -> None:
    newest = settled(now=now)
    with pytest.raises(Refused) as refused:
        start_run(by="operator:li", now=now - back)
    assert refused.value.reason == reason
    assert start_if_due(now=now - back) is None
    assert list(Run.objects.all()) == [newest]
    assert start_run(by="operator:li", now=now + MINUTE)[1]


@pytest.mark.parametrize("state", [Run.State.FAILED, Run.State.KEPT])
def test_a_run_that_did_not_settle_forbids_nothing(alpha: City, now: datetime, state: Run.State) -> None:
    run, _ = start_run(by="operator:li", now=now, history=state == Run.State.KEPT)
    ended(run, state, now=now)
    assert start_run(by="operator:li", now=now + HOUR, day=run.day - DAY)[1]


def test_a_run_of_a_day_to_come_which_was_once_allowed_forbids_nothing(alpha: City, now: datetime) -> None:
    year_2062 = now.replace(year=2062)
    Run.objects.create(
        day=year_2062.date(), as_of=now, state="done", started_by="li", started_at=now, ended_at=now, sequence=1
    )
    assert start_run(by="operator:li", now=now + HOUR)[1]


def test_a_run_by_a_clock_that_was_years_ahead_forbids_nothing(alpha: City, now: datetime) -> None:
    settled(now=now.replace(year=2062))
    assert start_run(by="operator:li", now=now)[1]


def test_history_does_not_join_another_run_nor_another_it(alpha: City, now: datetime) -> None:
    run, _ = start_run(by="operator:li", now=now)
    with pytest.raises(Refused) as refused:
        start_run(by="operator:wang", now=now, day=run.day - DAY, history=True)
    assert refused.value.reason == RunRefusal.OTHER_OPEN
    ended(run, Run.State.FAILED, now=now)
    start_run(by="operator:wang", now=now, day=run.day - DAY, history=True)
    with pytest.raises(Refused):
        start_run(by="operator:li", now=now)


REFUSED = {
    "--day 2062-11-28": ["--day", "2062-11-28"],
    "--as-of 2062": ["--as-of", "2062-11-28T12:00:00+08:00"],
    "--day 2062-11-28 --as-history": ["--day", "2062-11-28", "--as-history"],
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED.keys())
def test_the_command_ends_with_2(db: None, asked: list[str]) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("recompute", "--city", "beta", "--here", "--no-collect", *asked)
    assert failed.value.returncode == 2
    with in_city("beta"):
        assert not Run.objects.exists()


def test_the_command_says_how_to_ask_for_a_past_day(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("recompute", "--city", "beta", "--here", "--no-collect")
    with in_city("beta") as city:
        yesterday = city.day_of(timezone.now()) - DAY
    asked = ["recompute", "--city", "beta", "--here", "--no-collect", "--day", str(yesterday)]
    with pytest.raises(CommandError, match="--as-history") as failed:
        call_command(*asked)
    assert failed.value.returncode == 2
    call_command(*asked, "--as-history")
    assert "nothing that stands has changed" in capsys.readouterr().out
    with in_city("beta"):
        assert [run.state for run in Run.objects.order_by("pk")] == [Run.State.DONE, Run.State.KEPT]


# The scheduled run


def minute_of(city: City, now: datetime) -> datetime:
    return datetime.combine(now.date(), FIRST_MINUTE, city.zone) + stagger(city.schema_name)


DOES_NOT_COUNT: dict[str, Callable[[datetime, datetime], Run]] = {
    "one in the night, before its minute": lambda due, early: settled(now=early, collects=True),
    "one that asked no source": lambda due, early: settled(now=due + MINUTE, collects=False),
    "one of the day before": lambda due, early: settled(now=due + MINUTE, day=early.date() - DAY, collects=True),
    "one by what was known before its minute": lambda due, early: settled(now=due + MINUTE, as_of=early, collects=True),
    "one that failed in the night": lambda due, early: ended(
        start_run(by="operator:li", now=early)[0], Run.State.FAILED, now=early
    ),
    "one that failed since": lambda due, early: ended(
        start_run(by="operator:li", now=due + MINUTE)[0], Run.State.FAILED, now=due + MINUTE
    ),
    "one of history": lambda due, early: ended(
        start_run(by="operator:li", now=due + MINUTE, history=True)[0], Run.State.KEPT, now=due + MINUTE
    ),
}


@pytest.mark.parametrize("before", DOES_NOT_COUNT.values(), ids=DOES_NOT_COUNT.keys())
def test_the_scheduled_run_opens_all_the_same(
    alpha: City, now: datetime, before: Callable[[datetime, datetime], Run]
) -> None:
    due = minute_of(alpha, now)
    early = due.replace(hour=0, minute=5)
    other = before(due, early)
    run = start_if_due(now=due + HOUR)
    assert run
    assert run != other
    assert (run.day, run.collects) == (now.date(), True)


COUNTS: dict[str, tuple[Run.State | None, timedelta]] = {
    "it is open": (None, timedelta()),
    "it has settled": (Run.State.DONE, timedelta()),
    "it has settled in part": (Run.State.PARTIAL, 2 * HOUR),
}


@pytest.mark.parametrize(("state", "after"), COUNTS.values(), ids=COUNTS.keys())
def test_a_collecting_run_since_its_minute_is_the_days(
    alpha: City, now: datetime, state: Run.State | None, after: timedelta
) -> None:
    """Whoever asked for it."""
    due = minute_of(alpha, now)
    run, _ = start_run(by="operator:li", now=due + after)
    if state:
        ended(run, state, now=due + after)
    assert start_if_due(now=due + after + MINUTE) is None
    assert Run.objects.get() == run


def test_a_run_that_was_open_at_its_minute_is_waited_for(alpha: City, now: datetime) -> None:
    due = minute_of(alpha, now)
    early, _ = start_run(by="operator:li", now=due - MINUTE)
    assert start_if_due(now=due) is None
    ended(early, Run.State.DONE, now=due + MINUTE)
    assert start_if_due(now=due + 2 * MINUTE)


def test_after_a_failure_it_is_tried_again_but_not_with_every_beat(alpha: City, now: datetime) -> None:
    due = minute_of(alpha, now)
    first = start_if_due(now=due)
    assert first
    ended(first, Run.State.FAILED, now=due + MINUTE)
    assert start_if_due(now=due + 2 * MINUTE) is None
    again_at = due + MINUTE + PAUSE_AFTER_FAILURE
    standing = what_stands(now=due + 2 * MINUTE)
    assert (standing.run, standing.failure) == (None, Failure(first, None, again_at))
    second = start_if_due(now=again_at)
    assert second
    assert what_stands(now=again_at).failure == Failure(first, second, due + timedelta(days=1))
    ended(second, Run.State.DONE, now=again_at + MINUTE)
    assert what_stands(now=again_at + MINUTE) == Standing(second, again_at + MINUTE)


def test_a_failure_after_the_days_run_waits_for_tomorrows(alpha: City, now: datetime) -> None:
    due = minute_of(alpha, now)
    first = start_if_due(now=due)
    assert first
    ended(first, Run.State.DONE, now=due + MINUTE)
    asked, _ = start_run(by="operator:li", now=due + HOUR)
    ended(asked, Run.State.FAILED, now=due + HOUR)
    standing = what_stands(now=due + 2 * HOUR)
    assert standing.run == first
    assert standing.failure == Failure(asked, None, due + timedelta(days=1))
    assert (standing.age.is_valid, standing.valid_to, standing.known_for) == (
        True,
        first.day + timedelta(days=1),
        2 * HOUR,
    )
    assert not what_stands(now=due + timedelta(days=2)).age.is_valid


def test_two_beats_at_once_open_one(committed: Filled) -> None:
    """Even if the first one's run has ended before the second has opened its own."""
    due = minute_of(current_city(), committed.scene.as_of) + DAY
    together = Barrier(8)

    def beat(number: int) -> int | None:
        together.wait()
        try:
            with in_city(committed.schema):
                run = start_if_due(now=due)
                if run:
                    move_on(run, Run.State.EVALUATING)
                    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE, ended_at=due)
                return run.pk if run else None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as beats:
        opened = [run for run in beats.map(beat, range(8)) if run]
    assert opened == [Run.objects.get().pk]


def test_a_task_that_finds_a_run_of_history_open_waits(
    db: None, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    with in_city("alpha") as city:
        due = minute_of(city, now)
        run, _ = start_run(by="operator:li", now=due, history=True)
    with in_city("beta") as city:
        due = max(due, minute_of(city, now))
    rung: list[object] = []
    monkeypatch.setattr(tasks, "enqueue_run", lambda *what: rung.append(what))
    monkeypatch.setattr(timezone, "now", lambda: due)
    assert tasks.start_due_runs() == 1, "beta's"
    with in_city("alpha"):
        ended(run, Run.State.KEPT, now=due)
    assert tasks.start_due_runs() == 1, "now alpha's"


def test_a_beat_that_another_run_outruns_does_not_fail(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and starting, somebody began a run of history."""
    due = minute_of(alpha, now)
    theirs, _ = start_run(by="operator:li", now=due, history=True)
    looks = iter([Run.objects.none(), Run.objects.open()])
    monkeypatch.setattr(RunQuerySet, "open", lambda _runs: next(looks))
    assert start_if_due(now=due) is None
    assert Run.objects.get() == theirs
