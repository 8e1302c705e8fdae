"""Everything one city knows, as plain values. Days are dates in its zone, instants are aware datetimes."""

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
class World:
    """Everything one city has ever received, without regard to order.

    ``kept``: what is shown of (citizen, provider) while two people have not decided about what else would be (§4, Mass changes).
    ``judged_before``: verdicts made in earlier worlds of the same city, which has only learned since; None: each is made anew.
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
        """Record → all its versions."""
        records: dict[RecordKey, list[FactVersion]] = defaultdict(list)
        for fact in self.facts:
            records[fact.key].append(fact)
        return records

    @cached_property
    def records_about(self) -> dict[str, list[list[FactVersion]]]:
        """Citizen → the records (all their versions) that named this citizen in any version."""
        about: dict[str, list[list[FactVersion]]] = defaultdict(list)
        for versions in self.records.values():
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

    @cached_property
    def told_about(self) -> dict[str, list[datetime]]:
        """Citizen → when each version of the records about them was received."""
        return {
            citizen: sorted(fact.received_at for versions in records for fact in versions)
            for citizen, records in self.records_about.items()
        }

    @cached_property
    def checked_in_at(self) -> dict[tuple[str, str], list[datetime]]:
        """(citizen, provider) → when each check-in was received."""
        return {holder: sorted(one.received_at for one in told) for holder, told in self.check_ins_of.items()}

    @cached_property
    def suppressions_about(self) -> dict[str, tuple[Suppression, ...]]:
        """Citizen → the rulings that a record about them is wrong."""
        found: dict[str, tuple[Suppression, ...]] = defaultdict(tuple)
        for record, ruled in self.suppressions_of.items():
            for citizen in {fact.citizen for fact in self.records.get(record, ())}:
                found[citizen] += tuple(ruled)
        return found

    def read_for(self, citizen: str, inputs: Inputs) -> Hashable:
        """What tells all that a verdict with these inputs can have read: where this is the same, so is the verdict.

        What a city was told by an instant only ever grows while it learns more: as many statements are the same statements.
        """
        told = self.told_about.get(citizen, []), self.checked_in_at.get((citizen, inputs.declared_with), [])
        counts = [bisect_right(instants, inputs.known_at) for instants in told]
        return citizen, inputs, *counts, self.suppressions_about.get(citizen, ())

    def source(self, code: str) -> Source:
        return next(source for source in self.sources if source.code == code)

    def provider(self, code: str) -> Provider:
        return next(provider for provider in self.providers if provider.code == code)
