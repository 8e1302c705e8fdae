"""What the open cases of a group have in common: the records of their root cause, and what would follow without them."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from codes.diagnosis.root_cause import RootCause
from codes.engine.preview import ColourChange
from codes.models import Disagreement, Fact, PairDiagnosis, Rule, Suppression, Verdict
from codes.review.cases.move import BULK_LIMIT
from codes.review.proposals.suppressions import changes_without
from codes.vocabulary import Colour
from regions.sources.models import Source
from regions.sql import compose

BATCH = "batch|"

SQL = Path(__file__).with_suffix(".sql")
RECORDS = compose(SQL, "records")


class GroupRecord(NamedTuple):
    fact_id: int
    citizen_id: int
    record_id: str
    source_id: int


@dataclass(frozen=True)
class Effect:
    """What would follow. ``agreeing``: how many of the people's disagreements would be none."""

    changes: Sequence[ColourChange]
    agreeing: int

    @property
    def people(self) -> int:
        return len({change.citizen_id for change in self.changes})

    @property
    def counted(self) -> list[tuple[str, str, str, int]]:
        """(provider, from, to, citizens), by provider."""
        counted = Counter((change.provider, change.before, change.after) for change in self.changes)
        return [(*colours, number) for colours, number in sorted(counted.items())]

    @property
    def stricter(self) -> set[int]:
        """Whose colour with some provider would turn stricter."""
        return {
            change.citizen_id
            for change in self.changes
            if Colour(change.after).severity > Colour(change.before).severity
        }


@dataclass(frozen=True)
class Suppressible:
    """The records that can be ruled on together, what follows, and how many were left out: for a stricter colour, or as too many."""

    records: list[GroupRecord]
    effect: Effect
    left_for_stricter: int
    left_as_too_many: int

    @property
    def people(self) -> set[int]:
        return {one.citizen_id for one in self.records}


def suppressible(key: str, *, now: datetime) -> Suppressible:
    """Of a group whose cause is a source's batch. Nobody's colour turns stricter by what is returned."""
    found = _records(key) if key.startswith(BATCH) else []
    records = found[:BULK_LIMIT]
    effect = effect_without(records, now=now)
    stricter = effect.stricter
    kept = [one for one in records if one.citizen_id not in stricter]
    if stricter:
        effect = effect_without(kept, now=now)
    return Suppressible(kept, effect, len(records) - len(kept), len(found) - len(records))


def effect_without(records: Collection[GroupRecord], *, now: datetime) -> Effect:
    """Who would change colour if these records were ruled to be wrong now. Nothing stays written."""
    if not records:
        return Effect([], 0)
    people = {one.citizen_id for one in records}
    named = [{"record_id": one.record_id, "source_id": one.source_id} for one in records]
    changes = changes_without(named, people, now=now)
    return Effect(changes, _agreeing(people, changes))


def _records(key: str) -> list[GroupRecord]:
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, {"key": key, "standing": [Suppression.State.PROPOSED, Suppression.State.APPROVED]})
        return [GroupRecord(*row) for row in cursor.fetchall()]


def _agreeing(people: Collection[int], changes: Collection[ColourChange]) -> int:
    shown: dict[int, dict[str, str]] = {}
    for citizen, colours in Disagreement.objects.filter(citizen__in=people, closed_run__isnull=True).values_list(
        "citizen_id", "colours"
    ):
        shown[citizen] = dict(colours)
    for change in changes:
        if change.citizen_id in shown:
            shown[change.citizen_id][change.provider] = change.after
    return sum(len(set(colours.values())) == 1 for colours in shown.values())


def reach_of(key: str) -> int:
    """How many people the root cause is about: who has one of its records, or is held by one of its rules. 0 for an unknown key."""
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
    root_cause: RootCause = pair.root_cause
    if root_cause["cause"] == "freshness":
        return (pair.a if root_cause["late"] == "a" else pair.b).source
    if root_cause["cause"] == "source" and root_cause["only"]:
        return Source.objects.filter(code=root_cause["only"][0]["record"]["origin_code"]).first()
    return None


def _with(facts: QuerySet[Fact]) -> int:
    return facts.filter(superseded=False, revoked=False).values("citizen").distinct().count()


def _covered(area: str) -> str:
    """What the divisions begin with that an entry covers: a province's ends in 0000, a city's in 00."""
    if area.endswith("0000"):
        return area[:2]
    return area[:4] if area.endswith("00") else area


def _rules(side: str) -> list[int]:
    """``national-1:A4`` → the rules of that code in that version; none for ``-``."""
    named, _, code = side.partition(":")
    rule_set, _, version = named.rpartition("-")
    if not code or not version.isdecimal():
        return []
    found = Rule.objects.filter(version__rule_set__code=rule_set, version__version=version, code=code)
    return list(found.values_list("pk", flat=True))


def _held_by(rules: list[int]) -> int:
    if not rules:
        return 0
    held = reduce(or_, (Q(hits__contains=[{"rule_id": rule}]) for rule in rules))
    return Verdict.objects.filter(held).values("citizen").distinct().count()
