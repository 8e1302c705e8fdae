"""What a run settled is valid to the end of the day after its day; from then on green and yellow are unknown and red stays red.

Nothing runs in between: that a code has expired, or that a ruling's last day is over, is seen when it is asked for.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from codes.effective import CountedCode, count_effective_codes, effective_code, effective_codes
from codes.engine.provider_states import provider_states
from codes.models import EffectiveChange, EffectiveCode, Registration, Ruling, Run
from codes.passes.issuing import issue_pass
from codes.runs.ledger import start_run
from codes.validity import Age
from regions.models import City
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk
from tests.integration.review.test_amending_runs import ruled_wrong

# By the police alone: zhang red, chen yellow. ruled: red by the police, and two officials say green.
PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "ruled": "close_contact", "green": "negative_test"}
SETTLED = {
    "zhang": ("red", "policy"),
    "chen": ("yellow", "policy"),
    "ruled": ("green", "ruling"),
    "green": ("green", "agreement"),
}
UNKNOWN = ("unknown", "expired")
EXPIRED = {"zhang": ("red", "policy"), "chen": UNKNOWN, "ruled": UNKNOWN, "green": UNKNOWN}


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    made = opened_at_beta(PEOPLE, now=now)
    made.approve(made.propose("ruled", "green"))
    return made


def codes(desk: Desk, at: datetime) -> dict[str, tuple[str, str]]:
    told = effective_codes(list(desk.keys.citizens.values()), now=at)
    return {name: told[key][:2] for name, key in desk.keys.citizens.items()}


def end_of_tomorrow(desk: Desk) -> datetime:
    """The first instant at which what the desk's run settled is valid no more."""
    run = Run.objects.last_settled()
    assert run
    return datetime.combine(run.day + timedelta(days=2), datetime.min.time(), ZoneInfo("Asia/Shanghai"))


def test_it_is_valid_to_the_end_of_the_day_after(desk: Desk) -> None:
    last = end_of_tomorrow(desk) - timedelta(seconds=1)
    assert codes(desk, desk.now) == codes(desk, last) == SETTLED


@pytest.mark.parametrize("days", [0, 1, 6])
def test_from_then_on_green_and_yellow_are_unknown_and_red_stays_red(desk: Desk, days: int) -> None:
    over = end_of_tomorrow(desk)
    at = over + timedelta(days=days)
    assert codes(desk, at) == EXPIRED
    for name in ("chen", "ruled", "green"):
        assert effective_code(desk.citizen(name).pk, now=at).since == over
        assert issue_pass(desk.citizen(name), now=at)[1].colour == "unknown"
    assert issue_pass(desk.citizen("zhang"), now=at)[1].colour == "red"
    assert count_effective_codes(now=at) == {("red", "policy"): 1, ("unknown", "expired"): 3}


def test_a_month_without_a_run_writes_nothing(desk: Desk) -> None:
    """The history says what was settled; that it expired follows from the runs' days."""
    before = list(EffectiveChange.objects.values()), list(EffectiveCode.objects.values())
    at = desk.now + timedelta(days=30)
    assert codes(desk, at)["green"] == UNKNOWN
    assert (list(EffectiveChange.objects.values()), list(EffectiveCode.objects.values())) == before


def test_the_next_run_makes_it_valid_again(desk: Desk) -> None:
    later = desk.now + timedelta(days=3)
    assert codes(desk, later) == EXPIRED
    desk.run(later)
    assert codes(desk, later) == SETTLED


@pytest.mark.parametrize("state", [Run.State.COLLECTING, Run.State.FAILED])
def test_a_run_that_has_not_settled_makes_nothing_valid(desk: Desk, state: Run.State) -> None:
    later = desk.now + timedelta(days=3)
    run, _ = start_run(by="system", now=later, as_of=later, collects=False)
    if state == Run.State.FAILED:
        Run.objects.filter(pk=run.pk).update(state=state, ended_at=later)
    assert codes(desk, later) == EXPIRED


