"""A run that judges only whose verdict can have changed leaves what judging everybody would (``docs/adr/0059-…``)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from codes import effective
from codes.diagnosis import diagnose
from codes.models import Verdict
from codes.runs import due
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.models import City as CityRow
from regions.tenancy import current_city
from tests.integration.runs import days
from tests.integration.runs.worlds_by_day import FIRST_DAY, LAST_DAY, City, Ways
from tests.oracle import Rule
from tests.worlds import day, random_world, small_world, tick

SEEDS = (0, 1, 2, 4, 5, 10, 14)
# The reasons for which somebody is judged, by what stands in their parts of the statement, each with a city that goes wrong without
# it: another seed is found by trying. Whom a run amended is due for another reason as well: what was decided, or came in since.
REASONS = {
    "new and changed records": ("FROM fresh WHERE version > 1", 0),
    "whoever a record was about": ("FROM fresh\n    CROSS JOIN LATERAL", 10),
    "what releases": ("fresh.kind = ANY (n.kinds)", 1),
    "a day that has come": ("n.next_on <= run.day", 1),
    "check-ins": ("n.checked_in IS NOT NULL", 0),
    "registrations": ("FROM codes_registration WHERE id", 0),
    "decisions about records": ("FROM codes_suppression wrong", 1),
    "changes kept back": ("kept.held_in_id IS NOT NULL", 1),
    "parts given up": ("parked.state = 'parked'", 1),
    "providers that judge otherwise": ("%(in_full)s", 0),
    "stays under another risk list": ("kind = 'area_stay' AND", 0),
    "whoever is held under another version": ("%(later_versions)s", 0),
}
# The reasons for which somebody's code is settled who was not judged, likewise.
SETTLED_FOR = {
    "a ruling that may be suspended": ("citizen_id FROM codes_ruling", 0),
    "a ruling that has ended": ("%(lapsed)s", 0),
}


@pytest.fixture
def few_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """One or two, which may be given up."""
    monkeypatch.setattr("django.conf.settings.PARTITION_CITIZENS", 50)


@contextmanager
def not_judged_for(part: str) -> Iterator[None]:
    """Leave out the reason to judge somebody in whose part of the statement this stands."""
    before, _, rest = due.QUEUE.partition("due (citizen_id, since) AS (\n")
    body, _, after = rest.rpartition("\n)\nINSERT")
    narrowed = "\n    UNION ALL\n".join(_without(part, body.split("\n    UNION ALL\n")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(due, "QUEUE", f"{before}due (citizen_id, since) AS (\n{narrowed}\n)\nINSERT{after}")
        yield


@contextmanager
def not_settled_for(part: str) -> Iterator[None]:
    """Leave out the reason to settle somebody's code in whose part of the statement this stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            effective, "TOUCHED_BY_JUDGED", "UNION".join(_without(part, effective.TOUCHED_BY_JUDGED.split("UNION")))
        )
        yield


def _without(part: str, parts: list[str]) -> list[str]:
    left = [one for one in parts if part not in one]
    assert len(left) == len(parts) - 1
    return left


@contextmanager
def not_diagnosed_again() -> Iterator[None]:
    """Explain no disagreement anew because somebody was judged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnose, "JUDGED_BY_RUN", "SELECT NULL::bigint")
        yield


@contextmanager
def versions_taken_for_the_same() -> Iterator[None]:
    """Explain no disagreement anew because a provider has another version, which judges the person as before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnose, "_with_other_versions", lambda run: [])
        yield


