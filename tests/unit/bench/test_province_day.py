"""The day of a province that is drawn from measured figures: the same seed gives the same day, and too much is turned away, not queued."""

from dataclasses import replace

import pytest

from bench import province_day
from bench.province_day import Answer, Demand, Measured, Province, breaks_at, live, machines_for

SHAPE = [0.5, 0.8, 1.0, 1.2, 1.5]
MEASURED = Measured(
    answers={kind: Answer(0.004, 0.001, SHAPE) for kind in ("first", "again", "renewal", "gate")},
    run=0.2,
    run_per_person=0.00002,
    record=0.0003,
    beat=0.004,
)
PROVINCE = Province(people=20_000_000, cities=20, openings=50_000_000)
MACHINES = machines_for(MEASURED, PROVINCE, cores=8, busiest=0.5)


@pytest.fixture(autouse=True)
def _few_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(province_day, "FOLLOWED", 60)


def test_one_seed_is_one_day() -> None:
    assert live(MEASURED, PROVINCE, MACHINES, seed=3) == live(MEASURED, PROVINCE, MACHINES, seed=3)
    assert live(MEASURED, PROVINCE, MACHINES, seed=3) != live(MEASURED, PROVINCE, MACHINES, seed=4)


def test_a_usual_day_is_carried_with_what_was_left_free() -> None:
    day = live(MEASURED, PROVINCE, MACHINES, seed=1)
    assert len(day.run_minutes) == PROVINCE.cities
    assert day.turned_away == 0
    assert 0.4 < day.web_busiest <= 0.5
    assert day.database_busiest <= 1


def test_what_is_too_much_is_turned_away_and_those_answered_do_not_wait_for_it() -> None:
    usual = live(MEASURED, PROVINCE, MACHINES, seed=1)
    crowded = live(MEASURED, PROVINCE, MACHINES, seed=1, times=10.0)
    assert crowded.turned_away > 0.2
    assert crowded.answered > usual.answered
    # A full queue, each as slow as the slowest measured.
    assert crowded.slowest_p99 < 25 * 0.004 * max(SHAPE)


def test_everybody_opens_it_for_the_first_time_at_most_once() -> None:
    minutes = Demand(PROVINCE).by_minute
    openings = sum(one["first"] + one["again"] for one in minutes)
    assert openings == pytest.approx(PROVINCE.openings)
    assert 0.8 * PROVINCE.people < sum(one["first"] for one in minutes) <= PROVINCE.people


def test_a_slow_run_waits_for_a_worker() -> None:
    """With two workers for all cities the last run does not end before half of all work is done by each."""
    two_workers = replace(MACHINES, workers=2)
    day = live(MEASURED, PROVINCE, two_workers, seed=1)
    work = MEASURED.run * PROVINCE.cities + PROVINCE.people * (MEASURED.run_per_person + MEASURED.record)
    assert day.last_run_ended * 60 >= 4 * 3600 + work / 2 - 60


def test_what_breaks_first_is_what_has_least_room() -> None:
    room = breaks_at(MEASURED, PROVINCE, MACHINES)
    assert room["web"] == pytest.approx(2, abs=0.1)
    assert room["beat"] == pytest.approx(1 / (0.004 * 20))
