"""What the simulation knows to be true of the city: a world of the oracle that grows with every act that was taken."""

from __future__ import annotations

from collections import defaultdict
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
    World,
    facts_of_check_ins,
    facts_of_declarations,
)
from tests.worlds import ZONE

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
    """Everything the city has taken, in the order in which it did."""

    records: dict[RecordKey, list[FactVersion]] = field(default_factory=lambda: defaultdict(list))
    declarations: list[Declaration] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    registrations: dict[tuple[str, str], Registration] = field(default_factory=dict)
    batches: dict[str, list[Batch]] = field(default_factory=lambda: defaultdict(list))
    versions: list[RuleSetVersion] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    people: set[str] = field(default_factory=set)

    def take_declaration(self, declaration: Declaration) -> None:
        """The first one registers."""
        holder = declaration.citizen, declaration.provider
        self.declarations.append(declaration)
        self.people.add(declaration.citizen)
        self.registrations.setdefault(holder, Registration(*holder, declaration.received_at))

    def registered(self, person: str) -> list[str]:
        return [one.code for one in PROVIDERS if (person, one.code) in self.registrations]

    def newest_version(self, rule_set: str) -> RuleSetVersion:
        return max((one for one in self.versions if one.code == rule_set), key=lambda one: one.version)

    def world(self) -> World:
        """As the oracle has it; asked about an instant, it leaves out what came later."""
        told = [fact for versions in self.records.values() for fact in versions]
        return World(
            providers=PROVIDERS,
            sources=tuple(Source(code, MAX_AGE, tuple(self.batches[code])) for code in SOURCES),
            rule_sets=tuple(self.versions),
            citizens=tuple(sorted(self.people)),
            facts=(
                *told,
                *facts_of_declarations(self.declarations, ZONE),
                *facts_of_check_ins(self.check_ins, ZONE),
            ),
            check_ins=tuple(self.check_ins),
            registrations=tuple(self.registrations.values()),
            suppressions=tuple(self.suppressions),
            rulings=tuple(self.rulings),
            zone=ZONE,
        )
