"""What the finders of a root cause read: the facts and rules behind the hybrids of many pairs, loaded once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from django.db import connection

from codes.diagnosis.hybrids import Swap
from codes.diagnosis.root_cause import Record, RuleSide
from codes.models import RiskArea, Rule

FACTS = """
SELECT f.id, f.origin, coalesce(s.code, p.code, 'city'), f.record_id, f.version, f.kind, f.area, f.started_on, f.ended_on,
       f.recorded_at, f.received_at, f.batch_id
FROM codes_fact f
LEFT JOIN sources_source s ON s.id = f.source_id
LEFT JOIN codes_provider p ON p.id = f.provider_id
WHERE f.id = ANY (%s)
"""


# Two rules as the pair's sides apply them, and the parameters that differ.
ComparedRules = tuple[RuleSide | None, RuleSide | None, list[str]]


class FactRow(NamedTuple):
    """A fact without the weight of a model: a run may have to look at a hundred thousand."""

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


@dataclass(frozen=True)
class Evidence:
    """Facts by id, rules by id and by version, risk entries by version.

    ``compared_rules``: (A's version, B's version, kind of fact, rules that hold it) → what was found out about them so far.
    """

    facts: dict[int, FactRow]
    rules: dict[int, Rule] = field(default_factory=dict)
    rules_of: dict[int, list[Rule]] = field(default_factory=dict)
    risk_areas_of: dict[int, list[RiskArea]] = field(default_factory=dict)
    compared_rules: dict[tuple[int, int, str, frozenset[int]], list[ComparedRules]] = field(default_factory=dict)

    def record(self, fact_id: int) -> Record:
        """The fact in the shape a cause keeps it."""
        fact = self.facts[fact_id]
        return Record(
            fact_id=fact.fact_id,
            origin=fact.origin,
            origin_code=fact.origin_code,
            record_id=fact.record_id,
            version=fact.version,
            kind=fact.kind,
            area=fact.area,
            started_on=fact.started_on.isoformat(),
            ended_on=fact.ended_on.isoformat() if fact.ended_on else None,
            recorded_at=fact.recorded_at.isoformat(),
            received_at=fact.received_at.isoformat(),
            batch=fact.batch,
        )

    def risk_entries(self, version: int, area: str, first: date, last: date | None) -> list[RiskArea]:
        """Entries of the version's list that cover the area on some day of the span."""
        covering = {area, area[:4] + "00", area[:2] + "0000"}
        return [
            entry
            for entry in self.risk_areas_of.get(version, [])
            if entry.area in covering
            and (last is None or entry.from_day <= last)
            and (entry.to_day is None or entry.to_day >= first)
        ]


def gather(swaps: Collection[Swap]) -> Evidence:
    """Load what the swaps refer to: three queries, whatever their number."""
    versions = {version for swap in swaps for version in swap.pair.versions}
    evidence = Evidence(_facts({fact for swap in swaps for fact in swap.telling()}))
    for rule in Rule.objects.filter(version__in=versions).select_related("version__rule_set").order_by("code", "id"):
        evidence.rules[rule.pk] = rule
        evidence.rules_of.setdefault(rule.version_id, []).append(rule)
    for entry in RiskArea.objects.filter(version__in=versions).select_related("version__rule_set"):
        evidence.risk_areas_of.setdefault(entry.version_id, []).append(entry)
    return evidence


def rule_side(rule: Rule) -> RuleSide:
    """The rule in the shape a cause keeps it."""
    return RuleSide(
        rule_set=rule.version.rule_set.code,
        version=rule.version.version,
        rule_id=rule.pk,
        code=rule.code,
        colour=rule.colour,
        anchor=rule.anchor,
        hold_days=rule.hold_days,
        checkin_days=rule.checkin_days,
        tests=rule.tests,
        test_gap_days=rule.test_gap_days,
        cleared_by=rule.cleared_by,
        area_levels=rule.area_levels,
    )


def _facts(ids: set[int]) -> dict[int, FactRow]:
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [list(ids)])
        return {row[0]: FactRow(*row) for row in cursor.fetchall()}
