"""In drawn worlds, sweeping expired data changes no verdict, effective code or case."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from codes.models import Case, EffectiveCode, Entry, Fact, Run, Verdict, VerdictChange
from codes.runs.ledger import start_run
from codes.runs.partitions import evaluate_range
from codes.runs.steps import freeze_providers, run_here
from codes.statistics import EVIDENCE, refresh_statistics
from regions.models import City
from regions.retention.classes import data_classes
from regions.retention.sweeping import sweep_class
from tests.integration.engine.loading import load_world
from tests.worlds import asked_at, random_world

YEAR = timedelta(days=365)
# How many days before the day that is asked about everything is past its time: most of a world, half of it, little.
LIMITS = (0, 4, 10, 25)


def standing() -> list[Any]:
    return [
        sorted(Verdict.objects.values_list("citizen", "provider", "version", "colour", "turns_green_on"), key=str),
        sorted(map(str, Verdict.objects.values_list("citizen", "provider", "hits", "needs"))),
        sorted(EffectiveCode.objects.values_list("citizen", "colour", "because")),
        sorted(Case.objects.values_list("citizen", "state")),
    ]


def judged_anew(last: Run, day: Any, as_of: Any, zone: str) -> int:
    """How many verdicts a further run of the same inputs changes; it leaves nothing behind."""
    with transaction.atomic():
        again = Run.objects.create(day=day, as_of=as_of, sequence=7, started_by="test", started_at=last.started_at)
        freeze_providers(again)
        evaluate_range(run=again, low=0, high=2**62, zone=zone)
        changed = VerdictChange.objects.filter(run=again).count()
        transaction.set_rollback(True)
    return changed


@pytest.mark.parametrize("seed", [2, 3, 5, 8])
def test_nobodys_colour_changes(bare_city: City, seed: int) -> None:
    scene = random_world(seed, people=120)
    load_world(scene.world, known_at=scene.as_of)
    at = asked_at(scene.day, scene.as_of)
    # A look-up is planned by what is there. A run asks for it of what was committed, which nothing is in a test.
    refresh_statistics(EVIDENCE, changed=True)
    run, _ = start_run(by="system", now=at, day=scene.day, as_of=scene.as_of, collects=False)
    run = run_here(run.pk, clock=lambda: at, progress=lambda _run: None)
    assert run.state in Run.SETTLED, run.message
    before, facts, entries = standing(), Fact.objects.count(), Entry.objects.count()

    swept: dict[str, int] = {}
    for days in reversed(LIMITS):
        for one in data_classes():
            if one.name in ("facts", "entries"):
                swept[one.name] = swept.get(one.name, 0) + sweep_class(
                    one, now=scene.as_of + YEAR - timedelta(days=days)
                )
        assert judged_anew(run, scene.day, scene.as_of, str(scene.world.zone)) == 0, f"{days} days"

    assert swept["facts"] > 5
    assert swept["entries"] > 5
    assert standing() == before
    assert (Fact.objects.count(), Entry.objects.count()) == (facts, entries), (
        "what is left is known when it comes again"
    )
