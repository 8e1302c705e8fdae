"""Every variant of a root cause, in the stored shape, by a name that says which it is."""

from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any, get_args

from codes.diagnosis.root_cause import (
    RULE_PARAMETERS,
    CheckIns,
    Declaration,
    Freshness,
    Interaction,
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
)
from codes.vocabulary import Anchor, Factor
from regions.vocabulary import FactKind

SIDES: tuple[Side, ...] = get_args(Side)
CODES: dict[Side, str] = {"a": "prov_a_code", "b": "prov_b_code"}
SOURCES: dict[Side, str] = {"a": "src_a_code", "b": "src_b_code"}
DECLARED = ("symptom", "contact_with_case", "unsure_contact", "area_stay", "arrival", "overseas_arrival")
EARLY, LATE = "2026-11-19T10:00:00+00:00", "2026-11-23T00:00:00+00:00"
FACTORS = [factor.value for factor in (Factor.FRESHNESS, Factor.RULES, Factor.DECLARATION, Factor.SOURCE)]

# Each parameter's two values, between which the rules of A and B differ.
PARAMETER_VALUES: dict[str, list[tuple[Any, Any]]] = {
    "colour": [("red", "yellow"), ("yellow", "red")],
    "anchor": list(combinations([anchor.value for anchor in Anchor], 2)),
    "hold_days": [(14, 7), (None, 1), (0, 21)],
    "checkin_days": [(14, 7), (0, 1)],
    "tests": [(2, 0), (1, 3)],
    "test_gap_days": [(1, 0), (2, 1)],
    "cleared_by": [([], ["negative_test"]), (["contact_excluded", "case_excluded"], ["negative_test"])],
    "area_levels": [
        (["high"], ["high", "medium"]),
        (None, ["locked_down"]),
        (["zz_new_level"], ["low", "national_high"]),
    ],
}


def record(side: Side = "a", kind: str = "close_contact", **changes: Any) -> Record:
    """A record of the side's source."""
    area = "420100" if kind in ("area_stay", "arrival") else None
    base = Record(
        fact_id=1,
        origin="source",
        origin_code=SOURCES[side],
        record_id="MJ_0017",
        version=2,
        kind=kind,
        area=area,
        started_on="2026-11-10",
        ended_on=None,
        recorded_at="2026-11-20T08:00:00+00:00",
        received_at="2026-11-21T08:00:00+00:00",
        batch=17,
    )
    return {**base, **changes}  # type: ignore[typeddict-item]  # the caller names fields of it


def declared(side: Side, kind: str, **changes: Any) -> SidedRecord:
    origin = {"origin": "provider", "origin_code": CODES[side], "record_id": "a-1/x/1", "batch": None}
    return SidedRecord(side=side, record=record(side, kind, **{**origin, **changes}))


def rule(side: Side, **changes: Any) -> RuleSide:
    base = RuleSide(
        rule_set=f"set_{side}",
        version=1,
        rule_id=5 if side == "a" else 6,
        code="N5_rule",
        colour="red",
        anchor="started",
        hold_days=14,
        checkin_days=14,
        tests=0,
        test_gap_days=0,
        cleared_by=["contact_excluded"],
        area_levels=None,
    )
    return {**base, **changes}  # type: ignore[typeddict-item]  # the caller names fields of it


def every_root_cause() -> Iterator[tuple[str, RootCause]]:
    yield from chain(freshness(), rules(), declarations(), sources(), interactions())


def freshness() -> Iterator[tuple[str, Freshness]]:
    for base, late in product(SIDES, SIDES):
        name = f"freshness-base-{base}-late-{late}"
        for kind in FactKind:
            yield f"{name}-{kind}", _freshness(base, late, [record(base, kind.value)])
        two_kinds = [record(base, fact_id=1), record(base, "positive_test", fact_id=2)]
        yield f"{name}-two", _freshness(base, late, two_kinds)
        yield (
            f"{name}-many",
            _freshness(base, late, [record(base, kind.value, fact_id=n) for n, kind in enumerate(FactKind)]),
        )
        withdrawn = record(base, version=1, recorded_at="2026-11-18T08:00:00+00:00")
        yield f"{name}-withdrawn", _freshness(base, late, [withdrawn])
        yield f"{name}-amended", _freshness(base, late, [withdrawn, record(base, fact_id=2)])
        same_day = record(base, recorded_at="2026-11-19T12:00:00+00:00")
        yield f"{name}-same-day", _freshness(base, late, [same_day])
        yield f"{name}-unnamed", _freshness(base, late, [])


