"""The root cause of a diagnosis as marks on the columns: which records, rules and deliveries the providers differ in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from codes.diagnosis.root_cause import Record, RootCause
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
        root_cause: RootCause = pair.root_cause
        marks.lacking |= {record["fact_id"] for record in _one_sided(root_cause)}
        marks.facts |= marks.lacking | {record["fact_id"] for record in _told_otherwise(root_cause)}
        codes = {"a": pair.a.code, "b": pair.b.code}
        match root_cause["cause"]:
            case "freshness":
                marks.late.add(codes[root_cause["late"]])
            case "rules":
                sides = [side for one in root_cause["rules"] for side in (one["a"], one["b"]) if side]
                marks.rules |= {side["rule_id"] for side in sides}
            case "declaration":
                for run in root_cause["check_ins"]:
                    marks.check_ins[codes["a"]] = f"{run['a']}/{run['needed']}"
                    marks.check_ins[codes["b"]] = f"{run['b']}/{run['needed']}"
            case _:
                pass
    return marks


def _one_sided(root_cause: RootCause) -> list[Record]:
    match root_cause["cause"]:
        case "freshness":
            return root_cause["records"]
        case "declaration":
            return [one["record"] for one in root_cause["answers"]]
        case "source":
            return [one["record"] for one in root_cause["only"]]
        case _:
            return []


def _told_otherwise(root_cause: RootCause) -> list[Record]:
    """What both sides have, each in its own way, or judge by different rules."""
    match root_cause["cause"]:
        case "rules":
            return [one["record"] for one in root_cause["rules"]] + [
                entry["record"] for entry in root_cause["risk_areas"]
            ]
        case "source":
            return [record for event in root_cause["same_event"] for record in (event["a"], event["b"])]
        case _:
            return []
