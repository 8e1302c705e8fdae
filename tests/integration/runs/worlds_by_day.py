"""Drawn worlds as one city that receives their data day by day, in the order received, and has a run every morning.

Records arrive late, batches are missing or have an earlier horizon than the previous ones, people register and check in or do
not, rule-set versions are published, take effect and are withdrawn, and officials decide about records.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random

from django.db import transaction
from django.db.models import Model

from codes import models
from codes.diagnosis.diagnose import diagnose_again, diagnose_new
from codes.disagreements import settle_disagreements
from codes.effective import settle_citizens, settle_effective_codes
from codes.intake.check_ins import settle_days
from codes.models import (
    Disagreement,
    DueCitizen,
    EffectiveChange,
    HeldGroup,
    NextChange,
    Partition,
    Ruling,
    Run,
    RunProvider,
    Suppression,
    Verdict,
    VerdictChange,
)
from codes.runs.due import choose_people, forget_gone, settles_narrowed
from codes.runs.partitions import evaluate_named, evaluate_range, make_partitions
from codes.runs.settle import apply_changes
from codes.runs.steps import freeze_providers
from codes.statistics import EVIDENCE, FINDINGS, refresh_statistics
from regions.sources.models import Batch, Source
from tests.integration.engine import evidence_rows, setting_rows
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import keys_of
from tests.integration.engine.rows import insert_rows
from tests.oracle import FactVersion, World
from tests.worlds import TODAY, Scene, day, tick
from tests.worlds.together import renamed, together

FIRST_DAY, LAST_DAY = TODAY - 8, TODAY + 6
# Tables to analyse here: everything is written in one transaction, which autovacuum does not see. The planner takes a table that
# was never analysed for an empty one, and joins with it take seconds.
PLANNED_BY = [*EVIDENCE, *FINDINGS, "codes_run", "codes_runcitizen", "codes_runprovider"]
Ways = Mapping[str, Callable[[], AbstractContextManager[object]]]
"""Name → a context in which the product lacks a reason to judge or to settle somebody."""
Due = tuple[int, date | None]
"""A person whom a run judges, and the first day of what it reads about them."""
Difference = tuple[int, int]
"""A (citizen, provider) for which judging everybody gives another result."""


@dataclass
class Judged:
    """The differences between the results of a run and those of judging and settling everybody.

    ``share`` is the share of the people whom the run judged. ``unsettled`` are the people whose code, disagreement or diagnosis
    changes if everybody is settled. ``missed`` are the names of the ways in which the run would have gone wrong.
    """

    differing: set[Difference] = field(default_factory=set)
    share: float = 1.0
    unsettled: set[str] = field(default_factory=set)
    settled_narrowed: bool = False
    missed: set[str] = field(default_factory=set)


@dataclass
class City:
    """The city. ``dice`` draws what the worlds do not determine: batches, versions, and how runs end.

    ``dice_of_officials`` draws the rulings.
    """

    scenes: Sequence[Scene]
    dice: Random
    dice_of_officials: Random = field(default_factory=lambda: Random(0))
    world: World = field(init=False)
    keys: Keys = field(init=False)
    known: datetime = field(default=tick(-3_000))
    to_come: list[tuple[datetime, Model]] = field(init=False)

    def __post_init__(self) -> None:
        drawn = [renamed(scene.world, str(number)) for number, scene in enumerate(self.scenes)]
        self.world = with_other_risk_lists(in_order_received(together(drawn)), self.dice)
        self.keys = keys_of(self.world)
        self.to_come = list(self._received())
        insert_rows(row for row in setting_rows.sources(self.world, self.keys) if isinstance(row, Source))
        self._announce()
        insert_rows(setting_rows.providers(self.world, self.keys))
        insert_rows(row for row in evidence_rows.citizens(self.world, self.keys) if isinstance(row, models.Citizen))

    def learn(self, until: datetime) -> None:
        """Store everything received after the last call and up to an instant."""
        if until <= self.known:
            return
        rows = [row for at, row in self.to_come if self.known < at <= until]
        insert_rows(rows)
        entries = [row for row in rows if isinstance(row, models.Entry) and not row.late]
        for at, some in groupby(sorted(entries, key=_received), key=_received):
            settle_days([(one.citizen_id, one.provider_id, one.day) for one in some if one.day], now=at)
        self._decide(until)
        self.known = until

    def deliver(self, now: datetime, *, calm: bool) -> None:
        """Deliver a batch of most sources, some with an earlier horizon than now; if ``calm``, of every source, up to now."""
        batches = []
        for source in Source.objects.order_by("pk"):
            if calm or self.dice.random() < 0.8:
                reaches = now - (0 if calm else self.dice.choice([0, 0, 0, 1, 3])) * timedelta(hours=8)
                batches.append(
                    Batch(
                        source=source, state="accepted", as_of=reaches, started_at=now, received_at=now, closed_at=now
                    )
                )
        Batch.objects.bulk_create(batches)

    def run(
        self,
        on: date,
        as_of: datetime,
        *,
        ends: str = "done",
        judging: Ways | None = None,
        settling: Ways | None = None,
    ) -> Judged:
        """Do a run that settles, or ends as ``failed``, partly ``parked`` or partly ``held``. Return the differences.

        It is tried beforehand in each of the ways ``judging`` and ``settling``, which is undone.
        """
        last = Run.objects.last_settled()
        sequence = Run.objects.filter(day=on).count() + 1
        run = Run.objects.create(
            day=on, sequence=sequence, as_of=as_of, started_by="test", started_at=as_of, everybody=False
        )
        freeze_providers(run)
        missed = self._judges_otherwise(run, judging or {})
        choose_people(run)
        make_partitions(run)
        refresh_statistics(PLANNED_BY)
        zone = str(self.world.zone)
        subjects = 0
        for partition in run.partitions.order_by("number"):
            if ends == "parked" and self.dice.random() < 0.5:
                Partition.objects.filter(pk=partition.pk).update(state="parked", fault="died")
                continue
            subjects += evaluate_range(run=run, low=partition.low, high=partition.high, zone=zone).subjects
        if ends == "failed":
            Run.objects.filter(pk=run.pk).update(state="failed", ended_at=as_of)
            return Judged(missed=missed)
        if ends == "held":
            self._hold(run)
        apply_changes(run)
        forget_gone()
        missed |= self._settles_otherwise(run, last, settling or {})
        narrowed = _settle(run, last)
        left_out = set(run.changes.filter(held_in__isnull=False).values_list("citizen_id", "provider_id"))
        ranges = [(one.low, one.high) for one in run.partitions.filter(state="parked")]
        Run.objects.filter(pk=run.pk).update(state="done", ended_at=as_of)
        differing, everybody = self._judge_everybody(run)
        differing = {one for one in differing - left_out if not any(low <= one[0] < high for low, high in ranges)}
        share = subjects / everybody if everybody else 1.0
        return Judged(differing, share, self._settle_everybody(run), narrowed, missed)

    def _judges_otherwise(self, run: Run, ways: Ways) -> set[str]:
        """Return the ways in which the run would store something else than it does."""
        if not ways:
            return set()
        queue, stored = self._tried(run, nullcontext(), since=None)
        return {name for name, way in ways.items() if self._tried(run, way(), since=queue)[1] not in (stored, None)}

    def _tried(
        self, run: Run, way: AbstractContextManager[object], *, since: set[Due] | None
    ) -> tuple[set[Due], object]:
        """Return whom the run would judge and what it would store; nothing is judged if the same people are as in ``since``."""
        stored: object = None
        with transaction.atomic():
            with way:
                choose_people(run)
            due = set(DueCitizen.objects.values_list("citizen", "reads_from"))
            if due != since and not run.everybody:
                evaluate_range(run=run, low=0, high=2**62, zone=str(self.world.zone))
                changes = VerdictChange.objects.filter(run=run).values_list("citizen", "provider", "after")
                stored = set(changes), _next_changes()
            transaction.set_rollback(True)
        return due, stored

    def _settles_otherwise(self, run: Run, last: Run | None, ways: Ways) -> set[str]:
        """Return the ways in which the run would leave out somebody whose code, disagreement or diagnosis changes."""
        found = set()
        for name, way in ways.items():
            with transaction.atomic():
                with way():
                    _settle(run, last)
                if self._settle_everybody(run):
                    found.add(name)
                transaction.set_rollback(True)
        return found

    def _judge_everybody(self, run: Run) -> tuple[set[Difference], int]:
        """Return what would change if the run judged everybody now, and how many would be judged. Everything is rolled back."""
        with transaction.atomic():
            again = Run.objects.create(
                day=run.day, sequence=run.sequence + 1, as_of=run.as_of, started_by="test", started_at=run.as_of
            )
            freeze_providers(again)
            foreseen = _next_changes()
            done = evaluate_range(run=again, low=0, high=2**62, zone=str(self.world.zone))
            found = set(VerdictChange.objects.filter(run=again).values_list("citizen_id", "provider_id"))
            found |= {(citizen, provider) for citizen, provider, *_ in foreseen ^ _next_changes()}
            transaction.set_rollback(True)
        return found, done.subjects

    def _settle_everybody(self, run: Run) -> set[str]:
        """Return whose code, disagreement or diagnosis would change if the run settled everybody now. Everything is rolled back."""
        with transaction.atomic():
            codes = set(EffectiveChange.objects.values_list("pk", flat=True))
            standing = set(Disagreement.objects.filter(closed_run=None).values_list("pk", flat=True))
            settle_effective_codes(run, last=run)
            settle_disagreements(run)
            everybody = Run.objects.get(pk=run.pk)
            everybody.everybody = True
            diagnose_again(everybody)
            changed = EffectiveChange.objects.exclude(pk__in=codes).values_list("citizen__ref", flat=True)
            now = set(Disagreement.objects.filter(closed_run=None).values_list("pk", flat=True))
            differ = Disagreement.objects.filter(pk__in=standing ^ now).values_list("citizen__ref", flat=True)
            found = {*(f"code of {ref}" for ref in changed), *(f"disagreement of {ref}" for ref in differ)}
            transaction.set_rollback(True)
        return found

    def rule(self, now: datetime) -> None:
        """Approve rulings of a few days for some people who are not green, with all or none of their hits weighed; end others early."""
        if Run.objects.last_settled() is None:
            return
        for one in Ruling.objects.filter(state="approved").order_by("pk"):
            if self.dice_of_officials.random() < 0.1:
                Ruling.objects.filter(pk=one.pk).update(state="ended", ended_at=now)
                settle_citizens([one.citizen_id], now=now, ended={one.citizen_id: one.pk})
        held = Verdict.objects.order_by("citizen", "provider").exclude(citizen__rulings__state="approved")
        for verdict in {one.citizen_id: one for one in held}.values():
            if self.dice_of_officials.random() < 0.1:
                hits = [[hit["rule"], hit["fact_id"]] for hit in verdict.hits]
                Ruling.objects.create(
                    citizen_id=verdict.citizen_id,
                    colour=self.dice_of_officials.choice(["green", "yellow"]),
                    state="approved",
                    reason_code="reviewed",
                    evidence=["a document"],
                    weighed=self.dice_of_officials.choice([hits, []]),
                    expires_on=now.date() + timedelta(days=self.dice_of_officials.choice([1, 2, 3])),
                    proposed_by="one",
                    proposed_at=now,
                    decided_by="other",
                    decided_at=now,
                )
                settle_citizens([verdict.citizen_id], now=now)

    def _hold(self, run: Run) -> None:
        """Hold some of the run's changes, as a mass change."""
        kept = [one.pk for one in run.changes.order_by("citizen", "provider") if self.dice.random() < 0.3]
        last = Run.objects.last_settled()
        if not kept or last is None:
            return
        group = HeldGroup.objects.create(
            key=f"run {run.pk}",
            rule_set_id=min(self.keys.rule_sets.values()),
            rule="A0",
            cause_kind="entries",
            provider_id=min(self.keys.providers.values()),
            received_on=run.day,
            first_run=run,
            base_run=last,
            red=1,
            green=0,
            registered=1,
            held_at=run.as_of,
        )
        VerdictChange.objects.filter(pk__in=kept).update(held_in=group)

    def _announce(self) -> None:
        """Publish the rule sets. Versions that take effect in these days are published before; one of five is withdrawn."""
        rows = list(setting_rows.rule_sets(self.world, self.keys))
        for row in rows:
            if isinstance(row, models.RuleSetVersion) and row.effective_from > day(FIRST_DAY):
                row.created_at = tick(3 * (row.effective_from - day(0)).days - self.dice.choice([3, 9, 30]))
                if self.dice.random() < 0.2:
                    row.withdrawn_at = row.created_at + timedelta(days=self.dice.choice([1, 3, 5]))
        insert_rows(rows)

    def _received(self) -> Iterator[tuple[datetime, Model]]:
        """Yield registrations, facts and check-ins, each with the instant at which it is received."""
        yield from (
            (row.registered_at, row)
            for row in evidence_rows.citizens(self.world, self.keys)
            if isinstance(row, models.Registration)
        )
        yield from ((row.received_at, row) for row in _facts(self.world, self.keys))
        yield from (
            (row.received_at, row)
            for row in evidence_rows.check_ins(self.world, self.keys)
            if isinstance(row, models.Entry)
        )

    def _decide(self, until: datetime) -> None:
        """Store the suppressions decided meanwhile. For most of them, the people concerned are judged again at once."""
        records, ended, decided = list[str](), list[Suppression](), list[Suppression]()
        stored = set(Suppression.objects.values_list("pk", flat=True))
        for one in evidence_rows.suppressions(self.world, self.keys):
            assert isinstance(one, Suppression)
            if one.ended_at is not None and self.known < one.ended_at <= until and one.pk in stored:
                ended.append(one)
                records.append(one.record_id)
            elif one.decided_at is not None and self.known < one.decided_at <= until:
                if one.ended_at is not None and one.ended_at > until:
                    one.state, one.ended_at = Suppression.State.APPROVED, None
                decided.append(one)
                records.append(one.record_id)
        Suppression.objects.bulk_update(ended, ["state", "ended_at"])
        insert_rows(decided)
        last = Run.objects.last_settled()
        if records and last is not None and self.dice.random() < 0.7:
            self._amend(last, records, until)

    def _amend(self, last: Run, records: Sequence[str], as_of: datetime) -> None:
        newest = Run.objects.filter(day=last.day).order_by("-sequence").first()
        assert newest is not None
        run = Run.objects.create(
            day=last.day,
            sequence=newest.sequence + 1,
            as_of=max(as_of, last.as_of),
            state="mended",
            amends=last,
            started_by="test",
            started_at=as_of,
            ended_at=as_of,
        )
        providers = list(last.providers.order_by("provider"))
        for one in providers:
            one.pk, one.run = None, run
        RunProvider.objects.bulk_create(providers)
        about = set(models.Fact.objects.filter(record_id__in=records).values_list("citizen_id", flat=True))
        others = {one for one in self.keys.citizens.values() if self.dice.random() < 0.2}
        models.RunCitizen.objects.bulk_create(models.RunCitizen(run=run, citizen_id=one) for one in about | others)
        evaluate_named(run=run, zone=str(self.world.zone))
        apply_changes(run)
        settle_effective_codes(run, last=last)
        settle_disagreements(run)


