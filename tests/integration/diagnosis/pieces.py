"""What a guilty piece must be in any world: about this pair, of its factor, and never empty."""

from datetime import datetime
from typing import Any

from codes.models import PairDiagnosis, RunProvider

Piece = dict[str, Any]


def assert_is_sound(row: PairDiagnosis) -> None:
    """Every record named is one that the side named can have; every difference named is one."""
    frozen = {
        side: RunProvider.objects.select_related("source", "version__rule_set").get(run=row.run_id, provider=provider)
        for side, provider in (("a", row.a_id), ("b", row.b_id))
    }
    piece: Piece = row.guilty
    assert piece["cause"] == row.primary_cause
    CHECKS[row.primary_cause](piece, row, frozen)


def _freshness(piece: Piece, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    horizons = {side: datetime.fromisoformat(at) for side, at in piece["horizons"].items()}
    assert horizons == {side: one.horizon for side, one in frozen.items()}
    late, early = sorted(horizons, key=horizons.__getitem__)
    assert piece["late"] == late
    assert piece["records"]
    for record in piece["records"]:
        assert record["origin"] == "source"
        assert record["origin_code"] == piece["source"]
        assert datetime.fromisoformat(record["recorded_at"]) <= horizons[early]


def _rules(piece: Piece, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert piece["rules"] or piece["risk_areas"]
    editions = {side: one.version for side, one in frozen.items()}
    for difference in piece["rules"]:
        assert difference["differs"]
        for side, edition in editions.items():
            rule = difference[side]
            if rule:
                assert edition
                assert (rule["rule_set"], rule["version"]) == (edition.rule_set.code, edition.version)
            for parameter in difference["differs"]:
                assert parameter == "rule" or difference["a"][parameter] != difference["b"][parameter]
    for entry in piece["risk_areas"]:
        edition = editions[entry["side"]]
        assert edition
        assert edition.risk_areas.filter(area=entry["area"], level=entry["level"], from_day=entry["from_day"]).exists()


def _declaration(piece: Piece, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert piece["answers"] or piece["check_ins"]
    codes = {"a": row.a.code, "b": row.b.code}
    for answer in piece["answers"]:
        assert answer["record"]["origin"] == "provider"
        assert answer["record"]["origin_code"] == codes[answer["side"]]
    for run in piece["check_ins"]:
        assert run["a"] != run["b"]


def _source(piece: Piece, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert piece["only"]
    codes = {side: one.source.code for side, one in frozen.items()}
    for one in piece["only"]:
        assert one["record"]["origin"] == "source"
        assert one["record"]["origin_code"] == codes[one["side"]]
    assert not told_alike(piece)
    for event in piece["same_event"]:
        a, b = event["a"], event["b"]
        assert {"date": "started_on", "area": "area", "kind": "kind"}[event["differs"]]
        assert (a["origin_code"], b["origin_code"]) == (codes["a"], codes["b"])


def told_alike(piece: Piece) -> list[list[Any]]:
    """What stands among A's records and among B's, word for word: it explains nothing."""
    told = ("kind", "area", "started_on", "ended_on", "recorded_at")
    statements = {
        side: [[one["record"][key] for key in told] for one in piece["only"] if one["side"] == side] for side in "ab"
    }
    return [one for one in statements["a"] if one in statements["b"]]


def _interaction(piece: Piece, row: PairDiagnosis, frozen: dict[str, RunProvider]) -> None:
    assert (piece["swaps_a_to_b"], piece["swaps_b_to_a"]) == (row.swaps_a_to_b, row.swaps_b_to_a)
    assert all(len(swap) > 1 for swap in (*row.swaps_a_to_b, *row.swaps_b_to_a))


CHECKS = {
    "freshness": _freshness,
    "rules": _rules,
    "declaration": _declaration,
    "source": _source,
    "interaction": _interaction,
}
