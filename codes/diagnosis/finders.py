"""Find the root cause of a pair: one function for each primary cause."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from codes.diagnosis.evidence import ComparedRules, Comparison, rule_side
from codes.diagnosis.root_cause import (
    RULE_PARAMETERS,
    SIDES,
    CheckIns,
    Declaration,
    Freshness,
    Record,
    RiskEntry,
    RootCause,
    RuleDifference,
    Rules,
    RuleSide,
    SameEvent,
    Side,
    SidedRecord,
    SourceRecords,
    other_side,
)
from codes.engine import provider_states
from codes.models import RiskArea, Rule
from codes.vocabulary import Cause, Colour
from regions.vocabulary import CLEARING_KINDS


def differing_check_in_runs(found: Comparison, hits: list[dict[str, Any]]) -> list[CheckIns]:
    """Return both sides' runs of check-ins since the anchor of each hit that one side's check-ins release and the other's do not."""
    pair = found.pair
    counted = provider_states.check_in_runs(pair.citizen_id, known_at=pair.as_of) if hits else []
    runs: list[CheckIns] = []
    for hit in hits:
        needed = found.evidence.rules[hit["rule_id"]].checkin_days
        since = date.fromisoformat(hit["anchor"])
        a, b = (
            _longest((one for one in counted if one.provider_id == provider), since, pair.day)
            for provider in (pair.a, pair.b)
        )
        if a != b:
            runs.append(CheckIns(rule=hit["rule"], anchor=hit["anchor"], needed=needed, a=a, b=b))
    return runs


def _longest(runs: Iterable[provider_states.CheckInRun], first: date, last: date) -> int:
    """Return the length in days of the longest run, counting only days from ``first`` to ``last``, both included."""
    return max((max((min(one.last, last) - max(one.first, first)).days + 1, 0) for one in runs), default=0)


RulePair = tuple[Rule | None, Rule | None]


def rule_pairs(a: Sequence[Rule], b: Sequence[Rule], *, holding: set[int]) -> list[RulePair]:
    """Return the pairs of rules of which at least one holds the fact, the most severe first.

    ``a`` and ``b`` are the rules of the two versions for its kind. Rules that are equal in both, under any code, explain nothing
    and are left out in pairs. Of the others, rules with the same code are paired; the rest are paired in order of severity, or
    with ``None``.
    """
    only_a, only_b = _differing(a, b)
    common = sorted({rule.code for rule in only_a} & {rule.code for rule in only_b})
    pairs: list[RulePair] = []
    for code in common:
        pairs += zip_longest(_of_code(only_a, code), _of_code(only_b, code))
    rest_a, rest_b = (
        _by_weight([rule for rule in only if rule.code not in common], holding) for only in (only_a, only_b)
    )
    pairs += zip_longest(rest_a, rest_b)
    held = [pair for pair in pairs if any(rule and rule.pk in holding for rule in pair)]
    return sorted(held, key=lambda pair: -max(_severity(rule) for rule in pair if rule and rule.pk in holding))


