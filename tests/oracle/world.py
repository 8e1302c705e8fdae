"""Everything one city knows, as plain values. Days are dates in its time zone, instants are aware datetimes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.facts import CheckIn, FactVersion, RecordKey, Registration
from tests.oracle.rules import RuleSetVersion
from tests.oracle.rulings import Ruling, Suppression

if TYPE_CHECKING:
    from tests.oracle.seen import Inputs
    from tests.oracle.verdicts import Verdict


class Batch(NamedTuple):
    """An accepted delivery. `as_of` is its horizon: the instant up to which the source states that it is complete."""

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
class World:
    """Everything one city has ever received. The order within the tuples makes no difference.

    ``kept`` contains (citizen, provider) → the verdict that is shown while its change is held (§4, Mass changes).
    ``judged_before`` caches verdicts across worlds of the same city, each of which contains everything of the previous
    ones. None turns the cache off.
    """

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
    kept: Mapping[tuple[str, str], Verdict] = field(default_factory=dict, hash=False)
    judged_before: dict[Hashable, Verdict] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def records(self) -> dict[RecordKey, list[FactVersion]]:
        """Map each record to all its versions."""
        records: dict[RecordKey, list[FactVersion]] = defaultdict(list)
        for fact in self.facts:
            records[fact.key].append(fact)
        return records

    @cached_property
    def records_about(self) -> dict[str, list[list[FactVersion]]]:
        """Map each citizen to the records, with all their versions, that name the citizen in any version."""
        about: dict[str, list[list[FactVersion]]] = defaultdict(list)
        for versions in self.records.values():
            for citizen in {fact.citizen for fact in versions}:
                about[citizen].append(versions)
        return about

    @cached_property
    def check_ins_of(self) -> dict[tuple[str, str], list[CheckIn]]:
        """Map (citizen, provider) to the check-ins."""
        found: dict[tuple[str, str], list[CheckIn]] = defaultdict(list)
        for check_in in self.check_ins:
            found[check_in.citizen, check_in.provider].append(check_in)
        return found

    @cached_property
    def registered_at(self) -> dict[tuple[str, str], datetime]:
        """Map (citizen, provider) to the instant of the first registration."""
        found: dict[tuple[str, str], datetime] = {}
        for entry in self.registrations:
            key = (entry.citizen, entry.provider)
            found[key] = min(entry.registered_at, found.get(key, entry.registered_at))
        return found

    @cached_property
    def suppressions_of(self) -> dict[RecordKey, list[Suppression]]:
        """Map each record to the rulings that it is wrong."""
        found: dict[RecordKey, list[Suppression]] = defaultdict(list)
        for ruling in self.suppressions:
            found[RecordKey(ruling.origin, ruling.record_id)].append(ruling)
        return found

    @cached_property
    def rulings_about(self) -> dict[str, list[Ruling]]:
        """Map each citizen to the rulings about them."""
        found: dict[str, list[Ruling]] = defaultdict(list)
        for ruling in self.rulings:
            found[ruling.citizen].append(ruling)
        return found

    @cached_property
    def told_about(self) -> dict[str, list[datetime]]:
        """Map each citizen to the sorted instants at which the versions of the records about them were received."""
        return {
            citizen: sorted(fact.received_at for versions in records for fact in versions)
            for citizen, records in self.records_about.items()
        }

    @cached_property
    def checked_in_at(self) -> dict[tuple[str, str], list[datetime]]:
        """Map (citizen, provider) to the sorted instants at which the check-ins were received."""
        return {holder: sorted(one.received_at for one in told) for holder, told in self.check_ins_of.items()}

    @cached_property
    def suppressions_about(self) -> dict[str, tuple[Suppression, ...]]:
        """Map each citizen to the rulings that a record about them is wrong."""
        found: dict[str, tuple[Suppression, ...]] = defaultdict(tuple)
        for record, ruled in self.suppressions_of.items():
            for citizen in {fact.citizen for fact in self.records.get(record, ())}:
                found[citizen] += tuple(ruled)
        return found

    def read_for(self, citizen: str, inputs: Inputs) -> Hashable:
        """Return a cache key for everything that a verdict with these inputs can depend on: equal keys, equal verdicts.

        Statements are only ever added to a city. Therefore, among those received by an instant, an equal number means
        the same statements.
        """
        told = self.told_about.get(citizen, []), self.checked_in_at.get((citizen, inputs.declared_with), [])
        counts = [bisect_right(instants, inputs.known_at) for instants in told]
        return citizen, inputs, *counts, self.suppressions_about.get(citizen, ())

    def source(self, code: str) -> Source:
        return next(source for source in self.sources if source.code == code)

    def provider(self, code: str) -> Provider:
        return next(provider for provider in self.providers if provider.code == code)
