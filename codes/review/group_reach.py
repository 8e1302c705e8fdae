"""A group's blast radius: everybody whom its guilty piece is about, whether or not their case is open.

Read from the group's key (``codes.diagnosis.group_key``): a late delivery, a rule pair, a risk-area entry or a source's batch.
"""

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from codes.diagnosis.piece import Guilty
from codes.models import Fact, PairDiagnosis, Rule, Verdict
from regions.sources.models import Source


def reach_of(key: str) -> int:
    """How many people the piece is about: who has one of its records, or is held by one of its rules. 0 for an unknown key."""
    cause, *parts = key.split("|")
    match cause, parts:
        case "late", [_, horizon, source]:
            return _with(Fact.objects.filter(source__code=source, recorded_at__gt=datetime.fromisoformat(horizon)))
        case "batch", [source, batch, kind]:
            of_batch = {"batch": batch} if batch != "0" else {"batch__isnull": True}
            return _with(Fact.objects.filter(source__code=source, kind=kind, **of_batch))
        case "risk", [_, area, *_]:
            return _with(Fact.objects.filter(kind="area_stay", area__startswith=_covered(area)))
        case "rules", [a, b, *_]:
            return _held_by([rule for side in (a, b) for rule in _rules(side)])
    return 0


def source_of(pair: PairDiagnosis) -> Source | None:
    """The source that can mend the pair's cause: the one that is late, or the one whose batch it is. Select ``a`` and ``b`` with it."""
    guilty: Guilty = pair.guilty
    if guilty["cause"] == "freshness":
        return (pair.a if guilty["late"] == "a" else pair.b).source
    if guilty["cause"] == "source" and guilty["only"]:
        return Source.objects.filter(code=guilty["only"][0]["record"]["origin_code"]).first()
    return None


def _with(facts: QuerySet[Fact]) -> int:
    return facts.filter(superseded=False, revoked=False).values("citizen").distinct().count()


def _covered(area: str) -> str:
    """What the divisions begin with that an entry covers: a province's ends in 0000, a city's in 00."""
    if area.endswith("0000"):
        return area[:2]
    return area[:4] if area.endswith("00") else area


def _rules(side: str) -> list[int]:
    """``national-1:A4`` → the rules of that code in that edition; none for ``-``."""
    edition, _, code = side.partition(":")
    rule_set, _, version = edition.rpartition("-")
    if not code or not version.isdecimal():
        return []
    found = Rule.objects.filter(version__rule_set__code=rule_set, version__version=version, code=code)
    return list(found.values_list("pk", flat=True))


def _held_by(rules: list[int]) -> int:
    if not rules:
        return 0
    held = reduce(or_, (Q(hits__contains=[{"rule_id": rule}]) for rule in rules))
    return Verdict.objects.filter(held).values("citizen").distinct().count()
