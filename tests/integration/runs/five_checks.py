"""The five checks that every fault must leave standing, against the oracle."""

import hashlib
from collections import Counter

from codes.effective import effective_code
from codes.models import (
    Case,
    Disagreement,
    EffectiveChange,
    EffectiveCode,
    PairDiagnosis,
    Partition,
    Run,
    Verdict,
    VerdictChange,
)
from regions.journal.models import JournalEntry
from tests.integration.engine.comparing import Sayings, city_says, differences, oracle_says
from tests.integration.engine.keys import Keys
from tests.integration.journal.holding import journal_break
from tests.oracle import disagreements, effective
from tests.worlds import Scene


def assert_as_if_nothing_had_happened(run: Run, scene: Scene, keys: Keys) -> None:
    """The run is the city's first, of a scene's day and instant; all its partitions could be judged."""
    run.refresh_from_db()
    _one_verdict_each(run, scene, keys)
    _same_result_hash(run, scene, keys)
    _same_open_cases(scene)
    _journal_accounts_for_every_change(run)
    _final_state_tells_the_truth(run)


def _one_verdict_each(run: Run, scene: Scene, keys: Keys) -> None:
    said = oracle_says(scene)
    assert differences(city_says(run, keys, Verdict.objects.all()), said) == []
    assert differences(city_says(run, keys, VerdictChange.objects.filter(run=run)), said) == []
    for frozen in run.providers.select_related("provider"):
        states = Counter(one.state for (_, provider), one in said.items() if provider == frozen.provider.code)
        assert frozen.registered == states.total() - states["not_applied"]
        if frozen.known:
            assert (frozen.red, frozen.yellow, frozen.green) == (states["red"], states["yellow"], states["green"])


def _same_result_hash(run: Run, scene: Scene, keys: Keys) -> None:
    """Over verdicts, effective codes and disagreements."""
    world = scene.world
    ours = {name: tuple(effective_code(key, now=run.as_of)[:2]) for name, key in keys.citizens.items()}
    theirs = {name: tuple(effective(world, name, scene.day, scene.as_of)) for name in world.citizens}
    standing = Disagreement.objects.filter(closed_run__isnull=True).values_list("citizen__ref", "colours")
    stored = _hash(city_says(run, keys, Verdict.objects.all()), ours, dict(standing))
    assert stored == _hash(oracle_says(scene), theirs, dict(disagreements(world, scene.day, scene.as_of)))


def _same_open_cases(scene: Scene) -> None:
    open_cases = Case.objects.filter(kind="disagreement", closed_at__isnull=True)
    wanted = [one.citizen for one in disagreements(scene.world, scene.day, scene.as_of)]
    assert sorted(open_cases.values_list("citizen__ref", flat=True)) == wanted


def _journal_accounts_for_every_change(run: Run) -> None:
    assert journal_break() is None
    acts = Counter(JournalEntry.objects.filter(subject=f"run:{run.pk}").values_list("verb", flat=True))
    assert acts == {"run.started": 1, "run.settled": 1}
    judged = JournalEntry.objects.filter(verb="partition.judged", subject__startswith=f"run:{run.pk}/")
    partitions = {f"run:{run.pk}/{one.number}": one for one in run.partitions.all()}
    assert sorted(entry.subject for entry in judged) == sorted(partitions)
    for entry in judged:
        assert entry.data == {**partitions[entry.subject].counts, "digest": partitions[entry.subject].digest}
    assert sum(entry.data["changed"] for entry in judged) == VerdictChange.objects.filter(run=run).count()


def _final_state_tells_the_truth(run: Run) -> None:
    assert set(run.partitions.values_list("state", flat=True)) == {Partition.State.DONE}
    assert (run.state, run.message) == (Run.State.DONE, "")
    assert run.ended_at
    assert run.lease_until is None


def _hash(said: Sayings, codes: dict[str, tuple[str, ...]], differ: dict[str, dict[str, str]]) -> str:
    verdicts = sorted(
        (key, one.state, sorted(one.hits), str(one.turns_green_on), sorted(one.waiting_rules))
        for key, one in said.items()
    )
    colours = sorted((name, sorted(shown.items())) for name, shown in differ.items())
    return hashlib.sha256(repr((verdicts, sorted(codes.items()), colours)).encode()).hexdigest()


def rows_told() -> dict[str, list[tuple[object, ...]]]:
    """Everything a run leaves behind for people to see, without the keys of rows and runs."""
    found = {
        "verdicts": Verdict.objects.values_list(
            "citizen", "provider", "version", "colour", "hits", "turns_green_on", "needs"
        ).order_by("citizen", "provider"),
        "history": VerdictChange.objects.values_list("citizen", "provider", "before", "after", "hits").order_by(
            "citizen", "provider"
        ),
        "effective": EffectiveCode.objects.values_list("citizen", "colour", "because", "since").order_by("citizen"),
        "changes": EffectiveChange.objects.values_list(
            "citizen", "before", "before_because", "after", "after_because", "since", "day"
        ).order_by("citizen"),
        "disagreements": Disagreement.objects.values_list("citizen", "colours", "fingerprint").order_by("citizen"),
        "diagnoses": PairDiagnosis.objects.values_list(
            "disagreement__citizen",
            "a",
            "b",
            "primary_cause",
            "swaps_a_to_b",
            "swaps_b_to_a",
            "root_cause",
            "group_key",
        ).order_by("disagreement__citizen", "a", "b"),
        "cases": Case.objects.values_list(
            "kind", "citizen", "state", "severity", "opened_at", "due_at", "fingerprint", "group_key"
        ).order_by("kind", "citizen"),
    }
    return {name: [tuple(map(_plain, row)) for row in rows] for name, rows in found.items()}


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