def _freshness(base: Side, late: Side, records: list[Record]) -> Freshness:
    horizons: dict[Side, str] = {"a": LATE, "b": LATE}
    horizons[late] = EARLY
    return Freshness(cause="freshness", base=base, late=late, source=SOURCES[base], horizons=horizons, records=records)


def rules() -> Iterator[tuple[str, Rules]]:
    for base in SIDES:
        for parameter in RULE_PARAMETERS:
            for number, (a, b) in enumerate(PARAMETER_VALUES[parameter]):
                kind = "area_stay" if parameter == "area_levels" else "close_contact"
                sides = rule("a", **{parameter: a}), rule("b", **{parameter: b})
                yield f"rules-{base}-{parameter}-{number}", _rules(base, [_difference(*sides, [parameter], kind)])
        everything = {name: values[0][0] for name, values in PARAMETER_VALUES.items()}
        nothing_alike = {name: values[0][1] for name, values in PARAMETER_VALUES.items()}
        all_differ = _difference(rule("a", **everything), rule("b", **nothing_alike), list(RULE_PARAMETERS))
        yield f"rules-{base}-all-parameters", _rules(base, [all_differ])
        milder = rule("a", colour="yellow", checkin_days=7), rule("b", checkin_days=0)
        yield f"rules-{base}-colour-and-check-ins", _rules(base, [_difference(*milder, ["colour", "checkin_days"])])
        yield f"rules-{base}-only-in-a", _rules(base, [_difference(rule("a"), None, ["rule"])])
        yield f"rules-{base}-only-in-b", _rules(base, [_difference(None, rule("b"), ["rule"])])
        several = [_difference(rule("a", rule_id=n), None, ["rule"]) for n in range(4)]
        yield f"rules-{base}-several", _rules(base, several)
        for kind in FactKind:
            yield f"rules-{base}-of-{kind}", _rules(base, [_difference(rule("a"), None, ["rule"], kind.value)])
        for side in SIDES:
            for level in ("high", "medium", "neighbouring", "zz_new_level"):
                yield f"rules-{base}-area-{side}-{level}", _rules(base, [], [_risk(side, level)])
            yield f"rules-{base}-area-until-{side}", _rules(base, [], [_risk(side, to_day="2026-11-12")])
        yield f"rules-{base}-area-both", _rules(base, [], [_risk("a"), _risk("b", "medium")])
        yield f"rules-{base}-rule-and-area", _rules(base, [_difference(rule("a"), None, ["rule"])], [_risk("b")])
        yield f"rules-{base}-unnamed", _rules(base, [])


def _difference(
    a: RuleSide | None, b: RuleSide | None, differs: list[str], kind: str = "close_contact"
) -> RuleDifference:
    return RuleDifference(record=record("a", kind), a=a, b=b, differs=differs)


def _rules(base: Side, differences: list[RuleDifference], areas: list[RiskEntry] | None = None) -> Rules:
    return Rules(cause="rules", base=base, rules=differences, risk_areas=areas or [])


def _risk(side: Side, level: str = "high", to_day: str | None = None) -> RiskEntry:
    stay = record(side, "area_stay", area="350505", ended_on="2026-11-12")
    return RiskEntry(
        side=side,
        rule_set=f"set_{side}",
        version=1,
        area="350500",
        level=level,
        from_day="2026-11-06",
        to_day=to_day,
        record=stay,
    )


