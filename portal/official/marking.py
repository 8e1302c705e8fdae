"""The differing piece of a diagnosis as marks on the columns: which records, rules and deliveries the providers differ in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from codes.diagnosis.piece import Guilty, Record
from codes.models import PairDiagnosis


@dataclass
class Marks:
    """``lacking``: those of the ``facts`` that only one side has. ``late``: codes of the providers whose source is behind.

    ``check_ins``: provider's code → days counted of days needed.
    """

    facts: set[int] = field(default_factory=set)
    lacking: set[int] = field(default_factory=set)
    rules: set[int] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    check_ins: dict[str, str] = field(default_factory=dict)


def marks_of(pairs: Iterable[PairDiagnosis]) -> Marks:
    """Everything the pairs differ in. Reads ``a`` and ``b``: select them with the pairs."""
    marks = Marks()
    for pair in pairs:
        guilty: Guilty = pair.guilty
        marks.lacking |= {record["fact_id"] for record in _one_sided(guilty)}
        marks.facts |= marks.lacking | {record["fact_id"] for record in _told_otherwise(guilty)}
        codes = {"a": pair.a.code, "b": pair.b.code}
        match guilty["cause"]:
            case "freshness":
                marks.late.add(codes[guilty["late"]])
            case "rules":
                sides = [side for one in guilty["rules"] for side in (one["a"], one["b"]) if side]
                marks.rules |= {side["rule_id"] for side in sides}
            case "declaration":
                for run in guilty["check_ins"]:
                    marks.check_ins[codes["a"]] = f"{run['a']}/{run['needed']}"
                    marks.check_ins[codes["b"]] = f"{run['b']}/{run['needed']}"
            case _:
                pass
    return marks


def _one_sided(guilty: Guilty) -> list[Record]:
    match guilty["cause"]:
        case "freshness":
            return guilty["records"]
        case "declaration":
            return [one["record"] for one in guilty["answers"]]
        case "source":
            return [one["record"] for one in guilty["only"]]
        case _:
            return []


def _told_otherwise(guilty: Guilty) -> list[Record]:
    """What both sides have, each in its own way, or judge by different rules."""
    match guilty["cause"]:
        case "rules":
            return [one["record"] for one in guilty["rules"]] + [entry["record"] for entry in guilty["risk_areas"]]
        case "source":
            return [record for event in guilty["same_event"] for record in (event["a"], event["b"])]
        case _:
            return []
