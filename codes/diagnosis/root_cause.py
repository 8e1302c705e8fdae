"""The root cause: what exactly differs, in the shape stored in ``PairDiagnosis.root_cause``.

``a`` and ``b`` are the pair's providers. ``base`` is the side the sufficient swap starts from: with the factor taken from the
other side it shows the other side's colour. Days are ``YYYY-MM-DD``, instants ISO 8601.
"""

from typing import Literal, TypedDict

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")

RULE_PARAMETERS = (
    "colour",
    "anchor",
    "hold_days",
    "checkin_days",
    "tests",
    "test_gap_days",
    "cleared_by",
    "area_levels",
)


class Record(TypedDict):
    fact_id: int
    origin: Literal["source", "provider", "city"]
    origin_code: str
    record_id: str
    version: int
    kind: str
    area: str | None
    started_on: str
    ended_on: str | None
    recorded_at: str
    received_at: str
    batch: int | None


class RuleSide(TypedDict):
    rule_set: str
    version: int
    rule_id: int
    code: str
    colour: str
    anchor: str
    hold_days: int | None
    checkin_days: int
    tests: int
    test_gap_days: int
    cleared_by: list[str]
    area_levels: list[str] | None


class RuleDifference(TypedDict):
    """Two rules about the same fact and the parameters that differ. A side without a rule for it is ``None``."""

    record: Record
    a: RuleSide | None
    b: RuleSide | None
    differs: list[str]


class RiskEntry(TypedDict):
    """A risk-area entry that only one side's list has (or has at another level or for other days)."""

    side: Side
    rule_set: str
    version: int
    area: str
    level: str
    from_day: str
    to_day: str | None
    record: Record


class SameEvent(TypedDict):
    a: Record
    b: Record
    differs: Literal["date", "area", "kind"]


class CheckIns(TypedDict):
    """The longest run of consecutive healthy check-ins that each side counts since ``anchor``, and the number the rule requires."""

    rule: str
    anchor: str
    needed: int
    a: int
    b: int


class Freshness(TypedDict):
    """Late records: recorded by the source after the earlier side's horizon."""

    cause: Literal["freshness"]
    base: Side
    late: Side
    source: str
    horizons: dict[Side, str]
    records: list[Record]


class Rules(TypedDict):
    cause: Literal["rules"]
    base: Side
    rules: list[RuleDifference]
    risk_areas: list[RiskEntry]


class Declaration(TypedDict):
    cause: Literal["declaration"]
    base: Side
    answers: list["SidedRecord"]
    check_ins: list[CheckIns]


class SidedRecord(TypedDict):
    side: Side
    record: Record


class SourceRecords(TypedDict):
    cause: Literal["source"]
    base: Side
    only: list[SidedRecord]
    same_event: list[SameEvent]


class Interaction(TypedDict):
    cause: Literal["interaction"]
    swaps_a_to_b: list[list[str]]
    swaps_b_to_a: list[list[str]]


RootCause = Freshness | Rules | Declaration | SourceRecords | Interaction


def other_side(side: Side) -> Side:
    return "b" if side == "a" else "a"


def steady(root_cause: RootCause) -> dict[str, object]:
    """Return the root cause without what changes by itself from run to run.

    That is the horizon that is not late, and the lengths of the runs of check-ins.
    """
    result: dict[str, object] = {**root_cause}
    if root_cause["cause"] == "freshness":
        result["horizons"] = root_cause["horizons"][root_cause["late"]]
    elif root_cause["cause"] == "declaration":
        result["check_ins"] = [one["rule"] for one in root_cause["check_ins"]]
    return result
