"""Mass changes that are held for two people (semantics §4), modelled run after run.

§4 groups changes by their cause but does not define how the cause is found. Here, the cause of a change is what made a
hit appear, or disappear before its announced day, together with the hit's rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from tests.oracle.facts import CITY, FactVersion, Origin
from tests.oracle.hits import ONE_DAY, Hit, hit_of, known_about
from tests.oracle.seen import Inputs, seen_facts
from tests.oracle.verdicts import Verdict, inputs_of, judged
from tests.oracle.world import World

Direction = Literal["red", "green"]
Pair = tuple[str, str]
"""(citizen, provider)"""

SAME_CAUSE = timedelta(hours=24)
FORESEEN = 366


class Brought(NamedTuple):
    """What brought a change.

    `when` is the instant at which a source's batch was received, the day of a provider's entries, or the number of a
    rule-set version. All entries that a provider sends on one day count as one "entry import" of §4: otherwise many
    small imports would not be held where one large import is.
    """

    origin: Origin | None
    when: datetime | date | int


class Cause(NamedTuple):
    rule_set: str
    rule: str
    brought: Brought


class Shown(NamedTuple):
    """The verdict that a provider shows for a citizen, and its inputs."""

    verdict: Verdict
    inputs: Inputs


@dataclass(frozen=True)
class Change:
    citizen: str
    provider: str
    direction: Direction
    causes: frozenset[Cause | None]
    """A cause of None means that time passed or that two people decided."""


@dataclass
class MassChanges:
    """The mass changes of a city.

    `share` and `least` are the city's settings. `held` maps each held cause to the people whose change it would cause.
    `kept` contains the changes that were held when the city last settled. `waiting` maps each held cause to whom it has kept
    from which change so far: after a release they are `released`, and the cause has turned nobody.
    """

    share: float = 0.02
    least: int = 20
    shown: dict[Pair, Shown] = field(default_factory=dict)
    turned: list[tuple[datetime, Direction, Cause, str]] = field(default_factory=list)
    waiting: dict[Cause, set[tuple[Direction, str]]] = field(default_factory=dict)
    released: set[tuple[Cause, Direction, str]] = field(default_factory=set)
    held: dict[Cause, set[str]] = field(default_factory=dict)
    kept: dict[Pair, Change] = field(default_factory=dict)
    runs: int = 0

    def settle(self, world: World, day: date, as_of: datetime) -> None:
        """Settle a run, or a group that was released or refused; then with the same day and instant as the run."""
        self._settle(world, world.citizens, day, as_of, as_of)
        self.runs += 1

    def judge_again(
        self, world: World, people: Collection[str], day: date, as_of: datetime, known_at: datetime
    ) -> None:
        """Settle at once the people about whom two officials have decided, by the run's day and horizons."""
        self._settle(world, people, day, as_of, known_at)

    def _settle(self, world: World, people: Collection[str], day: date, as_of: datetime, known_at: datetime) -> None:
        after = dict(_judged(world, people, day, as_of, known_at))
        changes = [one for pair in after for one in self._change(world, pair, after[pair])]
        others = {pair: one for pair, one in self.kept.items() if pair[0] not in people}
        found = {} if self.runs == 0 else self._held(world, changes, known_at)
        self.held = found | {cause: found.get(cause, set()) | self.held[cause] for cause in self._causes(others)}
        kept = {(one.citizen, one.provider): one for one in changes if self._is_kept(one)}
        self.kept = others | kept
        self._note_waiting(kept)
        for pair in after.keys() - kept.keys():
            self.shown[pair] = after[pair]
        for one in changes:
            if (one.citizen, one.provider) not in kept:
                self.turned += [(known_at, one.direction, cause, one.citizen) for cause in self._undecided(one)]

    def _note_waiting(self, kept: Mapping[Pair, Change]) -> None:
        self.waiting = {cause: self.waiting.get(cause, set()) for cause in self.groups}
        for one in kept.values():
            for cause in self._undecided(one) & self.groups:
                self.waiting[cause].add((one.direction, one.citizen))

    def _undecided(self, change: Change) -> set[Cause]:
        """Return the causes of the change by which two people have not released it."""
        return {
            cause for cause in change.causes if cause and (cause, change.direction, change.citizen) not in self.released
        }

    def _causes(self, kept: Mapping[Pair, Change]) -> set[Cause]:
        return {cause for one in kept.values() for cause in self._undecided(one) if cause in self.held}

    @property
    def groups(self) -> set[Cause]:
        """The causes that wait for a decision of two people: those by which at least one change is held."""
        return self._causes(self.kept)

    def release(self, cause: Cause) -> None:
        """Release the changes that the cause has kept. Then settle, or judge the people again.

        §4 does not say what happens to further people whom the cause would turn: they are counted anew.
        """
        self.released |= {(cause, direction, citizen) for direction, citizen in self.waiting[cause]}

    def _held(self, world: World, changes: list[Change], as_of: datetime) -> dict[Cause, set[str]]:
        """Return the held causes → the people whose change they would cause now.

        A cause is held if, together with the changes of the last 24 hours by the same cause, it turns more people in one
        direction than the city permits, or if it already waits for a decision.
        """
        people: dict[tuple[Direction, Cause], set[str]] = defaultdict(set)
        for one in changes:
            for cause in self._undecided(one):
                people[one.direction, cause].add(one.citizen)
        now = {key: set(citizens) for key, citizens in people.items()}
        for at, direction, cause, citizen in self.turned:
            if (direction, cause) in people and as_of - at < SAME_CAUSE:
                people[direction, cause].add(citizen)
        registered = {citizen for (citizen, _), at in world.registered_at.items() if at <= as_of}
        held: dict[Cause, set[str]] = defaultdict(set)
        for (direction, cause), citizens in people.items():
            is_mass = len(citizens) >= self.least and len(citizens) > self.share * len(registered)
            if is_mass or cause in self.groups:
                held[cause] |= now[direction, cause]
        return dict(held)

    def _is_kept(self, change: Change) -> bool:
        """Return whether the change is held.

        A change to red is held only if all its causes are held: if an unrelated case turns the person red as well, they
        are red. A change to green is held if any of its causes is.
        """
        undecided = self._undecided(change)
        held = [cause in self.held and cause in undecided for cause in change.causes]
        return all(held) if change.direction == "red" else any(held)

    def _change(self, world: World, pair: Pair, after: Shown) -> Iterator[Change]:
        """Yield the change from the verdict that was shown before.

        There is none if no verdict was shown yet: then there is nothing that could be kept.
        """
        before = self.shown.get(pair)
        if before is None or before.verdict.state == after.verdict.state:
            return
        citizen, provider = pair
        rule_set = world.provider(provider).rule_set
        if after.verdict.state == "red":
            stood = {hit.content for hit in before.verdict.hits}
            came = [hit for hit in after.verdict.hits if hit.colour == "red" and hit.content not in stood]
            causes = {_cause_of_coming(world, citizen, rule_set, hit, before.inputs, after.inputs) for hit in came}
            yield Change(citizen, provider, "red", frozenset(causes or {None}))
        elif after.verdict.state == "green":
            early = [
                hit for hit in before.verdict.hits if _announced(world, citizen, hit, before.inputs) > after.inputs.day
            ]
            causes = {_cause_of_going(world, citizen, rule_set, hit, before.inputs, after.inputs) for hit in early}
            if causes:
                yield Change(citizen, provider, "green", frozenset(causes))


