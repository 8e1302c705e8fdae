"""The oracle's results after each run of the city: what is settled for each person, the cases and the changes of codes."""

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
    announced: dict[str, tuple[RuleSetVersion, ...]] = field(default_factory=dict)
    """The rule-set versions that existed when these people were judged again."""
    codes: dict[str, str] = field(default_factory=dict)
    versions: tuple[RuleSetVersion, ...] = ()
    """The rule-set versions that existed when the last run began. Later ones count from the next run on."""
    groups: MassChanges | None = None
    """The mass changes, or None in a city that holds none."""
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
        """Drop the cached world, after the city has accepted something."""
        self._world = None

    def settle(self, day: date, as_of: datetime) -> None:
        """Record that a run of this day and instant has settled."""
        self.versions = tuple(self.known.versions)
        self.told()
        self.run, self.again, self.announced = Settled(day, as_of), {}, {}
        if self.groups:
            self.groups.settle(self.world, day, as_of)
            self.told()
        self.cases.settle(self.world, day, as_of)
        for person in self.world.citizens:
            if self._is_covered(person, as_of):
                self._note(person, effective(self.world, person, day, as_of).colour)

    def moment_of(self, person: str) -> Settled:
        """Return the last run, with the `known_at` of the person if they were judged again since."""
        assert self.run
        return self.run._replace(known_at=self.again.get(person))

    def foreseen_by(self, person: str) -> World:
        """Return the world by which the city foresees the person's release: with the versions to come known when they were judged."""
        if self.run is None or person not in self.announced:
            return self.world
        to_come = [
            one for one in self.announced[person] if one.effective_from > self.run.day and one not in self.versions
        ]
        return replace(self.world, rule_sets=(*self.versions, *to_come))

    def judge_again(self, people: Iterable[str], now: datetime) -> None:
        """Record that these people are judged again, after two officials have decided about a record.

        The cases of all others are updated at the same time.
        """
        named = set(people)
        self.again |= dict.fromkeys(named, now)
        self.announced |= dict.fromkeys(named, tuple(self.known.versions))
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
        """Update the person's case and code, after a ruling has ended or the person was judged again."""
        self.told()
        day, as_of, known_at = self.moment_of(person)
        self.cases.look_at(self.world, person, day, as_of, now, known_at)
        self.note_now(person, now)

    def note_now(self, person: str, now: datetime) -> None:
        """Record the person's code as of now, without regard to validity: expiry is computed on request and not stored."""
        self.told()
        moment = self.moment_of(person)
        self._note(person, effective_when_asked(self.world, person, moment, now, valid_days=FOR_EVER).colour)

    def _is_covered(self, person: str, as_of: datetime) -> bool:
        return any(one.registered_at <= as_of for one in self.world.registrations if one.citizen == person)

    def _note(self, person: str, colour: str) -> None:
        """Record a change of code.

        Before their first run a person's code is unknown. The city stores no row for green (ADR 4), and so no change to a
        first green.
        """
        before = self.codes.get(person, "unknown")
        is_first_green = colour == "green" and person not in self.history
        if colour != before and not is_first_green:
            self.history.setdefault(person, []).append((before, colour))
        self.codes[person] = colour
