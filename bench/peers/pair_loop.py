"""The diagnosis in the most direct style: a loop over the pairs, each judged sixteen times in Python.

It finds the swaps and the primary cause; it omits the root cause, which the portal stores too.
"""

from collections.abc import Sequence
from itertools import combinations

from bench.clock import watch
from bench.peers.inputs import check_in_spans
from bench.peers.person import Eyes, Versions, judge, load_versions
from bench.rounds import BenchFailed
from codes.models import Disagreement, Fact, PairDiagnosis, Run, RunProvider
from regions.tenancy import current_city

FACTORS = ("freshness", "rules", "declaration", "source")
Swaps = set[frozenset[str]]


def diagnose_in_a_loop(run: Run, disagreements: Sequence[int]) -> float:
    """Return the seconds for these disagreements. Raises ``BenchFailed`` unless every pair's swaps and cause are as stored."""
    found: dict[tuple[int, str, str], tuple[str, Swaps, Swaps]] = {}
    with watch() as counted:
        versions = load_versions(current_city().zone)
        frozen = {row.provider.code: row for row in run.providers.select_related("provider")}
        for disagreement in Disagreement.objects.filter(pk__in=disagreements).iterator():
            facts = list(Fact.objects.filter(citizen=disagreement.citizen_id))
            eyes = {code: _eyes(row, disagreement.citizen_id) for code, row in frozen.items()}
            for a, b in combinations(sorted(disagreement.colours), 2):
                if disagreement.colours[a] != disagreement.colours[b]:
                    found[disagreement.pk, a, b] = _diagnose(facts, eyes[a], eyes[b], versions, run)
    for pair in PairDiagnosis.objects.filter(disagreement__in=disagreements).select_related("a", "b"):
        stored = (
            pair.primary_cause,
            *({frozenset(one) for one in swaps} for swaps in (pair.swaps_a_to_b, pair.swaps_b_to_a)),
        )
        if found.pop((pair.disagreement_id, pair.a.code, pair.b.code)) != stored:
            raise BenchFailed(f"the loop and the portal diagnose disagreement {pair.disagreement_id} otherwise")
    if found:
        raise BenchFailed(f"{len(found)} pairs have no stored diagnosis")
    return counted.seconds


def _eyes(frozen: RunProvider, citizen: int) -> Eyes:
    spans = check_in_spans([citizen]).get((citizen, frozen.provider_id), [])
    return Eyes(frozen.provider_id, frozen.source_id, frozen.version_id, frozen.horizon, spans)  # type: ignore[arg-type]


def _diagnose(facts: list[Fact], a: Eyes, b: Eyes, versions: Versions, run: Run) -> tuple[str, Swaps, Swaps]:
    a_to_b, b_to_a = (_swaps(facts, *pair, versions, run) for pair in ((a, b), (b, a)))
    alone = {factor for swap in a_to_b | b_to_a if len(swap) == 1 for factor in swap}
    return next((factor for factor in FACTORS if factor in alone), "interaction"), a_to_b, b_to_a


def _swaps(facts: list[Fact], base: Eyes, other: Eyes, versions: Versions, run: Run) -> Swaps:
    """Return the smallest sets of factors that, taken from the other side, give the other side's colour."""
    wanted, _ = judge(facts, other, versions, as_of=run.as_of, day=run.day)
    found: Swaps = set()
    for size in range(1, len(FACTORS) + 1):
        for swap in map(frozenset, combinations(FACTORS, size)):
            if any(smaller <= swap for smaller in found):
                continue
            colour, _ = judge(facts, _hybrid(base, other, swap), versions, as_of=run.as_of, day=run.day)
            if colour == wanted:
                found.add(swap)
    return found


def _hybrid(base: Eyes, other: Eyes, swap: frozenset[str]) -> Eyes:
    declaring = other if "declaration" in swap else base
    return Eyes(
        declared_with=declaring.declared_with,
        source_id=(other if "source" in swap else base).source_id,
        version_id=(other if "rules" in swap else base).version_id,
        horizon=(other if "freshness" in swap else base).horizon,
        check_ins=declaring.check_ins,
    )
