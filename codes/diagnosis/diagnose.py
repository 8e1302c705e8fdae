"""Diagnose the disagreements that a run opens, and store the result for each pair.

Most diagnoses are prepared in the run's partitions, by several workers and before the city shows the disagreements. When the run
settles, the prepared diagnoses are assigned to the disagreements that it opened, and the missing ones are computed. Standing
disagreements are diagnosed again if there is new data about them: the same colours may have another reason by then.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from codes.diagnosis.evidence import Comparison, Evidence, load_evidence
from codes.diagnosis.finders import FINDERS
from codes.diagnosis.hybrids import (
    ALL,
    BIT,
    Choice,
    Colours,
    Pair,
    SufficientSwaps,
    Swap,
    factor_names,
    judge_pairs,
    sufficient_swaps,
    swaps_of,
)
from codes.diagnosis.root_cause import Interaction, RootCause, Side, steady
from codes.disagreements import disagreements_to_open
from codes.engine.subjects import JUDGED_BY_RUN, NAMED_BY_RUN, among
from codes.models import Disagreement, HeldGroup, PairDiagnosis, Run, VerdictChange
from codes.vocabulary import Cause, Colour, Factor
from regions.copying import copy_rows
from regions.sql import arrays, compose
from regions.tenancy import current_city


def group_key(root_cause: RootCause) -> str:
    """Return the key of the late delivery, rule pair, risk-area entry or batch of the cause; empty if it concerns one person only."""
    if root_cause["cause"] == "freshness":
        return f"late|{root_cause['late']}|{root_cause['horizons'][root_cause['late']]}|{root_cause['source']}"
    if root_cause["cause"] == "rules" and root_cause["rules"]:
        one = root_cause["rules"][0]
        a, b = (
            f"{rule['rule_set']}-{rule['version']}:{rule['code']}" if rule else "-" for rule in (one["a"], one["b"])
        )
        return f"rules|{a}|{b}|{','.join(one['differs'])}"
    if root_cause["cause"] == "rules" and root_cause["risk_areas"]:
        entry = root_cause["risk_areas"][0]
        return f"risk|{entry['rule_set']}-{entry['version']}|{entry['area']}|{entry['level']}|{entry['from_day']}"
    if root_cause["cause"] == "source" and root_cause["only"]:
        record = root_cause["only"][0]["record"]
        return f"batch|{record['origin_code']}|{record['batch'] or 0}|{record['kind']}"
    return ""


# Number of people diagnosed at a time: small enough for the data to stay in the processor's cache.
CHUNK = 1_000

SQL = Path(__file__).with_suffix(".sql")
GROUP_CASES, USE_PREPARED = compose(SQL, "group_cases"), compose(SQL, "use_prepared")
OPEN_ANEW, LOOK_AGAIN = compose(SQL, "open_anew"), compose(SQL, "look_again")


class Diagnosis(NamedTuple):
    """The columns that ``PairDiagnosis`` and ``PreparedDiagnosis`` share, except the run."""

    a_id: int
    b_id: int
    primary_cause: str
    swaps_a_to_b: list[list[str]]
    swaps_b_to_a: list[list[str]]
    root_cause: RootCause
    group_key: str
    next_on: date | None


def prepare_diagnoses(run: Run, *, low: int, high: int) -> None:
    """Diagnose the disagreements that the run will open for citizens with ``low`` ≤ id < ``high``.

    Call in the transaction that judged them.
    """
    opening = {one.citizen_id: one for one in disagreements_to_open(run, low=low, high=high)}
    found = _diagnoses(run, {citizen: one.colours for citizen, one in opening.items()})
    rows = ((citizen, opening[citizen].fingerprint, *one, run.pk) for citizen, one in found)
    copy_rows("codes_prepareddiagnosis", ("citizen_id", "fingerprint", *Diagnosis._fields, "run_id"), rows)


def forget_prepared() -> None:
    """Delete all prepared diagnoses. Called before a run prepares its own, and after they have been used."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_prepareddiagnosis")


