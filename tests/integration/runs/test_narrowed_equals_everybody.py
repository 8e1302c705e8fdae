"""A run that judges only whose verdict can have changed leaves what judging everybody would (``docs/adr/0059-…``)."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest

from codes.runs import due
from regions.models import City as CityRow
from tests.integration.runs.worlds_by_day import FIRST_DAY, LAST_DAY, City
from tests.worlds import day, random_world, small_world, tick

SEEDS = range(6)
# The reasons for which somebody is judged, by what stands in their parts of the statement, each with a city that goes wrong without
# it: another seed is found by trying. Whom a run amended is due for another reason as well: what was decided, or came in since.
REASONS = {
    "new and changed records": ("FROM fresh WHERE version > 1", 0),
    "whoever a record was about": ("FROM fresh\n    CROSS JOIN LATERAL", 5),
    "what releases": ("fresh.kind = ANY (n.kinds)", 0),
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


@pytest.fixture
def few_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two or three, of which one may be given up."""
    monkeypatch.setattr("django.conf.settings.PARTITION_CITIZENS", 30)


def live(seed: int) -> Iterator[str]:
    """A fortnight of a city; a line for each verdict on which the two differ.

    In every other city all sources deliver in time, so that few are judged who need not be.
    """
    dice, calm = Random(seed), seed % 2 == 0
    small = [small_world(10 * seed + number) for number in range(10)]
    city = City([*small, random_world(seed, people=30), random_world(seed + 1_000, people=30)], dice)
    shares = []
    number = FIRST_DAY
    while number <= LAST_DAY:
        as_of = tick(3 * number + 1)
        city.learn(as_of - timedelta(hours=1))
        city.deliver(as_of - timedelta(hours=1), calm=calm)
        # What comes in while the run is under way is there, and counts from the next one on.
        city.learn(as_of + timedelta(hours=dice.choice([0, 1, 9])))
        ends = dice.choice(["done", "done", "done", "failed", "parked", "held"]) if number > FIRST_DAY else "done"
        known = as_of if calm else dice.choice([as_of, as_of, as_of - timedelta(hours=8)])
        judged = city.run(day(number), known, ends=ends)
        shares.append(judged.share)
        yield from (f"day {number} ({ends}): {one}" for one in sorted(judged.differing))
        number += dice.choice([0, 1, 1, 1, 2])
    assert min(shares) < 0.7, shares


@pytest.mark.parametrize("seed", SEEDS)
def test_narrowed_runs(bare_city: CityRow, few_partitions: None, seed: int) -> None:
    assert list(live(seed)) == []


@pytest.mark.parametrize("reason", REASONS)
def test_no_reason_may_be_missing(
    bare_city: CityRow, few_partitions: None, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """Without any one of them a city goes wrong."""
    part, seed = REASONS[reason]
    before, _, rest = due.QUEUE.partition("due AS (\n")
    body, _, after = rest.rpartition("\n)\nINSERT")
    parts = body.split("\n    UNION ALL\n")
    left = [one for one in parts if part not in one]
    assert len(left) == len(parts) - 1
    narrowed = "\n    UNION ALL\n".join(left)
    monkeypatch.setattr(due, "QUEUE", f"{before}due AS (\n{narrowed}\n)\nINSERT{after}")
    assert next(live(seed), None) is not None
