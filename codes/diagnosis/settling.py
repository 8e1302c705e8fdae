"""Diagnosing what a run found: every new disagreement's pairs, their swaps, primary cause and guilty piece, stored."""

from collections import Counter
from itertools import islice

from django.db import connection

from codes.diagnosis.contrast import contrast
from codes.diagnosis.evidence import Evidence, gather
from codes.diagnosis.finders import FINDERS
from codes.diagnosis.group_key import group_key
from codes.diagnosis.hybrids import Pair, judge_pairs
from codes.diagnosis.piece import Guilty, Interaction, Side
from codes.diagnosis.swaps import BIT, minimal, named, primary_cause, sufficient
from codes.models import Disagreement, PairDiagnosis, Run
from codes.vocabulary import Cause, Factor
from regions.tenancy import current_city

CHUNK = 5_000

# A case belongs to the group of its citizen's first diagnosed pair.
GROUP_CASES = """
UPDATE codes_case c SET group_key = first.group_key
FROM (SELECT DISTINCT ON (disagreement_id) disagreement_id, group_key FROM codes_pairdiagnosis WHERE run_id = %s
      ORDER BY disagreement_id, id) first
WHERE c.disagreement_id = first.disagreement_id AND c.closed_at IS NULL AND c.group_key <> first.group_key
"""


def diagnose_new(run: Run) -> dict[str, int]:
    """Diagnose the disagreements the run opened; how many pairs by primary cause."""
    causes: Counter[str] = Counter()
    new = Disagreement.objects.filter(opened_run=run, pairs__isnull=True).order_by("pk").values_list("pk", flat=True)
    ids = iter(list(new))
    while chunk := list(islice(ids, CHUNK)):
        rows = diagnose(run, chunk)
        PairDiagnosis.objects.bulk_create(rows, batch_size=1000)
        causes.update(row.primary_cause for row in rows)
    return dict(sorted(causes.items()))


def group_cases(run: Run) -> None:
    """Put the open cases of the run's diagnoses into their groups."""
    with connection.cursor() as cursor:
        cursor.execute(GROUP_CASES, [run.pk])


def diagnose(run: Run, disagreements: list[int]) -> list[PairDiagnosis]:
    """Unsaved diagnoses of all disagreeing pairs, by the run's frozen inputs."""
    pairs = list(judge_pairs(run, disagreements, zone=current_city().timezone))
    evidence = gather(pairs)
    return [_diagnosis(run, pair, evidence) for pair in pairs]


def _diagnosis(run: Run, pair: Pair, evidence: Evidence) -> PairDiagnosis:
    colours = {mask: judged.colour for mask, judged in pair.hybrids.items()}
    a_to_b = minimal(sufficient(colours, from_a=True))
    b_to_a = minimal(sufficient(colours, from_a=False))
    cause = primary_cause(a_to_b, b_to_a)
    guilty = _guilty(pair, cause, a_to_b, b_to_a, evidence)
    return PairDiagnosis(
        disagreement_id=pair.disagreement_id,
        a_id=pair.a,
        b_id=pair.b,
        primary_cause=cause.value,
        swaps_a_to_b=named(a_to_b),
        swaps_b_to_a=named(b_to_a),
        guilty=guilty,
        group_key=group_key(guilty),
        run=run,
    )


def _guilty(pair: Pair, cause: Cause, a_to_b: tuple[int, ...], b_to_a: tuple[int, ...], evidence: Evidence) -> Guilty:
    if cause is Cause.INTERACTION:
        return Interaction(cause="interaction", swaps_a_to_b=named(a_to_b), swaps_b_to_a=named(b_to_a))
    factor = Factor(cause.value)
    base: Side = "a" if BIT[factor] in a_to_b else "b"
    return FINDERS[cause](contrast(pair, factor, base=base, evidence=evidence))