def _settle(run: Run, last: Run | None) -> bool:
    """Settle the run. Return whether only the people whom it judged, and those with a ruling, were looked at."""
    narrowed = settles_narrowed(run, last)
    settle_effective_codes(run, last=last, narrowed=narrowed)
    settle_disagreements(run, narrowed=narrowed)
    diagnose_new(run)
    diagnose_again(run)
    return narrowed


def _facts(world: World, keys: Keys) -> Iterator[models.Fact]:
    for row in evidence_rows.facts(world, keys):
        assert isinstance(row, models.Fact)
        yield row


def _next_changes() -> set[tuple[int, int, str]]:
    """Return when each verdict can change next, without the parts that change every day."""
    rows = NextChange.objects.filter(gone=False)
    known = {one: one.next_on for one in rows if one.has_streak is not False}  # without check-ins it moves every day
    return {(one.citizen_id, one.provider_id, f"{known.get(one)} {one.kinds} {one.rests_from}") for one in rows}


def in_order_received(world: World) -> World:
    return replace(
        world,
        facts=tuple(sorted(world.facts, key=_received)),
        registrations=tuple(sorted(world.registrations, key=lambda one: one.registered_at)),
    )


def with_other_risk_lists(world: World, dice: Random) -> World:
    """Return the world with a further version of half of the rule sets: equal rules, and a risk list of all areas ever listed."""
    newest = {one.code: one for one in sorted(world.rule_sets, key=lambda one: one.version)}
    others = [
        replace(
            one,
            version=one.version + 1,
            effective_from=max(day(dice.randint(FIRST_DAY + 2, LAST_DAY)), one.effective_from),
            risk_areas=tuple(
                replace(area, level=dice.choice(["high", area.level]), to_day=None) for area in one.risk_areas
            ),
        )
        for one in newest.values()
        if dice.random() < 0.5
    ]
    return replace(world, rule_sets=(*world.rule_sets, *others))


def _received(one: FactVersion | models.Entry) -> datetime:
    return one.received_at
