"""What the open cases of a group have in common: the records of their root cause, and the effect of leaving these out."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from codes.diagnosis.root_cause import RootCause
from codes.engine.preview import ColourChange
from codes.models import Citizen, Fact, PairDiagnosis, Rule, Run, Suppression, Verdict
from codes.review.cases.move import BULK_LIMIT
from codes.review.proposals.suppressions import changes_without
from codes.vocabulary import Colour
from regions.sources.models import Source
from regions.sql import compose

BATCH = "batch|"

SQL = Path(__file__).with_suffix(".sql")
RECORDS = compose(SQL, "records")


class GroupRecord(NamedTuple):
    """A record about one person.

    ``colours``: the colours of the person's open disagreement, by provider; empty if there is none.
    """

    fact_id: int
    citizen_id: int
    record_id: str
    source_id: int
    colours: dict[str, str]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "GroupRecord":
        fact, citizen, record, source, colours = row
        return cls(fact, citizen, record, source, json.loads(colours) if colours else {})


@dataclass(frozen=True)
class Effect:
    """The effect of a change. ``agreeing``: the number of disagreements that would end."""

    changes: Sequence[ColourChange]
    agreeing: int

    @classmethod
    def of(cls, changes: Sequence[ColourChange], records: Collection[GroupRecord]) -> "Effect":
        shown = {one.citizen_id: dict(one.colours) for one in records if one.colours}
        for change in changes:
            if change.citizen_id in shown:
                shown[change.citizen_id][change.provider] = change.after
        return cls(changes, sum(len(set(colours.values())) == 1 for colours in shown.values()))

    @property
    def people(self) -> int:
        return len({change.citizen_id for change in self.changes})

    @property
    def counted(self) -> list[tuple[str, str, str, int]]:
        """(provider, from, to, citizens), ordered by provider."""
        counted = Counter((change.provider, change.before, change.after) for change in self.changes)
        return [(*colours, number) for colours, number in sorted(counted.items())]

    @property
    def stricter(self) -> set[int]:
        """The people whose colour with some provider would become stricter."""
        return {
            change.citizen_id
            for change in self.changes
            if Colour(change.after).severity > Colour(change.before).severity
        }


@dataclass(frozen=True)
class Suppressible:
    """The records that can be ruled on together, the effect, and the numbers of records left out: because of a stricter
    colour, or as too many.
    """

    records: list[GroupRecord]
    effect: Effect
    left_for_stricter: int
    left_as_too_many: int

    @property
    def people(self) -> set[int]:
        return {one.citizen_id for one in self.records}


def suppressible(key: str, *, run: Run | None, now: datetime) -> Suppressible:
    """Return the suppressible records of a group whose cause is a source's batch.

    Nobody's colour becomes stricter by them.

    ``run``: the last settled run.
    """
    found = _records(key) if key.startswith(BATCH) else []
    records = found[:BULK_LIMIT]
    effect = effect_without(records, run=run, now=now)
    stricter = effect.stricter
    kept = [one for one in records if one.citizen_id not in stricter]
    if stricter:
        effect = effect_without(kept, run=run, now=now)
    return Suppressible(kept, effect, len(records) - len(kept), len(found) - len(records))


def effect_without(records: Collection[GroupRecord], *, run: Run | None, now: datetime) -> Effect:
    """Return the changes of colour if these records were ruled to be wrong now. The changes are computed and rolled back."""
    people = {one.citizen_id for one in records}
    named = [{"record_id": one.record_id, "source_id": one.source_id} for one in records]
    return Effect.of(changes_without(named, people, run=run, now=now) if named else [], records)


def _records(key: str) -> list[GroupRecord]:
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, {"key": key, "standing": [Suppression.State.PROPOSED, Suppression.State.APPROVED]})
        return [GroupRecord.of(row) for row in cursor.fetchall()]


def reached(key: str) -> QuerySet[Citizen]:
    """Return the people the root cause is about: those who have one of its records, or are held by one of its rules.

    Nobody for an unknown key.
    """
    cause, *parts = key.split("|")
    with suppress(ValueError):  # the key comes from an address, which may be made up
        match cause, parts:
            case "late", [_, horizon, source]:
                return _with(source__code=source, recorded_at__gt=datetime.fromisoformat(horizon))
            case "batch", [source, batch, kind]:
                return _with(source__code=source, kind=kind, batch=int(batch) or None)
            case "risk", [_, area, *_]:
                return _with(kind="area_stay", area__startswith=_covered(area))
            case "rules", [a, b, *_]:
                return _held_by(filter(None, map(_rule, (a, b))))
    return Citizen.objects.none()


def source_of(pair: PairDiagnosis) -> Source | None:
    """Return the source that can correct the pair's cause: the one that is late, or the one whose batch it is.

    The pair needs ``a`` and ``b`` selected with it.
    """
    root_cause: RootCause = pair.root_cause
    if root_cause["cause"] == "freshness":
        return (pair.a if root_cause["late"] == "a" else pair.b).source
    if root_cause["cause"] == "source" and root_cause["only"]:
        code = root_cause["only"][0]["record"]["origin_code"]
        theirs = (one.source for one in (pair.a, pair.b) if one.source.code == code)
        return next(theirs, None) or Source.objects.filter(code=code).first()
    return None


def _with(**what: Any) -> QuerySet[Citizen]:
    facts = Fact.objects.filter(superseded=False, revoked=False, **what)
    return Citizen.objects.filter(pk__in=facts.values("citizen"))


def _covered(area: str) -> str:
    """Return the prefix of the divisions that an entry covers: a province's code ends in 0000, a city's in 00."""
    if area.endswith("0000"):
        return area[:2]
    return area[:4] if area.endswith("00") else area


def _rule(side: str) -> Q | None:
    """Return the condition for the rules of a side such as ``national-1:A4`` (that code in that version); ``None`` for ``-``."""
    named, _, code = side.partition(":")
    rule_set, _, version = named.rpartition("-")
    if not code or not version.isdecimal():
        return None
    return Q(version__rule_set__code=rule_set, version__version=version, code=code)


def _held_by(rules: Iterable[Q]) -> QuerySet[Citizen]:
    named = reduce(or_, rules, Q(pk__in=[]))
    found = [Q(hits__contains=[{"rule_id": rule}]) for rule in Rule.objects.filter(named).values_list("pk", flat=True)]
    return Citizen.objects.filter(pk__in=Verdict.objects.filter(reduce(or_, found, Q(pk__in=[]))).values("citizen"))
