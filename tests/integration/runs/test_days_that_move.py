"""The day of release of somebody who does not check in moves every day, and no run stores it (``docs/adr/0108-…``)."""

from datetime import date, timedelta
from typing import Any

import pytest

from codes.engine.provider_states import provider_states, provider_states_of
from codes.models import HeldGroup, NextChange, Run, Verdict, VerdictChange
from codes.reports.replay import replay
from codes.runs import due
from regions.models import City as CityRow
from tests.integration.runs import days
from tests.integration.runs.crowd import Crowd
from tests.integration.runs.days import Life, check_in
from tests.oracle import Rule

NEEDED = 7


@pytest.fixture
def life(bare_city: CityRow, monkeypatch: pytest.MonkeyPatch) -> Life:
    """One person, who was in contact on the first day and must check in on seven days in a row."""
    rules = (Rule("R1", "close_contact", "red", hold_days=2, checkin_days=NEEDED),)
    monkeypatch.setattr(days, "RULES", rules)
    one = Life(registered=("alipay",))
    one.live("bigdata: close_contact")
    return one


def green_on(life: Life) -> date | None:
    """The day that pages show, which must be the same for one and for many."""
    citizen = life.keys.citizens[days.WHO]
    one = next(side for side in provider_states(citizen, now=life.as_of) if side.verdict)
    (other,) = provider_states_of([citizen], now=life.as_of)[citizen]
    assert one.verdict
    assert other.verdict
    assert (one.verdict.turns_green_on, one.verdict.hits) == (other.verdict.turns_green_on, other.verdict.hits)
    assert max(hit["until"] for hit in one.verdict.hits) == str(one.verdict.turns_green_on)
    return one.verdict.turns_green_on


def judged(run: Run) -> int:
    return sum(one.counts["people"] for one in run.partitions.all())


def test_nothing_is_judged_or_stored_while_nobody_checks_in(life: Life) -> None:
    for _ in range(4):
        run = life.live("")
        assert not run.everybody
        assert (judged(run), VerdictChange.objects.count()) == (0, 1)
        assert green_on(life) == life.day + timedelta(days=NEEDED - 1)
        assert replay(run).differences == []


def test_the_day_is_looked_at_again_when_it_could_have_come(life: Life) -> None:
    """Somebody who had checked in from the day of judging on would be green then."""
    assert NextChange.objects.get().next_on == life.day + timedelta(days=NEEDED - 1)
    assert [judged(life.live("")) for _ in range(NEEDED)] == [0] * (NEEDED - 2) + [1, 0]
    assert VerdictChange.objects.count() == 1


def test_a_streak_fixes_the_day_and_a_missed_day_moves_it_again(life: Life) -> None:
    life.live("")
    begun = life.day
    check_in(life, begun, healthy=True)
    assert (judged(life.live("")), VerdictChange.objects.count()) == (1, 2), "the first check-in"
    assert green_on(life) == begun + timedelta(days=NEEDED - 1)
    check_in(life, life.day, healthy=True)
    assert (judged(life.live("")), VerdictChange.objects.count()) == (0, 2), "as was expected"
    assert green_on(life) == begun + timedelta(days=NEEDED - 1)
    assert (judged(life.live("")), VerdictChange.objects.count()) == (1, 3), "a day is missing"
    assert green_on(life) == life.day + timedelta(days=NEEDED - 1)


def test_whoever_checks_in_every_day_is_green_on_the_day(life: Life) -> None:
    life.live("")
    shown = None
    for _ in range(NEEDED):
        check_in(life, life.day, healthy=True)
        shown = green_on(life)
        life.live("")
    assert shown == life.day - timedelta(days=1)
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("part", ["n.has_streak AND NOT coalesce", "NOT n.has_streak AND coalesce"])
def test_either_reason_to_judge_is_needed(life: Life, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    assert due.QUEUE.count(part) == 1
    monkeypatch.setattr(due, "QUEUE", due.QUEUE.replace(part, f"false AND {part}"))
    life.live("")
    begun = life.day
    check_in(life, begun, healthy=True)
    life.live("")
    fixed = green_on(life)
    life.live("")
    moved = green_on(life)
    right = begun + timedelta(days=NEEDED - 1), life.day + timedelta(days=NEEDED - 1)
    assert (fixed, moved) != right


def test_a_hit_that_ends_by_itself_counts_as_long_as_it_is_the_last(
    bare_city: CityRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (
        Rule("R1", "close_contact", "red", hold_days=2, checkin_days=NEEDED),
        Rule("R2", "suspected_case", "red", hold_days=9),
    )
    monkeypatch.setattr(days, "RULES", rules)
    life = Life(registered=("alipay",))
    life.live("bigdata: close_contact, bigdata: suspected_case")
    ends = life.day + timedelta(days=9)
    found, wanted = [green_on(life)], [ends]
    for _ in range(11):
        life.live("")
        found.append(green_on(life))
        wanted.append(max(ends, life.day + timedelta(days=NEEDED - 1)))
    assert found == wanted
    assert VerdictChange.objects.count() == 2, "the second when it had ended"


def test_a_delivery_that_takes_back_the_records_of_those_who_never_checked_in_is_held(bare_city: CityRow) -> None:
    """The stored day has passed for long; the day that they were told has not."""
    crowd, many = Crowd(), range(25)
    crowd.run()
    crowd.least = 100
    crowd.set_limits()
    crowd.deliver(many, "spacetime_overlap")
    crowd.run()
    assert crowd.red() == set(many)
    crowd.least = 20
    crowd.set_limits()
    for _ in range(9):
        crowd.now += timedelta(hours=23)
        crowd.run()
    stored: Any = Verdict.objects.values_list("turns_green_on", flat=True)[0]
    assert stored < crowd.day
    crowd.deliver(many, "spacetime_overlap", revoked=True, started=10)
    crowd.run()
    assert HeldGroup.objects.waiting().get().described()
    assert crowd.red() == set(many)