def use_prepared(run: Run) -> None:
    """Assign the prepared diagnoses to the disagreements that the run has opened. Call before ``diagnose_new``."""
    with connection.cursor() as cursor:
        cursor.execute(USE_PREPARED, {"run": run.pk})
    forget_prepared()


def diagnose_new(run: Run) -> dict[str, int]:
    """Diagnose the disagreements that the run opened or that were postponed. Return the run's numbers of pairs by primary cause."""
    opened = {citizen: (pk, colours) for pk, citizen, colours in _undiagnosed(run)}
    found = _diagnoses(run, {citizen: colours for citizen, (_, colours) in opened.items()})
    rows = ((opened[citizen][0], *one, run.pk) for citizen, one in found)
    copy_rows("codes_pairdiagnosis", ("disagreement_id", *Diagnosis._fields, "run_id"), rows)
    counted = PairDiagnosis.objects.filter(run=run).values_list("primary_cause").annotate(Count("pk"))
    return dict(counted.order_by("primary_cause"))


def _undiagnosed(run: Run) -> QuerySet[Disagreement, tuple[int, int, Colours]]:
    """Return the disagreements to diagnose now, without those of people whose change is held in a mass change.

    For these the engine would explain other colours than are shown. They are diagnosed when the change is no longer held.
    """
    missing = Disagreement.objects.filter(pairs__isnull=True).order_by("pk").values_list("pk", "citizen_id", "colours")
    if run.history or not HeldGroup.objects.exists():
        return missing.filter(opened_run=run)
    left = Q(closed_run=None)
    if run.amends_id is not None:
        left &= Q(citizen__in=run.citizens.values("citizen"))
    kept = VerdictChange.objects.filter(citizen=OuterRef("citizen"), run=run, held_in__isnull=False)
    return missing.filter(Q(opened_run=run) | left).exclude(Exists(kept))


def diagnose_again(run: Run) -> int:
    """Diagnose standing disagreements again by the data of the run. Return the number of those whose explanation has changed.

    Such a disagreement is closed by the run and opened again with the same colours and fingerprint, so that the explanation
    given on each past day is kept (``docs/adr/0091-…``). Call after ``diagnose_new`` and before the cases are settled.
    """
    if not Disagreement.objects.filter(closed_run=None).exclude(opened_run=run).exists():
        return 0  # the usual case of a small city; this query is planned faster than the next one
    standing = _to_diagnose_again(run)
    before: dict[int, list[Diagnosis]] = defaultdict(list)
    stored = PairDiagnosis.objects.filter(disagreement__in=[pk for pk, _ in standing.values()])
    for pk, *row in stored.values_list("disagreement", *Diagnosis._fields):
        before[pk].append(Diagnosis(*row))
    now: dict[int, list[Diagnosis]] = defaultdict(list)
    for citizen, one in _diagnoses(run, {citizen: colours for citizen, (_, colours) in standing.items()}):
        now[citizen].append(one)
    changed = {citizen for citizen, diagnoses in now.items() if _says(diagnoses) != _says(before[standing[citizen][0]])}
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(OPEN_ANEW, {"run": run.pk, "disagreements": [standing[citizen][0] for citizen in changed]})
            opened = cursor.fetchall()
        rows = ((pk, *one, run.pk) for pk, citizen in opened for one in now[citizen])
        copy_rows("codes_pairdiagnosis", ("disagreement_id", *Diagnosis._fields, "run_id"), rows)
    _look_again({standing[citizen][0]: diagnoses for citizen, diagnoses in now.items() if citizen not in changed})
    return len(changed)


def _look_again(same: Mapping[int, list[Diagnosis]]) -> None:
    """Store, for disagreements whose explanation is unchanged, the day on which the passing of time alone can change it."""
    rows = [(pk, one.a_id, one.b_id, one.next_on) for pk, diagnoses in same.items() for one in diagnoses]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(LOOK_AGAIN, arrays(("disagreements", "a", "b", "next_on"), rows))


