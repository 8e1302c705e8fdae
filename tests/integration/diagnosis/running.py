"""A scene's run, and the diagnoses it stored."""

from dataclasses import dataclass

from codes.models import PairDiagnosis, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.tenancy import current_city
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.oracle import Diagnosis, Swap
from tests.worlds import Scene, asked_at

# As many as make a run take little longer than over one.
WORLDS_AT_A_TIME = 25
Pair = tuple[str, str, str]
"""(citizen, provider, provider), the providers in the order of their codes."""


@dataclass(frozen=True)
class Diagnosed:
    run: Run
    keys: Keys
    pairs: dict[Pair, PairDiagnosis]

    def of(self, part: Scene) -> dict[Pair, PairDiagnosis]:
        """Those of the people of one of the city's worlds."""
        people = set(part.world.citizens)
        return {pair: row for pair, row in self.pairs.items() if pair[0] in people}


def diagnosed(scene: Scene) -> Diagnosed:
    """Load the scene into the city the connection is in and run its day there."""
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
    """The stored causes in the oracle's words."""
    return Diagnosis(row.primary_cause, _swaps(row.swaps_a_to_b), _swaps(row.swaps_b_to_a))  # type: ignore[arg-type]


def _swaps(stored: list[list[str]]) -> frozenset[Swap]:
    swaps = [frozenset(swap) for swap in stored]
    assert len(set(swaps)) == len(swaps), "each is stored once"
    return frozenset(swaps)  # type: ignore[arg-type]
