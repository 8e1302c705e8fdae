"""A process that has begun a run is killed at one of its statements, and another process finishes the run."""

from datetime import datetime
from functools import partial

import pytest

from codes.models import Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.tenancy import in_city
from tests.simulation.crashes import DEATH, LEASES_ARE_OVER, work_through
from tests.simulation.stage import SCHEMA
from tests.worlds.dice import Dice

# The drawn kind of crash, the death of the process, and the number of a statement in the middle of the run.
DIES, STATEMENT = 1, 20


class Chosen(Dice):
    """Dice that give the specified numbers in turn."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def number(self, low: int, high: int) -> int:
        chosen = self.numbers.pop(0)
        assert low <= chosen <= high
        return chosen


def _work(run: int, at: datetime) -> Run:
    return run_here(run, clock=lambda: at, progress=lambda _: None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", [1, 2], ids=["before a statement", "after it"])
def test_another_process_finishes_what_a_dead_one_began(when: int, now: datetime) -> None:
    with in_city(SCHEMA):
        run, _ = start_run(by="system", now=now, collects=False)
        work = partial(_work, run.pk)
        done, interrupted = work_through(Chosen(DIES, STATEMENT, when), work, now=now, crashes=1)
        assert interrupted == {DEATH: 1}
        assert done.state == Run.State.DONE
        assert done.ended_at is not None
        assert done.ended_at - now == LEASES_ARE_OVER
