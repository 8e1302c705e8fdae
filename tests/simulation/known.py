"""What the simulation knows about the city: an oracle world to which every accepted act is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta

from tests.oracle import (
    Batch,
    CheckIn,
    Declaration,
    FactVersion,
    Provider,
    RecordKey,
    Registration,
    RuleSetVersion,
    Ruling,
    Source,
    Suppression,
    Verdict,
    World,
    facts_of_check_ins,
    facts_of_declarations,
)
from tests.worlds import ZONE

Holder = tuple[str, str]
"""(citizen, provider)"""
MAX_AGE = timedelta(hours=26)
PROVIDERS = (
    Provider("alipay", "bigdata", "national"),
    Provider("cityapp", "police", "national"),
    Provider("wechat", "police", "local"),
)
SOURCES = ("bigdata", "police")
RULE_SETS = ("national", "local")


@dataclass
class Known:
    """Everything the city has accepted, in that order."""

    records: dict[RecordKey, list[FactVersion]] = field(default_factory=lambda: defaultdict(list))
    declarations: dict[Holder, list[Declaration]] = field(default_factory=lambda: defaultdict(list))
    check_ins: dict[Holder, list[CheckIn]] = field(default_factory=lambda: defaultdict(list))
    registrations: dict[Holder, Registration] = field(default_factory=dict)
    batches: dict[str, list[Batch]] = field(default_factory=lambda: defaultdict(list))
    versions: list[RuleSetVersion] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    judged: dict[Hashable, Verdict] = field(default_factory=dict)
    _stated: dict[Holder, list[FactVersion]] = field(default_factory=dict)

    def take(self, told: Declaration | CheckIn) -> None:
        """Add an accepted declaration or check-in. The first declaration registers the citizen with the provider."""
        holder = told.citizen, told.provider
        self._stated.pop(holder, None)
        if isinstance(told, CheckIn):
            self.check_ins[holder].append(told)
        else:
            self.declarations[holder].append(told)
            self.people.add(told.citizen)
            self.registrations.setdefault(holder, Registration(*holder, told.received_at))

    def registered(self, person: str) -> list[str]:
        return [one.code for one in PROVIDERS if (person, one.code) in self.registrations]

    def newest_version(self, rule_set: str) -> RuleSetVersion:
        return max((one for one in self.versions if one.code == rule_set), key=lambda one: one.version)

    def world(self) -> World:
        """Return the world of the oracle. For an instant, the oracle itself ignores everything received later."""
        told = [fact for versions in self.records.values() for fact in versions]
        return World(
            providers=PROVIDERS,
            sources=tuple(Source(code, MAX_AGE, tuple(self.batches[code])) for code in SOURCES),
            rule_sets=tuple(self.versions),
            citizens=tuple(sorted(self.people)),
            facts=(*told, *(fact for holder in self.registrations for fact in self._facts_of(holder))),
            check_ins=tuple(one for held in self.check_ins.values() for one in held),
            registrations=tuple(self.registrations.values()),
            suppressions=tuple(self.suppressions),
            rulings=tuple(self.rulings),
            zone=ZONE,
            judged_before=self.judged,
        )

    def _facts_of(self, holder: Holder) -> list[FactVersion]:
        """Return the facts of the citizen's entries with the provider. They are cached until the next entry."""
        if holder not in self._stated:
            declared = facts_of_declarations(self.declarations[holder], ZONE)
            self._stated[holder] = declared + facts_of_check_ins(self.check_ins[holder], ZONE)
        return self._stated[holder]
