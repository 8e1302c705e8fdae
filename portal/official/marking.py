"""The differing piece of a diagnosis as marks on the columns: which records, rules and deliveries the providers differ in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from codes.diagnosis.piece import Guilty, Record
from codes.models import PairDiagnosis


@dataclass
class Marks:
    """``late``: codes of the providers whose source is behind. ``check_ins``: provider's code → days counted of days needed."""

    facts: set[int] = field(default_factory=set)
    rules: set[int] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    check_ins: dict[str, str] = field(default_factory=dict)


def marks_of(pairs: Iterable[PairDiagnosis]) -> Marks:
    """Everything the pairs differ in. Reads ``a`` and ``b``: select them with the pairs."""
    marks = Marks()
    for pair in pairs:
        guilty: Guilty = pair.guilty
        marks.facts |= {record["fact_id"] for record in _records(guilty)}
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


def _records(guilty: Guilty) -> list[Record]:
    match guilty["cause"]:
        case "freshness":
            return guilty["records"]
        case "rules":
            return [one["record"] for one in guilty["rules"]] + [entry["record"] for entry in guilty["risk_areas"]]
        case "declaration":
            return [one["record"] for one in guilty["answers"]]
        case "source":
            same = [record for event in guilty["same_event"] for record in (event["a"], event["b"])]
            return [one["record"] for one in guilty["only"]] + same
        case _:
            return []
