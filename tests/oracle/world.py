"""What a city knows, as plain values: the nouns of the semantics, each field under its own name.

Days are dates in the city's zone, instants are aware datetimes. Nothing here computes a colour.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Colour = Literal["red", "yellow", "green"]
State = Literal["red", "yellow", "green", "unknown", "not_applied"]
Anchor = Literal["started", "ended", "recorded"]

COLOURS: frozenset[str] = frozenset({"red", "yellow", "green"})
SEVERITY: dict[str, int] = {"green": 0, "yellow": 1, "red": 2}


class Origin(NamedTuple):
    """Who states a fact. The city has no code of its own."""

    kind: Literal["source", "provider", "city"]
    code: str = ""


CITY = Origin("city")


class RecordKey(NamedTuple):
    origin: Origin
    record_id: str


class FactRef(NamedTuple):
    origin: Origin
    record_id: str
    version: int


@dataclass(frozen=True)
class FactVersion:
    """One version of a record; `version` counts up in the order the city received them."""

    origin: Origin
    record_id: str
    version: int
    citizen: str
    kind: str
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    received_at: datetime
    detail: tuple[tuple[str, str], ...] = ()
    revoked: bool = False

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.origin, self.record_id)

    @property
    def ref(self) -> FactRef:
        return FactRef(self.origin, self.record_id, self.version)


@dataclass(frozen=True)
class CheckIn:
    citizen: str
    provider: str
    day: date
    healthy: bool
    received_at: datetime


@dataclass(frozen=True)
class Registration:
    citizen: str
    provider: str
    registered_at: datetime


@dataclass(frozen=True)
class Rule:
    """`hold_days` None means: until cleared by a fact. Empty `area_levels` means: any area, or none."""

    code: str
    kind: str
    colour: Literal["red", "yellow"]
    anchor: Anchor = "started"
    hold_days: int | None = 14
    checkin_days: int = 0
    tests: int = 0
    test_gap_days: int = 0
    cleared_by: tuple[str, ...] = ()
    area_levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class RiskArea:
    """Both days belong to the entry; `to_day` None means: until further notice."""

    area: str
    level: str
    from_day: date
    to_day: date | None = None


@dataclass(frozen=True)
class RuleSetVersion:
    code: str
    version: int
    effective_from: date
    rules: tuple[Rule, ...]
    risk_areas: tuple[RiskArea, ...] = ()


class Batch(NamedTuple):
    """An accepted delivery; `as_of` is the moment up to which the source calls it complete."""

    accepted_at: datetime
    as_of: datetime


@dataclass(frozen=True)
class Source:
    code: str
    max_age: timedelta
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True)
class Provider:
    code: str
    source: str
    rule_set: str


@dataclass(frozen=True)
class Suppression:
    """A ruling that a record is wrong, in force from `from_instant` until just before `until`."""

    origin: Origin
    record_id: str
    from_instant: datetime
    until: datetime | None = None


class HitKey(NamedTuple):
    """A hit as a case's fingerprint knows it: the rule's code, the fact's record and version."""

    rule_code: str
    fact: FactRef


@dataclass(frozen=True)
class Ruling:
    """A manual colour. `approved_at` None: still waiting for the second official. `ends_on` is its last day."""

    citizen: str
    colour: Colour
    approved_at: datetime | None
    ends_on: date
    weighed: frozenset[HitKey] = frozenset()


@dataclass(frozen=True)
class World:
    """Everything one city has ever received, without regard to order."""

    providers: tuple[Provider, ...]
    sources: tuple[Source, ...]
    rule_sets: tuple[RuleSetVersion, ...]
    citizens: tuple[str, ...] = ()
    facts: tuple[FactVersion, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    registrations: tuple[Registration, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    interim_policy: str = "strictest"
    zone: ZoneInfo = field(default=ZoneInfo("Asia/Shanghai"))

    @cached_property
    def records_about(self) -> dict[str, list[list[FactVersion]]]:
        """Citizen → the records (all their versions) that named this citizen in any version."""
        records: dict[RecordKey, list[FactVersion]] = defaultdict(list)
        for fact in self.facts:
            records[fact.key].append(fact)
        about: dict[str, list[list[FactVersion]]] = defaultdict(list)
        for versions in records.values():
            for citizen in {fact.citizen for fact in versions}:
                about[citizen].append(versions)
        return about

    @cached_property
    def check_ins_of(self) -> dict[tuple[str, str], list[CheckIn]]:
        """(citizen, provider) → check-ins."""
        found: dict[tuple[str, str], list[CheckIn]] = defaultdict(list)
        for check_in in self.check_ins:
            found[check_in.citizen, check_in.provider].append(check_in)
        return found

    @cached_property
    def registered_at(self) -> dict[tuple[str, str], datetime]:
        """(citizen, provider) → the first registration."""
        found: dict[tuple[str, str], datetime] = {}
        for entry in self.registrations:
            key = (entry.citizen, entry.provider)
            found[key] = min(entry.registered_at, found.get(key, entry.registered_at))
        return found

    @cached_property
    def suppressions_of(self) -> dict[RecordKey, list[Suppression]]:
        """Record → the rulings that it is wrong."""
        found: dict[RecordKey, list[Suppression]] = defaultdict(list)
        for ruling in self.suppressions:
            found[RecordKey(ruling.origin, ruling.record_id)].append(ruling)
        return found

    @cached_property
    def rulings_about(self) -> dict[str, list[Ruling]]:
        """Citizen → rulings."""
        found: dict[str, list[Ruling]] = defaultdict(list)
        for ruling in self.rulings:
            found[ruling.citizen].append(ruling)
        return found

    def source(self, code: str) -> Source:
        return next(source for source in self.sources if source.code == code)

    def provider(self, code: str) -> Provider:
        return next(provider for provider in self.providers if provider.code == code)
