"""What the open cases of a group have in common: the records of their guilty piece, and what would follow without them."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from codes.engine.preview import ColourChange
from codes.models import Disagreement
from codes.review.bulk import BULK_LIMIT
from codes.review.suppression_effect import changes_without
from codes.vocabulary import Colour
from regions.sql import compose

BATCH = "batch|"

SQL = Path(__file__).with_suffix(".sql")
RECORDS = compose(SQL, "records")


class GroupRecord(NamedTuple):
    """A source's record that two people may rule to be wrong."""

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
        cursor.execute(RECORDS, {"key": key})
        return [GroupRecord(*row) for row in cursor.fetchall()]


def _agreeing(people: Collection[int], changes: Collection[ColourChange]) -> int:
    """How many standing disagreements the changes would end."""
    shown: dict[int, dict[str, str]] = {}
    for citizen, colours in Disagreement.objects.filter(citizen__in=people, closed_run__isnull=True).values_list(
        "citizen_id", "colours"
    ):
        shown[citizen] = dict(colours)
    for change in changes:
        if change.citizen_id in shown:
            shown[change.citizen_id][change.provider] = change.after
    return sum(len(set(colours.values())) == 1 for colours in shown.values())