def _differing(a: Sequence[Rule], b: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules that are left after equal rules have been removed in pairs, those with the same code first."""
    only_a, only_b = list(a), list(b)
    for same_code in (True, False):
        for rule in tuple(only_a):
            twins = (other for other in only_b if other.code == rule.code or not same_code)
            if twin := next((other for other in twins if _parameters(other) == _parameters(rule)), None):
                only_a.remove(rule)
                only_b.remove(twin)
    return only_a, only_b


def _of_code(rules: Sequence[Rule], code: str) -> list[Rule]:
    return [rule for rule in rules if rule.code == code]


def _parameters(rule: Rule) -> list[object]:
    return [getattr(rule, name) for name in RULE_PARAMETERS]


def _by_weight(rules: Sequence[Rule], holding: set[int]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.pk not in holding, -_severity(rule), rule.code, rule.pk))


def _severity(rule: Rule) -> int:
    return Colour(rule.colour).severity


def find_freshness(found: Comparison) -> Freshness:
    """Return the records that only the later horizon includes; the side with the earlier horizon is late."""
    horizons = found.pair.horizons
    late: Side = "a" if horizons[0] < horizons[1] else "b"
    records = [found.evidence.record(fact) for fact in (*found.vanished(), *found.appeared())]
    return Freshness(
        cause="freshness",
        base=found.base,
        late=late,
        source=records[0]["origin_code"] if records else "",
        horizons={side: horizon.isoformat() for side, horizon in zip(SIDES, horizons, strict=True)},
        records=records,
    )


def find_rules(found: Comparison) -> Rules:
    """Return, for each fact that the versions judge differently, the two rules and their differences, or the differing risk entries."""
    facts = dict.fromkeys(hit["fact_id"] for hit in found.changed_hits)
    differences = [difference for fact in facts for difference in _rule_differences(found, fact)]
    entries = [entry for fact in facts for entry in _risk_difference(found, fact)]
    return Rules(cause="rules", base=found.base, rules=differences, risk_areas=entries)


def find_declaration(found: Comparison) -> Declaration:
    """Return the answers given to only one provider, or the runs of check-ins that release on one side only."""
    answers = _sided(found)
    by_check_in = [hit for hit in found.changed_hits if hit["fact_id"] not in found.gone | found.new]
    runs = [] if not by_check_in else differing_check_in_runs(found, by_check_in)
    return Declaration(cause="declaration", base=found.base, answers=answers, check_ins=runs)


def find_source(found: Comparison) -> SourceRecords:
    """Return the records that only one source has, and the pairs among them that are one event recorded differently."""
    only = _sided(found)
    ours, theirs = found.exchanged
    others = {found.base: list(map(found.evidence.record, ours)), found.other: list(map(found.evidence.record, theirs))}
    same: list[SameEvent] = []
    for one in only:
        there = others[other_side(one["side"])]
        if twin := _same_event(one["record"], there):
            pair = (one["record"], twin[0]) if one["side"] == "a" else (twin[0], one["record"])
            event = SameEvent(a=pair[0], b=pair[1], differs=twin[1])  # type: ignore[typeddict-item]  # one of the three
            if event not in same:
                same.append(event)
    return SourceRecords(cause="source", base=found.base, only=only, same_event=same)


FINDERS: dict[Cause, Callable[[Comparison], RootCause]] = {
    Cause.FRESHNESS: find_freshness,
    Cause.RULES: find_rules,
    Cause.DECLARATION: find_declaration,
    Cause.SOURCE: find_source,
}


def _sided(found: Comparison) -> list[SidedRecord]:
    ours = [SidedRecord(side=found.base, record=found.evidence.record(fact)) for fact in found.vanished()]
    return ours + [SidedRecord(side=found.other, record=found.evidence.record(fact)) for fact in found.appeared()]


def _rule_differences(found: Comparison, fact: int) -> list[RuleDifference]:
    record = found.evidence.record(fact)
    return [RuleDifference(record=record, a=a, b=b, differs=differs) for a, b, differs in _rules_against(found, fact)]


def _rules_against(found: Comparison, fact: int) -> list[ComparedRules]:
    """Return the pairs of the two versions' rules about the fact, computed once for each kind of fact and set of holding rules."""
    kind = found.evidence.facts[fact].kind
    holding = frozenset(hit["rule_id"] for hit in found.changed_hits if hit["fact_id"] == fact)
    alike = (*found.pair.versions, kind, holding)
    compared = found.evidence.compared_rules
    if alike not in compared:
        rules_a, rules_b = (
            [rule for rule in found.evidence.rules_of.get(version, []) if rule.kind == kind]
            for version in found.pair.versions
        )
        pairs = rule_pairs(rules_a, rules_b, holding=set(holding))
        provider_states = [(rule_side(a) if a else None, rule_side(b) if b else None) for a, b in pairs]
        compared[alike] = [(a, b, _what_differs(a, b)) for a, b in provider_states]
    return compared[alike]


def _what_differs(a: RuleSide | None, b: RuleSide | None) -> list[str]:
    """Return the names of the parameters that differ, or ``rule`` if only one version has a rule for the fact."""
    if a and b:
        return [name for name in RULE_PARAMETERS if a[name] != b[name]]  # type: ignore[literal-required]
    return ["rule"]


def _risk_difference(found: Comparison, fact: int) -> list[RiskEntry]:
    """Return the risk entries that cover the stay in one version's list and are missing in the other's."""
    stay = found.evidence.facts[fact]
    if stay.kind != "area_stay" or stay.area is None:
        return []
    last = min(stay.ended_on or found.pair.day, found.pair.day)
    lists = [found.evidence.risk_entries(version, stay.area, stay.started_on, last) for version in found.pair.versions]
    keys = [{_entry_key(entry) for entry in entries} for entries in lists]
    return [
        RiskEntry(
            side=side,
            rule_set=entry.version.rule_set.code,
            version=entry.version.version,
            area=entry.area,
            level=entry.level,
            from_day=entry.from_day.isoformat(),
            to_day=entry.to_day.isoformat() if entry.to_day else None,
            record=found.evidence.record(fact),
        )
        for side, entries, others in zip(SIDES, lists, reversed(keys), strict=True)
        for entry in entries
        if _entry_key(entry) not in others
    ]


def _entry_key(entry: RiskArea) -> tuple[object, ...]:
    return entry.area, entry.level, entry.from_day, entry.to_day


def _same_event(record: Record, there: list[Record]) -> tuple[Record, str] | None:
    """Return the other side's record of the same event and what differs: its date, its area or its kind.

    Of several candidates the one with the nearest date is returned. A clearing record is never the same event as a holding one.
    """
    for differs, same in (
        ("date", ("kind", "area")),
        ("area", ("kind", "started_on")),
        ("kind", ("area", "started_on")),
    ):
        alike = [
            other
            for other in there
            if all(record[key] == other[key] for key in same)  # type: ignore[literal-required]
            and (record["kind"] in CLEARING_KINDS) == (other["kind"] in CLEARING_KINDS)
        ]
        if alike:
            return min(alike, key=lambda other: (abs(_days(other) - _days(record)), other["fact_id"])), differs
    return None


def _days(record: Record) -> int:
    return date.fromisoformat(record["started_on"]).toordinal()