def _to_diagnose_again(run: Run) -> dict[int, tuple[int, Colours]]:
    """Return citizen → disagreement and its colours, of the standing disagreements whose explanation may have changed.

    These are the ones of people whom the run judged, those with a provider that has another version, those whose hybrids can change
    by the day alone, and those in which freshness is a factor and the late horizon has moved.
    """
    judged = "" if run.everybody or run.amends_id else JUDGED_BY_RUN
    statement = compose(
        SQL,
        "to_diagnose_again",
        among=among(NAMED_BY_RUN if run.amends_id else "", "d.citizen_id"),
        judged=among(judged, "d.citizen_id"),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"run": run.pk, "day": run.day, "other_versions": _with_other_versions(run)})
        return {citizen: (pk, json.loads(colours)) for pk, citizen, colours in cursor.fetchall()}


def _with_other_versions(run: Run) -> list[int]:
    """Return the providers with another rule-set version than in the settled run before."""
    before = Run.objects.settled().filter(pk__lt=run.pk).first()
    if before is None:
        return []
    versions = dict(before.providers.values_list("provider", "version"))
    return [pk for pk, version in run.providers.values_list("provider", "version") if versions.get(pk) != version]


def _says(diagnoses: list[Diagnosis]) -> list[tuple[object, ...]]:
    """Return the diagnoses by pair, without the parts that change from day to day and do not change the explanation."""
    return [(*one[:5], steady(one.root_cause), one.group_key) for one in sorted(diagnoses, key=lambda one: one[:2])]


def group_cases(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GROUP_CASES, {"run": run.pk})


def _diagnoses(run: Run, differing: Mapping[int, Colours]) -> Iterator[tuple[int, Diagnosis]]:
    """Yield citizen and diagnosis of each disagreeing pair, by the run's frozen inputs.

    People for whom these inputs give other colours than ``differing`` are left out: their change is held, or they were not
    judged, and it cannot be explained yet.
    """
    people = list(differing)
    for start in range(0, len(people), CHUNK):
        chunk = {citizen: differing[citizen] for citizen in people[start : start + CHUNK]}
        judged = list(judge_pairs(run, chunk, zone=current_city().timezone))
        otherwise = {pair.citizen_id for pair in judged if not _shows(pair, chunk[pair.citizen_id])}
        pairs = [pair for pair in judged if pair.citizen_id not in otherwise]
        choices = [_choice(pair, sufficient_swaps(pair.colours)) for pair in pairs]
        swaps = swaps_of([choice for choice in choices if choice])
        evidence, swap = load_evidence(swaps), iter(swaps)
        for pair, choice in zip(pairs, choices, strict=True):
            yield pair.citizen_id, _diagnosis(pair, next(swap) if choice else None, evidence)


def _shows(pair: Pair, colours: Colours) -> bool:
    return (pair.colours[0], pair.colours[ALL]) == tuple(colours[code] for code in pair.codes)


def _choice(pair: Pair, found: SufficientSwaps) -> Choice | None:
    """Return the swap of the primary cause, or ``None`` for an interaction.

    Its base is the side that it explains, or the side with the stricter colour if it explains both, whichever of them is A.
    """
    if found.cause is Cause.INTERACTION:
        return None
    factor = Factor(found.cause.value)
    stricter: Side = "a" if Colour(pair.colours[0]).severity > Colour(pair.colours[ALL]).severity else "b"
    explains: dict[Side, bool] = {"a": BIT[factor] in found.a_to_b, "b": BIT[factor] in found.b_to_a}
    base: Side = stricter if explains[stricter] else "a" if explains["a"] else "b"
    return Choice(pair, factor, base)


def _diagnosis(pair: Pair, swap: Swap | None, evidence: Evidence) -> Diagnosis:
    found = sufficient_swaps(pair.colours)
    a_to_b, b_to_a = factor_names(found.a_to_b), factor_names(found.b_to_a)
    root_cause: RootCause = (
        FINDERS[found.cause](Comparison(**vars(swap), evidence=evidence))
        if swap
        else Interaction(cause="interaction", swaps_a_to_b=a_to_b, swaps_b_to_a=b_to_a)
    )
    return Diagnosis(pair.a, pair.b, found.cause.value, a_to_b, b_to_a, root_cause, group_key(root_cause), pair.next_on)
