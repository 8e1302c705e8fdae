"""Whether a stored guilty piece names what was planted, all of it and nothing else."""

from collections.abc import Callable
from typing import Any

from tests.integration.diagnosis.joining import Placed
from tests.worlds import Guilty

Piece = dict[str, Any]
Planted = tuple[Placed, Guilty]


def unnamed(piece: Piece, placed: Placed) -> list[Guilty]:
    """Those of the planted causes that belong to the piece's factor and that it does not name."""
    planted = [one for one in placed.planted.guilty if one.factor == piece["cause"]]
    return [one for one in planted if not NAMES[one.cause](piece, placed, one)]


def says_nothing_else(piece: Piece, placed: Placed) -> bool:
    """As many things are named as were planted for this factor; an event that two sources tell otherwise is one thing."""
    twins = [event[side]["record_id"] for event in piece.get("same_event", []) for side in "ab"]
    alone = [one for one in piece.get("only", []) if one["record"]["record_id"] not in twins]
    others = [piece.get(key, []) for key in ("records", "rules", "risk_areas", "answers", "check_ins", "same_event")]
    planted = [one for one in placed.planted.guilty if one.factor == piece["cause"]]
    return len(alone) + sum(map(len, others)) == len(planted)


def _side(placed: Placed, provider: str) -> str:
    first, _ = sorted((placed.a, placed.b))
    return "a" if provider == first else "b"


def _names_late_record(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    horizons = {
        _side(placed, provider): max(batch.as_of for batch in placed.planted.world.source(source).batches).isoformat()
        for provider, source in _sources(placed)
    }
    late = [record["record_id"] for record in piece["records"]]
    return placed.record_id(str(planted.on_a)) in late and (piece["late"], piece["horizons"]) == (
        _side(placed, placed.b),
        horizons,
    )


def _sources(placed: Placed) -> list[tuple[str, str]]:
    """(provider in the joined city, source in the scene)"""
    world = placed.planted.world
    return [
        (placed.a, world.provider(placed.planted.a).source),
        (placed.b, world.provider(placed.planted.b).source),
    ]


def _names_missing_record(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    wanted = placed.record_id(str(planted.on_a))
    twins = [event[side]["record_id"] for event in piece["same_event"] for side in "ab"]
    held = [(one["side"], one["record"]["record_id"]) for one in piece["only"]]
    return (_side(placed, placed.a), wanted) in held and wanted not in twins


def _names_other_date(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    told = [(event["differs"], event[a]["started_on"], event[b]["started_on"]) for event in piece["same_event"]]
    return ("date", planted.on_a, planted.on_b) in told


def _names_rule_parameter(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return any(
        one["differs"] == [planted.piece]
        and _plain(one[a][planted.piece]) == planted.on_a
        and _plain(one[b][planted.piece]) == planted.on_b
        for one in piece["rules"]
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _names_missing_rule(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return any(
        one["differs"] == ["rule"] and one[a]["code"] == planted.on_a and one[b] is None
        for one in piece["rules"]
        if one[a]
    )


def _names_risk_area(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    return (_side(placed, placed.a), planted.on_a) in [(one["side"], one["area"]) for one in piece["risk_areas"]]


def _names_answer(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    said = [(one["side"], one["record"]["kind"]) for one in piece["answers"]]
    return (_side(placed, placed.a), "contact_with_case") in said


def _names_gap(piece: Piece, placed: Placed, planted: Guilty) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return (planted.on_a, planted.on_b) in [(run[a], run[b]) for run in piece["check_ins"]]


NAMES: dict[str, Callable[[Piece, Placed, Guilty], bool]] = {
    "late_record": _names_late_record,
    "missing_record": _names_missing_record,
    "other_date": _names_other_date,
    **dict.fromkeys(("hold_days", "colour", "anchor", "area_level", "checkin_days"), _names_rule_parameter),
    "rule_missing": _names_missing_rule,
    "risk_list": _names_risk_area,
    "declared_answer": _names_answer,
    "checkin_gap": _names_gap,
}