def declarations() -> Iterator[tuple[str, Declaration]]:
    for base in SIDES:
        for kind, side in product(DECLARED, SIDES):
            yield f"declaration-{base}-{kind}-{side}", _declaration(base, [declared(side, kind)])
        for on_a, on_b in product(DECLARED, DECLARED):
            answers = [declared("a", on_a), declared("b", on_b, started_on="2025-12-30", fact_id=2)]
            yield f"declaration-{base}-{on_a}-{on_b}", _declaration(base, answers)
        stay = declared("a", "area_stay", ended_on="2026-11-12")
        two_answers = [declared("a", "symptom"), declared("a", "contact_with_case", fact_id=2)]
        yield f"declaration-{base}-two-answers", _declaration(base, two_answers)
        yield f"declaration-{base}-ended-stay", _declaration(base, [stay])
        yield f"declaration-{base}-no-area", _declaration(base, [declared("a", "arrival", area=None)])
        runs = [CheckIns(rule="N5_rule", anchor="2026-11-10", needed=7, a=4, b=8)]
        yield f"declaration-{base}-check-ins", _declaration(base, [], runs)
        runs = [CheckIns(rule="N5_rule", anchor="2026-11-10", needed=7, a=8, b=0)]
        yield f"declaration-{base}-check-ins-none", _declaration(base, [], runs)
        yield f"declaration-{base}-both", _declaration(base, [declared("b", "symptom")], runs)
        yield f"declaration-{base}-unnamed", _declaration(base, [])


def _declaration(base: Side, answers: list[SidedRecord], runs: list[CheckIns] | None = None) -> Declaration:
    return Declaration(cause="declaration", base=base, answers=answers, check_ins=runs or [])


def sources() -> Iterator[tuple[str, SourceRecords]]:
    for base in SIDES:
        for kind, side in product(FactKind, SIDES):
            yield f"source-{base}-only-{side}-{kind}", _source(base, [(side, record(side, kind.value))])
        many = [("a", record("a", kind.value, fact_id=n)) for n, kind in enumerate(FactKind)]
        yield f"source-{base}-many", _source(base, many)
        yield f"source-{base}-each", _source(base, [("a", record("a")), ("b", record("b", "negative_test"))])
        yield f"source-{base}-unnamed", _source(base, [])
        for name, differs, changes in OTHERWISE:
            for of_kind in ("close_contact", "area_stay"):
                a, b = record("a", of_kind), record("b", **{"kind": of_kind, "fact_id": 2, **changes})
                same = [SameEvent(a=a, b=b, differs=differs)]
                yield f"source-{base}-{name}-{of_kind}", _source(base, [("a", a), ("b", b)], same)
                rest = ("a", record("a", "positive_test", fact_id=3))
                yield f"source-{base}-{name}-{of_kind}-and-more", _source(base, [("a", a), rest], same)


OTHERWISE: list[tuple[str, Any, dict[str, Any]]] = [
    ("other-date", "date", {"started_on": "2026-11-03"}),
    ("other-end", "date", {"ended_on": "2026-11-14"}),
    ("other-entry", "date", {"recorded_at": "2026-11-20T09:00:00+00:00"}),
    ("other-area", "area", {"area": "610100"}),
    ("no-area", "area", {"area": None}),
    ("unknown-area", "area", {"area": "999999"}),
    ("other-kind", "kind", {"kind": "secondary_contact"}),
]


def _source(base: Side, only: list[tuple[Any, Record]], same: list[SameEvent] | None = None) -> SourceRecords:
    sided = [SidedRecord(side=side, record=one) for side, one in only]
    return SourceRecords(cause="source", base=base, only=sided, same_event=same or [])


def interactions() -> Iterator[tuple[str, Interaction]]:
    """Every minimal set of two to four factors in either direction, alone and beside another."""
    sets = [list(one) for size in (2, 3, 4) for one in combinations(FACTORS, size)]
    for a_to_b, b_to_a in product(sets, sets):
        yield f"interaction-{'+'.join(a_to_b)}-{'+'.join(b_to_a)}", _interaction([a_to_b], [b_to_a])
    yield "interaction-several", _interaction([FACTORS[:2], FACTORS[2:]], [FACTORS[1:3], FACTORS[:2]])


def _interaction(a_to_b: list[list[str]], b_to_a: list[list[str]]) -> Interaction:
    return Interaction(cause="interaction", swaps_a_to_b=a_to_b, swaps_b_to_a=b_to_a)
