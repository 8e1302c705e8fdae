"""Check what holds for a root cause in any world: it concerns this pair and its factor, and is never empty."""

from datetime import datetime
from typing import Any

from codes.models import PairDiagnosis, RunProvider

StoredCause = dict[str, Any]


def assert_is_sound(row: PairDiagnosis) -> None:
    """Assert that every named record is one that its side can see, and that every named difference is one."""
    frozen = {
        side: RunProvider.objects.select_related("source", "version__rule_set").get(run=row.run_id, provider=provider)
        for side, provider in (("a", row.a_id), ("b", row.b_id))
    }
    cause: StoredCause = row.root_cause
    assert cause["cause"] == row.primary_cause
    CHECKS[row.primary_cause](cause, row, frozen)


def _freshness(cause: StoredCause, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    horizons = {side: datetime.fromisoformat(at) for side, at in cause["horizons"].items()}
    assert horizons == {side: one.horizon for side, one in frozen.items()}
    late, early = sorted(horizons, key=horizons.__getitem__)
    assert cause["late"] == late
    assert cause["records"]
    for record in cause["records"]:
        assert record["origin"] == "source"
        assert record["origin_code"] == cause["source"]
        assert datetime.fromisoformat(record["recorded_at"]) <= horizons[early]


def _rules(cause: StoredCause, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert cause["rules"] or cause["risk_areas"]
    versions = {side: one.version for side, one in frozen.items()}
    for difference in cause["rules"]:
        assert difference["differs"]
        for side, version in versions.items():
            rule = difference[side]
            if rule:
                assert version
                assert (rule["rule_set"], rule["version"]) == (version.rule_set.code, version.version)
            for parameter in difference["differs"]:
                assert parameter == "rule" or difference["a"][parameter] != difference["b"][parameter]
    for entry in cause["risk_areas"]:
        version = versions[entry["side"]]
        assert version
        assert version.risk_areas.filter(area=entry["area"], level=entry["level"], from_day=entry["from_day"]).exists()


def _declaration(cause: StoredCause, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert cause["answers"] or cause["check_ins"]
    codes = {"a": row.a.code, "b": row.b.code}
    for answer in cause["answers"]:
        assert answer["record"]["origin"] == "provider"
        assert answer["record"]["origin_code"] == codes[answer["side"]]
    for run in cause["check_ins"]:
        assert run["a"] != run["b"]


def _source(cause: StoredCause, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert cause["only"]
    codes = {side: one.source.code for side, one in frozen.items()}
    for one in cause["only"]:
        assert one["record"]["origin"] == "source"
        assert one["record"]["origin_code"] == codes[one["side"]]
    assert not told_alike(cause)
    for event in cause["same_event"]:
        a, b = event["a"], event["b"]
        assert {"date": "started_on", "area": "area", "kind": "kind"}[event["differs"]]
        assert (a["origin_code"], b["origin_code"]) == (codes["a"], codes["b"])


def told_alike(cause: StoredCause) -> list[list[Any]]:
    """Return the statements that are both among A's and among B's records: they would explain nothing."""
    told = ("kind", "area", "started_on", "ended_on", "recorded_at")
    statements = {
        side: [[one["record"][key] for key in told] for one in cause["only"] if one["side"] == side] for side in "ab"
    }
    return [one for one in statements["a"] if one in statements["b"]]


def _interaction(cause: StoredCause, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert (cause["swaps_a_to_b"], cause["swaps_b_to_a"]) == (row.swaps_a_to_b, row.swaps_b_to_a)
    assert all(len(swap) > 1 for swap in (*row.swaps_a_to_b, *row.swaps_b_to_a))


CHECKS = {
    "freshness": _freshness,
    "rules": _rules,
    "declaration": _declaration,
    "source": _source,
    "interaction": _interaction,
}
