"""A run that judges only whose verdict can have changed leaves what judging everybody would (``docs/adr/0059-…``)."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from django.db import transaction

from codes.runs import due
from regions.models import City as CityRow
from tests.integration.runs.worlds_by_day import FIRST_DAY, LAST_DAY, City
from tests.worlds import day, random_world, small_world, tick

SEEDS, UNTIL_FOUND = range(6), range(40)
# The reasons for which somebody is judged, by what stands in their parts of the statement. Whom a run amended is due for another
# reason as well: what was decided, or came in since.
REASONS = {
    "new and changed records": "FROM fresh WHERE version > 1",
    "whoever a record was about": "FROM fresh\n    CROSS JOIN LATERAL",
    "what releases": "fresh.kind = ANY (n.kinds)",
    "a day that has come": "n.next_on <= run.day",
    "check-ins": "n.checked_in IS NOT NULL",
    "registrations": "FROM codes_registration WHERE id",
    "decisions about records": "FROM codes_suppression wrong",
    "changes kept back": "kept.held_in_id IS NOT NULL",
    "parts given up": "parked.state = 'parked'",
    "providers that judge otherwise": "%(in_full)s",
    "stays under another risk list": "kind = 'area_stay' AND",
    "whoever is held under another version": "%(later_versions)s",
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
    """Without any one of them some city goes wrong."""
    before, _, rest = due.QUEUE.partition("due AS (\n")
    body, _, after = rest.rpartition("\n)\nINSERT")
    parts = body.split("\n    UNION ALL\n")
    left = [one for one in parts if REASONS[reason] not in one]
    assert len(left) == len(parts) - 1
    narrowed = "\n    UNION ALL\n".join(left)
    monkeypatch.setattr(due, "QUEUE", f"{before}due AS (\n{narrowed}\n)\nINSERT{after}")
    assert any(goes_wrong(seed) for seed in UNTIL_FOUND)


def goes_wrong(seed: int) -> bool:
    with transaction.atomic():
        found = next(live(seed), None)
        transaction.set_rollback(True)
    return found is not None
