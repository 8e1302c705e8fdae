"""The numbers of disagreements of each run, counted back from the present ones, equal those of that time."""

from collections import Counter

from codes.disagreements import Kind, pairs_after
from codes.models import Disagreement, PairDiagnosis, Run
from regions.models import City
from tests.integration.diagnosis.running import diagnosed
from tests.oracle import disagreements
from tests.worlds import random_world


def test_every_run_has_the_pairs_that_stood_after_it(bare_city: City) -> None:
    drawn = (random_world(seed, people=60) for seed in range(30))
    scene = next(one for one in drawn if len(disagreements(one.world, one.day, one.as_of)) > 8)
    first = diagnosed(scene).run
    second, third = (_later(first, more) for more in (1, 2))
    found = list(Disagreement.objects.order_by("pk"))
    Disagreement.objects.filter(pk__in=[one.pk for one in found[::2]]).update(closed_run=second)
    Disagreement.objects.filter(pk__in=[one.pk for one in found[::3]]).update(closed_run=third)
    Disagreement.objects.filter(pk__in=[one.pk for one in found[1::4]]).update(opened_run=third, closed_run=None)

    runs = [first, second, third]
    counted = pairs_after(runs)
    for place, run in enumerate(runs):
        assert {kind: counts[place] for kind, counts in counted.items() if counts[place]} == _standing(run)
    assert len({sum(counts[place] for counts in counted.values()) for place in range(3)}) > 1


def test_without_a_run_there_is_nothing(alpha: City) -> None:
    assert pairs_after([]) == {}


def _later(run: Run, more: int) -> Run:
    return Run.objects.create(
        day=run.day,
        sequence=run.sequence + 10 * more,
        as_of=run.as_of,
        started_by="test",
        started_at=run.as_of,
        state=Run.State.DONE,
        ended_at=run.as_of,
    )


def _standing(run: Run) -> Counter[Kind]:
    return Counter(
        Kind(pair.primary_cause, pair.a_id, pair.b_id)
        for pair in PairDiagnosis.objects.select_related("disagreement")
        if pair.disagreement.opened_run_id <= run.pk
        and (pair.disagreement.closed_run_id is None or pair.disagreement.closed_run_id > run.pk)
    )
