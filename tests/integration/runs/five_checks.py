"""The five checks, against the oracle, that must hold after every fault."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Self

from django.db.models import QuerySet

from codes.effective import effective_codes
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
from tests.oracle import Settled, disagreements, effective, effective_when_asked
from tests.worlds import Scene

Colours = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Told:
    """The oracle's results for everybody in a scene: verdicts, codes as settled and as requested later, disagreements."""

    verdicts: Sayings
    settled: Colours
    asked: Colours
    differ: dict[str, dict[str, str]]

    @classmethod
    def of(cls, scene: Scene) -> Self:
        world, run = scene.world, Settled(scene.day, scene.as_of)
        return cls(
            verdicts=oracle_says(scene),
            settled={name: tuple(effective(world, name, *run)) for name in world.citizens},
            # The instant may be on the next day. Then a ruling whose last day was the run's day is over.
            asked={name: tuple(effective_when_asked(world, name, run, run.as_of)) for name in world.citizens},
            differ=dict(disagreements(world, *run)),
        )

    @cached_property
    def digest(self) -> str:
        """The expected result hash."""
        return _hash(self.verdicts, self.asked, self.settled, self.differ)


def assert_as_if_nothing_had_happened(run: Run, scene: Scene, keys: Keys) -> None:
    """Assert that all five checks hold. The run must be the city's first, of the scene's day and instant."""
    run.refresh_from_db()
    for name, complaints in five_checks([run], Told.of(scene), keys).items():
        assert complaints == [], name


def five_checks(runs: Sequence[Run], told: Told, keys: Keys) -> dict[str, list[str]]:
    """Return check → what is wrong.

    The city's first run must give the oracle's results, and the later ones must change nothing.
    """
    first = runs[0]
    said = city_says(first, keys, Verdict.objects.all())
    return {
        "one verdict each": _one_verdict_each(first, said, told, keys) + _nothing_new(runs[1:]),
        "same result hash": _same_result_hash(first, said, told, keys),
        "same open cases": _same_open_cases(told),
        "journal accounts": _journal_accounts_for_every_change(runs),
        "state tells the truth": [line for run in runs for line in _final_state_tells_the_truth(run)],
    }


def _one_verdict_each(run: Run, said: Sayings, told: Told, keys: Keys) -> list[str]:
    changes = VerdictChange.objects.filter(run=run)
    wrong = differences(said, told.verdicts) + differences(city_says(run, keys, changes), told.verdicts)
    stored: list[QuerySet[Verdict] | QuerySet[VerdictChange]] = [Verdict.objects.all(), changes]
    for rows in stored:
        if doubled := len(rows) - len({(row.citizen_id, row.provider_id) for row in rows}):
            wrong.append(f"{doubled} rows of {rows.model.__name__} are doubled")
    for frozen in run.providers.select_related("provider"):
        states = Counter(one.state for (_, code), one in told.verdicts.items() if code == frozen.provider.code)
        wanted = [states.total() - states["not_applied"], states["red"], states["yellow"], states["green"]]
        counted = [frozen.registered, frozen.red, frozen.yellow, frozen.green]
        if counted != wanted if frozen.known else counted[0] != wanted[0]:
            wrong.append(f"{frozen.provider.code} counts {counted}, not {wanted}")
    return wrong


def _nothing_new(runs: Sequence[Run]) -> list[str]:
    return [f"run {run} changed verdicts" for run in runs if run.changes.exists()]


def _same_result_hash(run: Run, said: Sayings, told: Told, keys: Keys) -> list[str]:
    """Compare the hashes of verdicts, effective codes and disagreements."""
    names = {key: name for name, key in keys.citizens.items()}
    asked = {names[key]: tuple(code[:2]) for key, code in effective_codes(list(names), now=run.as_of).items()}
    # Who has no row is green by agreement, or was not judged by the run.
    rows = {names[row.citizen_id]: (row.colour, row.because) for row in EffectiveCode.objects.all()}
    rowless = {name: code for name, code in told.settled.items() if name not in rows and code[1] in NO_ROW}
    standing = dict(Disagreement.objects.filter(closed_run__isnull=True).values_list("citizen__ref", "colours"))
    ours = _hash(said, asked, rows | rowless, standing)
    return [] if ours == told.digest else [f"the city's is {ours[:12]}, the oracle's {told.digest[:12]}"]


NO_ROW = ("agreement", "unknown")


def _same_open_cases(told: Told) -> list[str]:
    open_cases = Counter(
        Case.objects.filter(kind="disagreement", closed_at__isnull=True).values_list("citizen__ref", flat=True)
    )
    wanted = Counter(list(told.differ))
    too_many, too_few = open_cases - wanted, wanted - open_cases
    return [f"{len(too_many)} too many and {len(too_few)} too few"] if too_many or too_few else []


def _journal_accounts_for_every_change(runs: Sequence[Run]) -> list[str]:
    broken = journal_break()
    wrong = [str(broken)] if broken else []
    for run in runs:
        acts = Counter(JournalEntry.objects.filter(subject=f"run:{run.pk}").values_list("verb", flat=True))
        if acts != {"run.started": 1, "run.settled": 1}:
            wrong.append(f"of run {run} it says {dict(acts)}")
        judged = JournalEntry.objects.filter(verb="partition.judged", subject__startswith=f"run:{run.pk}/")
        said = sorted((entry.subject, entry.data) for entry in judged)
        done = [
            (f"run:{run.pk}/{one.number}", {**one.counts, "digest": one.digest})
            for one in run.partitions.filter(state=Partition.State.DONE)
        ]
        if said != sorted(done):
            wrong.append(f"of the partitions of run {run} it says {said}")
        changed = sum(data["changed"] for _, data in said)
        if changed != run.changes.count():
            wrong.append(f"of run {run} it accounts for {changed} changes and not for {run.changes.count()}")
    return wrong


def _final_state_tells_the_truth(run: Run) -> list[str]:
    states = set(run.partitions.values_list("state", flat=True))
    whole = states == {Partition.State.DONE} and not run.missing_parts()
    told = (run.state, run.message) == (Run.State.DONE, "") and bool(run.ended_at) and run.lease_until is None
    return [] if whole and told else [f"run {run} is {run.state} {run.message!r}, its partitions {sorted(states)}"]


def _hash(said: Sayings, asked: Colours, settled: Colours, differ: dict[str, dict[str, str]]) -> str:
    verdicts = [
        (key, one.state, sorted(one.hits), str(one.turns_green_on), sorted(one.waiting_rules))
        if one.hits
        else (key, one.state)
        for key, one in sorted(said.items(), key=itemgetter(0))
    ]
    colours = sorted((name, sorted(shown.items())) for name, shown in differ.items())
    codes = (sorted(asked.items()), sorted(settled.items()))
    return hashlib.sha256(repr((verdicts, codes, colours)).encode()).hexdigest()


def rows_told() -> dict[str, list[tuple[object, ...]]]:
    """Return all visible results of a run, without the keys of rows and runs."""
    found = {
        "verdicts": Verdict.objects.values_list(
            "citizen", "provider", "version", "colour", "hits", "turns_green_on", "healthy_days", "needs"
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
