"""A simulated month: what people, sources and officials do on each day, the city's run, and the comparison with the oracle."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from codes.models import Run
from codes.runs.ledger import start_if_due, start_run
from codes.runs.steps import run_here
from tests.oracle import effective_when_asked
from tests.simulation.appeals import Appeals
from tests.simulation.crashes import work_through
from tests.simulation.events import Recorders
from tests.simulation.judging import Difference, Judge
from tests.simulation.known import RULE_SETS, Known
from tests.simulation.law import first_versions, next_version
from tests.simulation.managers import answer_held, move_away
from tests.simulation.masses import LEAST, Masses
from tests.simulation.officials import Officials
from tests.simulation.people import Entries, Person, draw_person
from tests.simulation.record import Record
from tests.simulation.stage import Stage, put_in_force, set_up
from tests.simulation.upstream import EMPTY, Upstream
from tests.worlds import ZONE, day
from tests.worlds.dice import Dice, SeededDice

PEOPLE = 30
NO_MASS_CHANGE = 10_000
FAULTS = ("down", "html", "unauthorised", "half_page", "errors", "not_json", EMPTY, EMPTY)


@dataclass(frozen=True)
class DayReport:
    number: int
    happened: Counter[str]
    shown: Counter[str]
    differences: list[Difference]

    def __str__(self) -> str:
        acts = ", ".join(f"{count} {what}" for what, count in sorted(self.happened.items()) if count)
        codes = " ".join(f"{colour} {count}" for colour, count in sorted(self.shown.items()))
        verdict = "agree" if not self.differences else f"DIFFER in {len(self.differences)}"
        return f"day {self.number:2}: {acts or 'nothing'} | {codes} | {verdict}"


@dataclass
class Month:
    dice: Dice
    stage: Stage
    people: dict[str, Person]
    known: Known = field(default_factory=Known)
    happened: Counter[str] = field(default_factory=Counter)
    record: Record = field(init=False)
    entries: Entries = field(init=False)
    recorders: Recorders = field(init=False)
    judge: Judge = field(init=False)
    officials: Officials = field(init=False)
    masses: Masses | None = None

    def __post_init__(self) -> None:
        self.record = Record(self.known)
        self.entries = Entries(self.dice, self.known)
        self.recorders = Recorders(self.dice)
        self.judge = Judge(self.record, self.people, self.dice)
        self.officials = Officials(self.dice, self.record, self.judge.keys)

    def live(self, number: int) -> DayReport:
        self.happened = self.officials.happened = Counter()
        self._night(number)
        self._run(number)
        self._daytime(number)
        asked_at = at(number, 23, self.dice.number(0, 59))
        self.record.told()
        found = self.judge.differences(asked_at)
        shown = Counter(
            effective_when_asked(self.record.world, one, self.record.moment_of(one), asked_at).colour
            for one in self.known.people
        )
        return DayReport(number, self.happened, shown, found)

    def begin(self) -> None:
        for version in first_versions(self.dice):
            put_in_force(version, now=at(-1, 9))
            self.known.versions.append(version)
        for ago in range(8, 0, -1):
            self._records(at(-ago, 12))

    def _night(self, number: int) -> None:
        """Sweep what is due, and advance the clocks of the sources, or leave them silent, late or broken."""
        if self.record.settled:
            self.officials.sweep(at(number, 0, 30))
        for source in self.stage.sources:
            if source.clock is None:
                source.set_clock(at(number, 5))
                continue
            lag = self.dice.pick((10, 10, 10, 10, 240, 600, 1700, None))
            if lag is None:
                self.happened[f"{source.code} silent"] += 1
                continue
            clock = at(number, 6) - timedelta(minutes=lag)
            source.set_clock(max(clock, source.clock))
            source.set_fault(self.dice.pick(FAULTS) if self.dice.once_in(8) else "")
            self.happened[f"{source.code} late"] += lag > 600
            self.happened[f"{source.code} broken"] += bool(source.fault)

    def _run(self, number: int) -> None:
        """Start and finish the scheduled run. On some days, none is started."""
        if self.record.settled and self.dice.once_in(12):
            self.happened["no run"] += 1
            return
        self._finish(start_if_due(now=at(number, 6, 5)), at(number, 6, 5))

    def _finish(self, run: Run | None, now: datetime) -> None:
        for source in self.stage.sources:
            source.write()
        assert run is not None, "the day's run was not started"
        crashes = self.dice.pick((1, 2)) if self.dice.once_in(3) else 0
        done, interrupted = work_through(self.dice, partial(_work, run.pk), now=now, crashes=crashes)
        self.happened.update(interrupted)
        failed: set[str] = set()
        if done.collects:
            failed = {one.code for one in self.stage.sources if not one.collected(self.known, at=now)}
            told = {one.source.code: one.fault for one in done.sources.filter(failed=True).select_related("source")}
            assert failed == told.keys(), f"collections that failed: expected {failed}, the run says {told}"
        self.record.settle(done.day, done.as_of)
        is_kept = bool(self.record.groups and self.record.groups.kept)
        assert done.state == (Run.State.PARTIAL if failed or is_kept else Run.State.DONE), done.message
        self.officials.forget_expired(now)
        if self.masses:
            self._masses(self.masses, done.as_of + timedelta(minutes=25), is_kept=is_kept)
        self.happened["runs"] += 1

    def _masses(self, masses: Masses, now: datetime, *, is_kept: bool) -> None:
        """Compare the city with the oracle while changes are held, then decide about them."""
        if is_kept:
            assert not (found := self.judge.differences(now)), f"while it is kept back: {[*map(str, found)]}"
        masses.decide(self.judge.keys(), now)

    def _daytime(self, number: int) -> None:
        """Let providers send entries twice, officials work after each, and sources record; publish rules and recompute at times."""
        for hour in (9, 15):
            self._entries(number, hour)
            self.happened["entries"] += self.entries.send(at(number, hour, 30))
            self.record.told()
            self.officials.work(at(number, hour + 1))
            self._appeals()
            self._managers()
        self._records(at(number, 12))
        if self.dice.once_in(8):
            version = next_version(self.dice, self.known.newest_version(self.dice.pick(RULE_SETS)), number)
            put_in_force(version, now=at(number, 17))
            self.known.versions.append(version)
            self.happened["rule-set versions"] += 1
        if self.dice.once_in(4):
            self._recompute(at(number, 19))

    def _managers(self) -> None:
        for source in self.stage.sources:
            answer_held(self.officials, source)
        if self.dice.once_in(6):
            move_away(self.officials, self.stage.bigdata)

    def _appeals(self) -> None:
        """File and answer appeals, and propose and approve rulings for many, in the rest of the hour."""
        keys, appeals = self.judge.keys(), Appeals(self.officials)
        if self.dice.once_in(2):
            appeals.file(keys)
        appeals.answer(keys)
        if self.dice.once_in(6):
            appeals.propose_many({pk: person for person, pk in keys.items()})
        if self.dice.once_in(5):
            appeals.approve_many()

    def _entries(self, number: int, hour: int) -> None:
        now = at(number, hour, 30)
        for person in self.people.values():
            registered = self.known.registered(person.key)
            if not registered:
                if number == 0 or self.dice.once_in(6):
                    self.entries.register(person, now)
                continue
            for provider in registered:
                if not self.dice.once_in(3):
                    healthy, ago = not self.dice.once_in(15), self.dice.pick((0, 0, 0, 0, 0, 0, 1, 2))
                    self.entries.check_in(person, provider, now, healthy=healthy, ago=ago)
            if self.dice.once_in(20):
                self.entries.declare(person, self.dice.pick(registered), now)

    def _recompute(self, now: datetime) -> None:
        """Start and finish a manual run, with the sources collected or not, after advancing the clocks of some."""
        for source in self.stage.sources:
            if self.dice.once_in(2):
                source.set_clock(max(now - timedelta(minutes=5), source.clock or now))
        run, opened = start_run(by="qian", now=now, collects=not self.dice.once_in(3))
        assert opened
        self._finish(run, now)

    def _records(self, now: datetime) -> None:
        for person in self.people.values():
            moment = now + timedelta(minutes=self.dice.number(0, 200))
            if self.dice.once_in(5):
                self.happened["records"] += self.recorders.record(
                    person, self.known.versions[-4:], self.stage.sources, moment
                )
            if self.dice.once_in(9):
                self.happened["records"] += self.recorders.follow(person, self.stage.sources, moment)
        for source in self.stage.sources:
            self._corrections(source, now + timedelta(minutes=300))
        if self.masses and self.record.settled and self.dice.once_in(2):
            moment, people = now + timedelta(minutes=330, seconds=7), list(self.people.values())
            told = self.masses.happen(people, self.stage.sources, self.known.versions[-4:], moment)
            self.happened["records of masses"] += told

    def _corrections(self, source: Upstream, now: datetime) -> None:
        people = list(self.people.values())
        for _ in self.dice.up_to(3):
            self.happened["corrections"] += self.recorders.amend(source, people, now)
        if self.dice.once_in(4):
            self.happened["spoilt records"] += self.recorders.spoil(source, self.dice.pick(people), now)


def _work(run_id: int, at: datetime) -> Run:
    """Do the whole run in this process. Its clock, which is used for leases only, stands at ``at``."""
    return run_here(run_id, clock=lambda: at, progress=lambda _: None)


def at(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day(number), time(hour, minute), ZONE)


def month(seed: int, *, days: int, people: int = PEOPLE) -> Iterator[DayReport]:
    """Yield the report of each day of this seed. Call it inside the city; the caller discards what is written.

    For every sixth seed there are mass changes, which are held for two people.
    """
    dice = SeededDice(seed)
    drawn = [draw_person(dice, number) for number in range(people)]
    with (
        tempfile.TemporaryDirectory(prefix="portal-simulation-") as folder,
        set_up(Path(folder), now=at(-1, 8), least=LEAST if (holds := seed % 6 == 0) else NO_MASS_CHANGE) as stage,
    ):
        lived = Month(dice, stage, {one.key: one for one in drawn})
        if holds:
            lived.masses = Masses(lived.officials)
            lived.record.groups = lived.masses.groups
        lived.begin()
        for number in range(days):
            yield lived.live(number)