def _judged(
    world: World, people: Collection[str], day: date, as_of: datetime, known_at: datetime
) -> Iterator[tuple[Pair, Shown]]:
    """Yield (citizen, provider) → verdict and inputs. Held colours of providers with a silent source are included."""
    for one in world.providers:
        if inputs := inputs_of(world, one.code, day, as_of, known_at):
            for citizen in sorted(people):
                registered_at = world.registered_at.get((citizen, one.code))
                if registered_at is not None and registered_at <= known_at:
                    yield (citizen, one.code), Shown(judged(world, citizen, inputs), inputs)


def _announced(world: World, citizen: str, hit: Hit, inputs: Inputs) -> date:
    """Return the announced day of the hit: when it would be released by itself, by the version in force when announced.

    A future version does not change the announced day. Otherwise a version published one day before it takes effect could
    turn everybody green without being held (§4 does not say).
    """
    known = known_about(world, citizen, inputs)
    for ahead in range(FORESEEN):
        day = inputs.day + ahead * ONE_DAY
        healthy = frozenset(inputs.day + n * ONE_DAY for n in range(ahead + 1))
        later = replace(known, healthy=known.healthy | healthy)
        if hit_of(later, hit.rule, hit.said, inputs.rule_set_version, day) is None:
            return day
    return date.max


