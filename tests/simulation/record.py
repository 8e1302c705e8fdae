"""What the oracle holds of the city after each of its runs: what was settled for whom, the cases, every change of a code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tests.oracle import Cases, MassChanges, RuleSetVersion, Settled, World, effective, effective_when_asked
from tests.simulation.known import Known

FOR_EVER = 100_000


@dataclass
class Record:
    known: Known
    cases: Cases = field(default_factory=Cases)
    run: Settled | None = None
    history: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    again: dict[str, datetime] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    versions: tuple[RuleSetVersion, ...] = ()
    """Those that were there when the last run began: what is published later counts from the next one on."""
    groups: MassChanges | None = None
    """What runs keep back for two people; none in a city that holds nothing."""
    _world: World | None = None

    @property
    def settled(self) -> bool:
        return self.run is not None

    @property
    def world(self) -> World:
        if self._world is None:
            kept = {pair: self.groups.shown[pair].verdict for pair in self.groups.kept} if self.groups else {}
            self._world = replace(self.known.world(), rule_sets=self.versions, kept=kept)
        return self._world

    def told(self) -> None:
        """The city has taken something."""
        self._world = None

    def settle(self, day: date, as_of: datetime) -> None:
        """A run of this day and instant has settled."""
        self.versions = tuple(self.known.versions)
        self.told()
        self.run, self.again = Settled(day, as_of), {}
        if self.groups:
            self.groups.settle(self.world, day, as_of)
            self.told()
        self.cases.settle(self.world, day, as_of)
        for person in self.world.citizens:
            if self._is_covered(person, as_of):
                self._note(person, effective(self.world, person, day, as_of).colour)

    def moment_of(self, person: str) -> Settled:
        """The run, and since when what was decided about the person counts."""
        assert self.run
        return self.run._replace(known_at=self.again.get(person))

    def judge_again(self, people: Iterable[str], now: datetime) -> None:
        """Two officials have decided about a record of theirs; what is due to anybody else's case is done with it."""
        named = set(people)
        self.again |= dict.fromkeys(named, now)
        self.told()
        if self.groups and self.run:
            self.groups.judge_again(self.world, named, self.run.day, self.run.as_of, now)
            self.told()
        for person in self.world.citizens:
            if person in named:
                self.look_again(person, now)
            else:
                day, as_of, known_at = self.moment_of(person)
                self.cases.look_at(self.world, person, day, as_of, now, known_at)

    def look_again(self, person: str, now: datetime) -> None:
        """A ruling has ended, or the person was judged again: the code and the case follow at once."""
        self.told()
        day, as_of, known_at = self.moment_of(person)
        self.cases.look_at(self.world, person, day, as_of, now, known_at)
        self.note_now(person, now)

    def note_now(self, person: str, now: datetime) -> None:
        """The code as it is from now on; that it may be too old by now is seen when it is asked, and noted nowhere."""
        self.told()
        moment = self.moment_of(person)
        self._note(person, effective_when_asked(self.world, person, moment, now, valid_days=FOR_EVER).colour)

    def _is_covered(self, person: str, as_of: datetime) -> bool:
        return any(one.registered_at <= as_of for one in self.world.registrations if one.citizen == person)

    def _note(self, person: str, colour: str) -> None:
        """Before their first run people count as green: the city keeps no row of green (ADR 4), and none of a first green."""
        before = self.codes.get(person, "green")
        if colour != before:
            self.history.setdefault(person, []).append((before, colour))
        self.codes[person] = colour
