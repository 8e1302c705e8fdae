"""Check that a stored root cause names everything that was planted and nothing else."""

from collections.abc import Callable
from typing import Any

from tests.integration.diagnosis.joining import Placed
from tests.worlds import RootCause

StoredCause = dict[str, Any]
Planted = tuple[Placed, RootCause]


def unnamed(cause: StoredCause, placed: Placed) -> list[RootCause]:
    """Return the planted causes of the root cause's factor that it does not name."""
    planted = [one for one in placed.planted.root_causes if one.factor == cause["cause"]]
    return [one for one in planted if not NAMES[one.cause](cause, placed, one)]


def says_nothing_else(cause: StoredCause, placed: Placed) -> bool:
    """Return whether it names as many differences as were planted for this factor.

    An event that two sources record differently counts once.
    """
    twins = [event[side]["record_id"] for event in cause.get("same_event", []) for side in "ab"]
    alone = [one for one in cause.get("only", []) if one["record"]["record_id"] not in twins]
    others = [cause.get(key, []) for key in ("records", "rules", "risk_areas", "answers", "check_ins", "same_event")]
    planted = [one for one in placed.planted.root_causes if one.factor == cause["cause"]]
    return len(alone) + sum(map(len, others)) == len(planted)


def _side(placed: Placed, provider: str) -> str:
    first, _ = sorted((placed.a, placed.b))
    return "a" if provider == first else "b"


def _names_late_record(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    horizons = {
        _side(placed, provider): max(batch.as_of for batch in placed.planted.world.source(source).batches).isoformat()
        for provider, source in _sources(placed)
    }
    late = [record["record_id"] for record in cause["records"]]
    return placed.record_id(str(planted.on_a)) in late and (cause["late"], cause["horizons"]) == (
        _side(placed, placed.b),
        horizons,
    )


def _sources(placed: Placed) -> list[tuple[str, str]]:
    """Return (provider in the joined city, source in the scene) of both sides."""
    world = placed.planted.world
    return [
        (placed.a, world.provider(placed.planted.a).source),
        (placed.b, world.provider(placed.planted.b).source),
    ]


def _names_missing_record(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    wanted = placed.record_id(str(planted.on_a))
    twins = [event[side]["record_id"] for event in cause["same_event"] for side in "ab"]
    held = [(one["side"], one["record"]["record_id"]) for one in cause["only"]]
    return (_side(placed, placed.a), wanted) in held and wanted not in twins


def _names_other_date(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    told = [(event["differs"], event[a]["started_on"], event[b]["started_on"]) for event in cause["same_event"]]
    return ("date", planted.on_a, planted.on_b) in told


def _names_rule_parameter(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return any(
        one["differs"] == [planted.parameter]
        and _plain(one[a][planted.parameter]) == planted.on_a
        and _plain(one[b][planted.parameter]) == planted.on_b
        for one in cause["rules"]
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _names_missing_rule(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return any(
        one["differs"] == ["rule"] and one[a]["code"] == planted.on_a and one[b] is None
        for one in cause["rules"]
        if one[a]
    )


def _names_risk_area(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    return (_side(placed, placed.a), planted.on_a) in [(one["side"], one["area"]) for one in cause["risk_areas"]]


def _names_answer(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    said = [(one["side"], one["record"]["kind"]) for one in cause["answers"]]
    return (_side(placed, placed.a), "contact_with_case") in said


def _names_gap(cause: StoredCause, placed: Placed, planted: RootCause) -> bool:
    a, b = _side(placed, placed.a), _side(placed, placed.b)
    return (planted.on_a, planted.on_b) in [(run[a], run[b]) for run in cause["check_ins"]]


NAMES: dict[str, Callable[[StoredCause, Placed, RootCause], bool]] = {
    "late_record": _names_late_record,
    "missing_record": _names_missing_record,
    "other_date": _names_other_date,
    **dict.fromkeys(("hold_days", "colour", "anchor", "area_level", "checkin_days"), _names_rule_parameter),
    "rule_missing": _names_missing_rule,
    "risk_list": _names_risk_area,
    "declared_answer": _names_answer,
    "checkin_gap": _names_gap,
}
