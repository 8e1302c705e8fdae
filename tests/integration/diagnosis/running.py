"""Run a scene's day and read the stored diagnoses."""

from dataclasses import dataclass

from codes.models import PairDiagnosis, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.tenancy import current_city
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.oracle import Diagnosis, Swap
from tests.worlds import Scene, asked_at

# The number of worlds in one city: with so many, a run takes little longer than with one.
WORLDS_AT_A_TIME = 25
Pair = tuple[str, str, str]
"""(citizen, provider, provider). The providers are in the order of their codes."""


@dataclass(frozen=True)
class Diagnosed:
    run: Run
    keys: Keys
    pairs: dict[Pair, PairDiagnosis]

    def of(self, part: Scene) -> dict[Pair, PairDiagnosis]:
        """Return the diagnoses of the people of one of the city's worlds."""
        people = set(part.world.citizens)
        return {pair: row for pair, row in self.pairs.items() if pair[0] in people}


def diagnosed(scene: Scene) -> Diagnosed:
    """Load the scene into the current city and run its day there."""
    current_city().interim_policy = scene.world.interim_policy
    keys = load_world(scene.world, known_at=scene.as_of)
    run, _ = start_run(
        by="system", now=asked_at(scene.day, scene.as_of), day=scene.day, as_of=scene.as_of, collects=False
    )
    run = run_here(run.pk, clock=lambda: scene.as_of, progress=lambda _: None)
    assert run.state == Run.State.DONE
    rows = PairDiagnosis.objects.select_related("a", "b", "disagreement__citizen")
    return Diagnosed(run, keys, {(row.disagreement.citizen.ref, row.a.code, row.b.code): row for row in rows})


def as_oracle_says_it(row: PairDiagnosis) -> Diagnosis:
    """Return the stored diagnosis in the form of the oracle's."""
    return Diagnosis(row.primary_cause, _swaps(row.swaps_a_to_b), _swaps(row.swaps_b_to_a))  # type: ignore[arg-type]


def _swaps(stored: list[list[str]]) -> frozenset[Swap]:
    swaps = [frozenset(swap) for swap in stored]
    assert len(set(swaps)) == len(swaps), "each is stored once"
    return frozenset(swaps)  # type: ignore[arg-type]
