"""What the finders of a guilty piece read: the facts and rules behind the hybrids of many pairs, loaded once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from codes.diagnosis.hybrids import Pair
from codes.diagnosis.piece import Record, RuleSide
from codes.models import Fact, RiskArea, Rule


@dataclass(frozen=True)
class Evidence:
    """Facts by id, rules by id and by edition, risk entries by edition."""

    facts: dict[int, Fact]
    rules: dict[int, Rule] = field(default_factory=dict)
    rules_of: dict[int, list[Rule]] = field(default_factory=dict)
    risk_areas_of: dict[int, list[RiskArea]] = field(default_factory=dict)

    def record(self, fact_id: int) -> Record:
        """The fact in the shape a piece keeps it."""
        fact = self.facts[fact_id]
        origin = fact.source or fact.provider
        return Record(
            fact_id=fact.pk,
            origin=fact.origin,  # type: ignore[typeddict-item]  # the database holds it to the three
            origin_code=origin.code if origin else "city",
            record_id=fact.record_id,
            version=fact.version,
            kind=fact.kind,
            area=fact.area,
            started_on=fact.started_on.isoformat(),
            ended_on=fact.ended_on.isoformat() if fact.ended_on else None,
            recorded_at=fact.recorded_at.isoformat(),
            received_at=fact.received_at.isoformat(),
            batch=fact.batch_id,
        )

    def risk_entries(self, version: int, area: str, first: date, last: date | None) -> list[RiskArea]:
        """Entries of the edition's list that cover the area on some day of the span."""
        covering = {area, area[:4] + "00", area[:2] + "0000"}
        return [
            entry
            for entry in self.risk_areas_of.get(version, [])
            if entry.area in covering
            and (last is None or entry.from_day <= last)
            and (entry.to_day is None or entry.to_day >= first)
        ]


def gather(pairs: Iterable[Pair]) -> Evidence:
    """Load what the pairs' hybrids refer to: three queries, whatever their number."""
    pairs = list(pairs)
    seen = {fact for pair in pairs for judged in pair.hybrids.values() for fact in judged.seen}
    versions = {version for pair in pairs for version in pair.versions}
    evidence = Evidence(Fact.objects.select_related("source", "provider").in_bulk(seen))
    for rule in Rule.objects.filter(version__in=versions).select_related("version__rule_set").order_by("code", "id"):
        evidence.rules[rule.pk] = rule
        evidence.rules_of.setdefault(rule.version_id, []).append(rule)
    for entry in RiskArea.objects.filter(version__in=versions).select_related("version__rule_set"):
        evidence.risk_areas_of.setdefault(entry.version_id, []).append(entry)
    return evidence


def rule_side(rule: Rule) -> RuleSide:
    """The rule in the shape a piece keeps it."""
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