def test_a_held_yellow_expires_and_a_held_red_stays(desk: Desk) -> None:
    silent = desk.now + timedelta(days=3)
    desk.run(silent, silent=("police",))
    zhang, chen = (desk.citizen(name).pk for name in ("zhang", "chen"))
    assert [effective_code(one, now=silent)[:2] for one in (zhang, chen)] == [("red", "held"), ("yellow", "held")]
    over = end_of_tomorrow(desk)
    assert [effective_code(one, now=over)[:2] for one in (zhang, chen)] == [("red", "held"), UNKNOWN]
    held = {one: [side.held.colour for side in provider_states(one, now=over) if side.held] for one in (zhang, chen)}
    assert held == {zhang: ["red"], chen: []}


def test_what_the_providers_say_ages_as_well(desk: Desk) -> None:
    """A colour of a run that has expired is not shown as today's, but as what it was."""
    over = end_of_tomorrow(desk)
    told = {
        name: [
            (side.state.value, side.was and side.was.value) for side in provider_states(desk.citizen(name).pk, now=over)
        ]
        for name in ("zhang", "chen")
    }
    expired = ("unknown", "green")
    assert told == {"zhang": [expired, ("red", None)], "chen": [expired, ("unknown", "yellow")]}
    alipay, wechat = provider_states(desk.citizen("chen").pk, now=over)
    assert (alipay.why_unknown, wechat.why_unknown, wechat.verdict) == ("expired", "expired", None)


def test_a_rulings_last_day_is_looked_at_when_the_code_is_asked_for(desk: Desk) -> None:
    """No sweep and no run has ended it: from its end on the code is what it is without it."""
    ruling = Ruling.objects.get(citizen__ref="ruled")
    end = datetime.combine(ruling.expires_on, datetime.min.time(), ZoneInfo("Asia/Shanghai"))
    Run.objects.update(day=ruling.expires_on - timedelta(days=1))
    before, after = end - timedelta(seconds=1), end
    assert effective_code(ruling.citizen_id, now=before)[:2] == ("green", "ruling")
    assert effective_code(ruling.citizen_id, now=after) == ("red", "policy", end)
    assert count_effective_codes(now=before)[CountedCode("green", "ruling")] == 1
    assert count_effective_codes(now=after)[CountedCode("green", "ruling")] == 0
    assert count_effective_codes(now=after)[CountedCode("red", "policy")] == 2
    assert issue_pass(desk.citizen("ruled"), now=after)[1].colour == "red"
    ruling.refresh_from_db()
    assert ruling.state == "approved", "nobody has written anything"


def test_whom_an_amending_run_judged_is_known(desk: Desk) -> None:
    """Applied after the day's run, judged by what amended it: known, and counted, not unknown until tomorrow."""
    base = Run.objects.last_settled()
    assert base
    Registration.objects.filter(citizen__ref="zhang").update(registered_at=base.as_of + timedelta(seconds=1))
    EffectiveCode.objects.filter(citizen__ref="zhang").delete()
    zhang = desk.citizen("zhang").pk
    assert effective_code(zhang, now=desk.now)[:2] == ("unknown", "unknown")
    ruled_wrong(desk)
    assert effective_code(zhang, now=desk.now)[:2] == ("green", "agreement")
    assert count_effective_codes(now=desk.now)[CountedCode("green", "agreement")] == 2
    desk.approve(desk.propose("chen", "green"))
    assert effective_code(zhang, now=desk.now)[:2] == ("green", "agreement")


@pytest.mark.parametrize(
    ("zone", "valid", "over"),
    [
        ("Asia/Shanghai", "2026-11-21T15:59:59", "2026-11-21T16:00"),
        ("Asia/Urumqi", "2026-11-21T17:59:59", "2026-11-21T18:00"),
    ],
)
def test_the_days_are_the_citys(bare_city: City, zone: str, valid: str, over: str) -> None:
    bare_city.timezone = zone
    before, after = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (valid, over))
    assert Age.of(date(2026, 11, 20), now=before).is_valid
    assert Age.of(date(2026, 11, 20), now=after).expired_at == after


def test_before_the_first_run_nothing_has_expired(bare_city: City) -> None:
    assert Age.of(None, now=datetime(2026, 1, 1, tzinfo=UTC)).is_valid
