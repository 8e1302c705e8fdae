"""Diagnoses are prepared in the partitions, and settling assigns them to the disagreements that it opens."""

import pytest
from django.db import transaction

from codes.models import Disagreement, PairDiagnosis, PreparedDiagnosis, Run
from codes.runs import partitions
from codes.runs.partitions import work_partition
from codes.runs.steps import advance
from tests.integration.runs.conftest import Filled

Row = tuple[object, ...]


def judge(filled: Filled) -> Run:
    """Open a run and work all its partitions; it has not settled."""
    run = filled.start()
    for number in advance(run.pk, clock=lambda: filled.scene.as_of):
        assert work_partition(run.pk, number, clock=lambda: filled.scene.as_of)
    return run


def diagnoses() -> set[Row]:
    """Without what differs from run to run."""
    columns = ("disagreement__citizen__ref", "a", "b", "primary_cause", "group_key")
    rows = PairDiagnosis.objects.values_list(*columns, "swaps_a_to_b", "swaps_b_to_a", "root_cause")
    return {(*row[:5], *map(repr, row[5:])) for row in rows}


def test_settling_has_nothing_left_to_work_out(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    run = judge(filled)
    prepared = PreparedDiagnosis.objects.count()
    assert prepared > 10
    assert not Disagreement.objects.exists(), "nothing of it is shown yet"

    monkeypatch.setattr(
        "codes.diagnosis.diagnose.judge_pairs", lambda *_given, **_more: pytest.fail("worked out again")
    )
    assert filled.finish_here(run).state == Run.State.DONE

    assert (PairDiagnosis.objects.count(), PreparedDiagnosis.objects.count()) == (prepared, 0)
    assert not Disagreement.objects.filter(pairs=None).exists()


def test_what_nobody_prepared_is_worked_out_in_settling(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        filled.finish_here(filled.start())
        prepared = diagnoses()
        transaction.set_rollback(True)
    monkeypatch.setattr(partitions, "prepare_diagnoses", lambda *_given, **_more: None)
    run = judge(filled)
    assert not PreparedDiagnosis.objects.exists()
    filled.finish_here(run)
    assert diagnoses() == prepared


def test_what_differs_by_the_end_is_worked_out_anew(filled: Filled) -> None:
    """As where a provider's changes are kept back: what was prepared rests on other hits than are shown."""
    run = judge(filled)
    one = PreparedDiagnosis.objects.order_by("pk")[0]
    of_one = PreparedDiagnosis.objects.filter(citizen=one.citizen)
    wrong = of_one.update(fingerprint=b"another", primary_cause="interaction", group_key="of other hits")
    filled.finish_here(run)
    assert PairDiagnosis.objects.filter(disagreement__citizen=one.citizen).count() == wrong
    assert not PairDiagnosis.objects.filter(group_key="of other hits").exists()


def test_a_run_begins_with_nothing_prepared(filled: Filled) -> None:
    """The rows of a run that never settled are no longer there when the next one has begun."""
    first = judge(filled)
    assert PreparedDiagnosis.objects.filter(run=first).exists()
    Run.objects.filter(pk=first.pk).update(state=Run.State.FAILED, ended_at=filled.scene.as_of)
    second = filled.start()
    advance(second.pk, clock=lambda: filled.scene.as_of)
    assert not PreparedDiagnosis.objects.exists()