def _cause_of_coming(
    world: World, citizen: str, rule_set: str, hit: Hit, before: Inputs, after: Inputs
) -> Cause | None:
    """Return why the hit appeared: by its own record, a record that no longer clears it, or else a new rule-set version."""
    old, new = _seen(world, citizen, before), _seen(world, citizen, after)
    if _is_decided(world, hit.said, before, after):
        return None
    if _differs(hit.said, old):
        return Cause(rule_set, hit.rule_code, _brought(world, hit.said))
    for fact in old.values():
        if fact.kind in hit.rule.cleared_by and _differs(fact, new):
            return Cause(rule_set, hit.rule_code, _brought(world, _last_version(world, fact, after)))
    return _version(rule_set, hit.rule_code, before, after)


def _cause_of_going(world: World, citizen: str, rule_set: str, hit: Hit, before: Inputs, after: Inputs) -> Cause | None:
    """Return why the hit disappeared: by its own record, a new fact that clears it or counts as a test, or a new version."""
    old, new = _seen(world, citizen, before), _seen(world, citizen, after)
    if _is_decided(world, hit.said, before, after):
        return None
    if _differs(hit.said, new):
        return Cause(rule_set, hit.rule_code, _brought(world, _last_version(world, hit.said, after)))
    kinds = {*hit.rule.cleared_by, *(["negative_test"] if hit.rule.tests else [])}
    clearing = [one for one in new.values() if one.kind in kinds and _differs(one, old)]
    for fact in sorted(clearing, key=lambda one: one.ref):
        return Cause(rule_set, hit.rule_code, _brought(world, fact))
    return _version(rule_set, hit.rule_code, before, after)


def _version(rule_set: str, rule: str, before: Inputs, after: Inputs) -> Cause | None:
    if before.rule_set_version == after.rule_set_version:
        return None
    return Cause(rule_set, rule, Brought(None, after.rule_set_version.version))


def _is_decided(world: World, fact: FactVersion, before: Inputs, after: Inputs) -> bool:
    """Return whether the fact's origin is the city, or the record was suppressed or restored by two people in between."""
    rulings = world.suppressions_of.get(fact.key, ())
    instants = [at for one in rulings for at in (one.from_instant, one.until) if at]
    return fact.origin == CITY or any(before.known_at < at <= after.known_at for at in instants)


def _seen(world: World, citizen: str, inputs: Inputs) -> dict[tuple[Origin, str], FactVersion]:
    return {fact.key: fact for fact in seen_facts(world, citizen, inputs)}


def _differs(fact: FactVersion, seen: dict[tuple[Origin, str], FactVersion]) -> bool:
    """Return whether the fact's record has other content in `seen` or is absent. Another spelling is not other content."""
    other = seen.get(fact.key)
    return other is None or _content(other) != _content(fact)


def _content(fact: FactVersion) -> tuple[object, ...]:
    return fact.citizen, fact.kind, fact.area, fact.started_on, fact.ended_on


def _last_version(world: World, fact: FactVersion, inputs: Inputs) -> FactVersion:
    known = [one for one in world.records[fact.key] if one.received_at <= inputs.known_at]
    return max(known, key=lambda one: (one.recorded_at, one.received_at, one.version))


def _brought(world: World, fact: FactVersion) -> Brought:
    if fact.origin.kind == "provider":
        return Brought(fact.origin, fact.received_at.astimezone(world.zone).date())
    return Brought(fact.origin, fact.received_at)