@contextmanager
def voices_taken_for_the_same() -> Iterator[None]:
    """Do not look whether a provider has fallen silent or is heard again, or whether the freshest is another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(due, "_judging", lambda run: {})
        yield


JUDGING: Ways = {name: partial(not_judged_for, part) for name, (part, _) in REASONS.items()}
SETTLING: Ways = {
    **{name: partial(not_settled_for, part) for name, (part, _) in SETTLED_FOR.items()},
    "whoever was judged": not_diagnosed_again,
    "other versions": versions_taken_for_the_same,
    "other voices": voices_taken_for_the_same,
}
NEEDED_BY = {name: seed for name, (_, seed) in (REASONS | SETTLED_FOR).items()} | {
    "whoever was judged": 0,
    "other versions": 14,
    "other voices": 1,
}


@dataclass
class Lived:
    """``faults``: a line for each verdict, code and disagreement on which narrowed runs and those of everybody differ.

    ``needed``: the reasons without which a run would have gone wrong.
    """

    faults: list[str] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)


def live(seed: int, *, wanted: Collection[str]) -> Lived:
    """Live a fortnight of a city. Try its runs without the wanted reasons, until one goes wrong without each of them.

    In every other city all sources deliver in time, so that few are judged who need not be.
    """
    dice, calm = Random(seed), seed % 2 == 0
    current_city().interim_policy = ("strictest", "freshest")[seed // 2 % 2]
    small = [small_world(10 * seed + number) for number in range(10)]
    city = City([*small, random_world(seed, people=30), random_world(seed + 1_000, people=30)], dice)
    lived, shares, narrowed = Lived(), list[float](), 0
    number = FIRST_DAY
    while number <= LAST_DAY:
        as_of = tick(3 * number + 1)
        city.learn(as_of - timedelta(hours=1))
        city.deliver(as_of - timedelta(hours=1), calm=calm)
        # What comes in while the run is under way is there, and counts from the next one on.
        city.learn(as_of + timedelta(hours=dice.choice([0, 1, 9])))
        ends = dice.choice(["done", "done", "done", "failed", "parked", "held"]) if number > FIRST_DAY else "done"
        known = as_of if calm else dice.choice([as_of, as_of, as_of - timedelta(hours=8)])
        city.rule(as_of)
        judging, settling = (
            {name: way for name, way in ways.items() if name in wanted and name not in lived.needed}
            for ways in (JUDGING, SETTLING)
        )
        judged = city.run(day(number), known, ends=ends, judging=judging, settling=settling)
        shares.append(judged.share)
        narrowed += judged.settled_narrowed
        lived.needed |= judged.missed
        lived.faults += [
            f"day {number} ({ends}): {one}" for one in (*sorted(judged.differing), *sorted(judged.unsettled))
        ]
        number += dice.choice([0, 1, 1, 1, 2])
    assert min(shares) < 0.7, shares
    assert narrowed or not calm, "it has settled everybody every time"
    return lived


@pytest.mark.parametrize("seed", SEEDS)
def test_narrowed_runs(bare_city: CityRow, few_partitions: None, seed: int) -> None:
    """Without any one of the reasons that this city needs, a run goes wrong."""
    wanted = {name for name, needed_by in NEEDED_BY.items() if needed_by == seed}
    lived = live(seed, wanted=wanted)
    assert lived.faults == []
    assert lived.needed == wanted


def test_every_reason_is_needed_by_a_city_that_is_lived() -> None:
    assert set(NEEDED_BY) == {*JUDGING, *SETTLING}
    assert set(NEEDED_BY.values()) <= set(SEEDS)


def test_a_day_that_is_taken_back_wakes_a_hit_that_check_ins_had_released(
    bare_city: CityRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no rule is about symptoms."""
    monkeypatch.setattr(days, "RULES", (Rule("R1", "close_contact", "red", hold_days=1, checkin_days=2),))
    life = days.Life(registered=("alipay",))
    life.live("bigdata: close_contact")
    hit_on = life.day
    days.check_in(life, hit_on, healthy=True)
    life.live("")
    days.check_in(life, hit_on + timedelta(days=1), healthy=True)
    life.live("")
    life.live("")
    assert not Verdict.objects.exists()
    days.check_in(life, hit_on + timedelta(days=1), healthy=False)
    run = life.live("")
    assert not run.everybody
    assert Verdict.objects.get().colour == "red"


def test_a_check_in_counts_in_the_next_run_of_its_day(bare_city: CityRow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was awaited of that day already, and is the last that a hit waits for."""
    monkeypatch.setattr(days, "RULES", (Rule("R1", "close_contact", "red", hold_days=1, checkin_days=2),))
    life = days.Life(registered=("alipay",))
    life.live("bigdata: close_contact")
    days.check_in(life, life.day, healthy=True)
    life.live("")
    days.check_in(life, life.day, healthy=True)
    assert Verdict.objects.get().colour == "red"
    evening = life.as_of + timedelta(hours=8)
    run, _ = start_run(by="system", now=evening, as_of=evening, collects=False)
    run = run_here(run.pk, clock=lambda: evening, progress=lambda _: None)
    assert not run.everybody
    assert not Verdict.objects.exists()
