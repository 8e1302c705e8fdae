"""A sufficient swap of one factor, held against the side it starts from: what appeared, what vanished, what it bore on."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codes.diagnosis.evidence import Evidence
from codes.diagnosis.hybrids import Judged, Pair, Swap
from codes.diagnosis.root_cause import Side
from codes.models import Rule
from regions.tenancy import current_city

TEST = "negative_test"
RECORDED = "recorded"
SIDES: tuple[Side, Side] = ("a", "b")


@dataclass(frozen=True)
class Contrast:
    """``before`` is the base side's own verdict, ``after`` the same with the factor taken from the other side."""

    swap: Swap
    evidence: Evidence

    @property
    def pair(self) -> Pair:
        return self.swap.pair

    @property
    def base(self) -> Side:
        return self.swap.base

    @property
    def before(self) -> Judged:
        return self.swap.before

    @property
    def after(self) -> Judged:
        return self.swap.after

    @property
    def other(self) -> Side:
        return "b" if self.base == "a" else "a"

    @cached_property
    def changed_hits(self) -> list[dict[str, Any]]:
        """Hits that hold on one of the two only, or under another colour."""
        ours, theirs = self._colours(self.before), self._colours(self.after)
        hits = [*self.before.hits, *self.after.hits]
        return [hit for hit in hits if ours.get(hit["fact_id"]) != theirs.get(hit["fact_id"])]

    @cached_property
    def changed_rules(self) -> list[Rule]:
        return [self.evidence.rules[hit["rule_id"]] for hit in self.changed_hits]

    def vanished(self) -> list[int]:
        """Facts the base side sees and the swap does not, of those that bear on the changed hits."""
        return self.bearing(self.exchanged[0])

    def appeared(self) -> list[int]:
        """Facts the swap sees and the base side does not, likewise."""
        return self.bearing(self.exchanged[1])

    @cached_property
    def exchanged(self) -> tuple[list[int], list[int]]:
        """Facts only the base side sees and facts only the swap sees, less the pairs that tell the same event alike."""
        ours, theirs = self.before.seen - self.after.seen, self.after.seen - self.before.seen
        told: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for fact in sorted(theirs, reverse=True):
            told[self._statement(fact)].append(fact)
        alike = {fact: told[statement].pop() for fact in sorted(ours) if told[statement := self._statement(fact)]}
        return sorted(ours - alike.keys()), sorted(theirs - set(alike.values()))

    def bearing(self, facts: Iterable[int]) -> list[int]:
        """Those that a changed hit rests on, or that clear one or count as its test."""
        facts = sorted(facts)
        hit_facts = {hit["fact_id"] for hit in self.changed_hits}
        releasing = {kind for rule in self.changed_rules for kind in rule.cleared_by}
        if any(rule.tests for rule in self.changed_rules):
            releasing.add(TEST)
        return [fact for fact in facts if fact in hit_facts or self.evidence.facts[fact].kind in releasing]

    def _statement(self, fact_id: int) -> tuple[object, ...]:
        """All that a verdict takes from a fact."""
        fact = self.evidence.facts[fact_id]
        version = self.pair.versions[SIDES.index(self.base)]
        by_record = any(
            rule.kind == fact.kind and rule.anchor == RECORDED for rule in self.evidence.rules_of.get(version, [])
        )
        recorded_on = current_city().day_of(fact.recorded_at) if by_record else None
        return fact.kind, fact.area, fact.started_on, fact.ended_on, recorded_on

    def _colours(self, judged: Judged) -> dict[int, tuple[str, ...]]:
        """Fact → the colours it holds the citizen in."""
        found: dict[int, set[str]] = {}
        for hit in judged.hits:
            found.setdefault(hit["fact_id"], set()).add(self.evidence.rules[hit["rule_id"]].colour)
        return {fact: tuple(sorted(colours)) for fact, colours in found.items()}
