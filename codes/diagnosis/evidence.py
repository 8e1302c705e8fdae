"""The facts and rules behind the hybrids of many pairs, loaded once, and the differences made by one sufficient swap."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from django.db import connection

from codes.diagnosis.hybrids import Judged, Swap
from codes.diagnosis.root_cause import RULE_PARAMETERS, SIDES, Record, RuleSide, Side, other_side
from codes.engine.query import suppressed
from codes.models import RiskArea, Rule
from regions.divisions import covering, successors
from regions.sql import compose
from regions.tenancy import current_city

FACTS = compose(Path(__file__).with_suffix(".sql"), suppressed=suppressed("said", subject="asked", person="f"))


# The rules of sides A and B (either may be missing), and the parameters that differ.
ComparedRules = tuple[RuleSide | None, RuleSide | None, list[str]]


class FactRow(NamedTuple):
    """A fact as a plain tuple, because a run may have to load a hundred thousand of them.

    ``first_recorded_at`` is when its origin first recorded the same content, from which the anchor `recorded` counts; ``None`` if
    no rule about its kind has that anchor.
    """

    fact_id: int
    origin: Literal["source", "provider", "city"]
    origin_code: str
    record_id: str
    version: int
    kind: str
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    received_at: datetime
    batch: int | None
    first_recorded_at: datetime | None


@dataclass(frozen=True)
class Evidence:
    """Facts by id, rules by id and by version, risk entries by version.

    ``compared_rules``: (A's version, B's version, kind of fact, rules that hold it) → the comparisons made so far.
    """

    facts: dict[int, FactRow]
    rules: dict[int, Rule] = field(default_factory=dict)
    rules_of: dict[int, list[Rule]] = field(default_factory=dict)
    risk_areas_of: dict[int, list[RiskArea]] = field(default_factory=dict)
    compared_rules: dict[tuple[int, int, str, frozenset[int]], list[ComparedRules]] = field(default_factory=dict)

    def record(self, fact_id: int) -> Record:
        """Return the fact in the form stored in a root cause."""
        values = self.facts[fact_id]._asdict()
        del values["first_recorded_at"]
        return cast(Record, {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()})

    def risk_entries(self, version: int, area: str, first: date, last: date | None) -> list[RiskArea]:
        """Return the entries of the version's risk list that cover the area on any day of the span."""
        covered_by = {code for one in (area, *successors(area)) for code in covering(one)}
        return [
            entry
            for entry in self.risk_areas_of.get(version, [])
            if entry.area in covered_by
            and (last is None or entry.from_day <= last)
            and (entry.to_day is None or entry.to_day >= first)
        ]


def load_evidence(swaps: Collection[Swap]) -> Evidence:
    """Load the facts, rules and risk entries that the swaps of one run refer to, in three queries whatever their number."""
    versions = {version for swap in swaps for version in swap.pair.versions}
    in_versions = Rule.objects.filter(version__in=versions).select_related("version__rule_set")
    rules = list(in_versions.order_by("code", "id"))
    evidence = Evidence(_facts(swaps, by_record={rule.kind for rule in rules if rule.anchor == RECORDED}))
    for rule in rules:
        evidence.rules[rule.pk] = rule
        evidence.rules_of.setdefault(rule.version_id, []).append(rule)
    for entry in RiskArea.objects.filter(version__in=versions).select_related("version__rule_set"):
        evidence.risk_areas_of.setdefault(entry.version_id, []).append(entry)
    return evidence


def rule_side(rule: Rule) -> RuleSide:
    """Return the rule in the form stored in a root cause."""
    version = rule.version
    key = {"rule_set": version.rule_set.code, "version": version.version, "rule_id": rule.pk, "code": rule.code}
    return cast(RuleSide, key | {name: getattr(rule, name) for name in RULE_PARAMETERS})


def _facts(swaps: Collection[Swap], *, by_record: set[str]) -> dict[int, FactRow]:
    values: dict[str, Any] = {
        "facts": list({fact for swap in swaps for fact in swap.relevant_facts()}),
        "known_at": max((swap.pair.as_of for swap in swaps), default=None),
        "by_record": sorted(by_record),
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, values)
        return {row[0]: FactRow(*row) for row in cursor.fetchall()}


TEST = "negative_test"
RECORDED = "recorded"


@dataclass(frozen=True)
class Comparison(Swap):
    """A swap with the evidence behind it, and the differences that it makes."""

    evidence: Evidence

    @property
    def other(self) -> Side:
        return other_side(self.base)

    @cached_property
    def changed_hits(self) -> list[dict[str, Any]]:
        """The hits that hold either only before or only after the swap, or with another colour."""
        ours, theirs = self._colours(self.before), self._colours(self.after)
        hits = [*self.before.hits, *self.after.hits]
        return [hit for hit in hits if ours.get(hit["fact_id"]) != theirs.get(hit["fact_id"])]

    @cached_property
    def changed_rules(self) -> list[Rule]:
        return [self.evidence.rules[hit["rule_id"]] for hit in self.changed_hits]

    def vanished(self) -> list[int]:
        """Return the facts that the base side sees and the swap does not, of those relevant to the changed hits."""
        return self.bearing(self.exchanged[0])

    def appeared(self) -> list[int]:
        """Return the facts that the swap sees and the base side does not, of those relevant to the changed hits."""
        return self.bearing(self.exchanged[1])

    @cached_property
    def exchanged(self) -> tuple[list[int], list[int]]:
        """The facts that only the base side sees, and those that only the swap sees, without pairs of equal content."""
        by_statement: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for fact in sorted(self.new, reverse=True):
            by_statement[self._statement(fact)].append(fact)
        alike = {
            fact: by_statement[statement].pop()
            for fact in sorted(self.gone)
            if by_statement[statement := self._statement(fact)]
        }
        return sorted(self.gone - alike.keys()), sorted(self.new - set(alike.values()))

    def bearing(self, facts: Iterable[int]) -> list[int]:
        """Return the facts on which a changed hit is based, that clear such a hit, or that count as a test for it."""
        facts = sorted(facts)
        hit_facts = {hit["fact_id"] for hit in self.changed_hits}
        releasing = {kind for rule in self.changed_rules for kind in rule.cleared_by}
        if any(rule.tests for rule in self.changed_rules):
            releasing.add(TEST)
        return [fact for fact in facts if fact in hit_facts or self.evidence.facts[fact].kind in releasing]

    def _statement(self, fact_id: int) -> tuple[object, ...]:
        fact = self.evidence.facts[fact_id]
        version = self.pair.versions[SIDES.index(self.base)]
        by_record = any(
            rule.kind == fact.kind and rule.anchor == RECORDED for rule in self.evidence.rules_of.get(version, [])
        )
        recorded_on = current_city().day_of(fact.first_recorded_at) if by_record and fact.first_recorded_at else None
        return fact.kind, fact.area, fact.started_on, fact.ended_on, recorded_on

    def _colours(self, judged: Judged) -> dict[int, tuple[str, ...]]:
        """Return fact → the colours in which it holds the citizen."""
        found: dict[int, set[str]] = {}
        for hit in judged.hits:
            found.setdefault(hit["fact_id"], set()).add(self.evidence.rules[hit["rule_id"]].colour)
        return {fact: tuple(sorted(colours)) for fact, colours in found.items()}
