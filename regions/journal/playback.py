"""Replay of the journal: the changes of accounted rows in its entries are compared with the rows in the database.

The replay finds changes made outside the application: by the owner, or by a program that wrote no entry. Changes of the journal
itself are found by ``regions.journal.verify``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from regions.accounted import Change, Row, accounted_models, packed, standing_rows, unpacked
from regions.journal.models import JournalEntry
from regions.journal.record import Act, record_all
from regions.vocabulary import label_in

STOCK_TAKEN = "journal.stock_taken"


class Unaccounted(TextChoices):
    """A difference between the database and the journal; ``place`` names the row, the version or the run."""

    GONE = "gone", _("{place} is gone; by entry {entry} it stands")
    UNKNOWN = "unknown", _("{place} stands; no entry says who made it")
    DIFFERS = "differs", _("{place}: {column} is {stands}; by entry {entry} it is {told}")
    CHANGED_BETWEEN = (
        "changed_between",
        _("{place}: {column} was {stands} when entry {entry} changed it, and had been left as {told}"),
    )
    OTHER_CONTENT = "other_content", _("{place}: its rules or risk areas are not those that were published")
    OTHER_DIGEST = "other_digest", _("{place}: its {rows} changed verdicts are not those of entry {entry}")
    NO_ENTRY = "no_entry", _("{place} changed {rows} verdicts; no entry speaks of them")
    OTHER_VERDICT = "other_verdict", _("{place}: {stands} stands; by the last run that changed it, it is {told}")
    OTHER_CODE = "other_code", _("{place}: the code {stands} stands; the verdicts and the rulings give {told}")


@dataclass(frozen=True)
class Difference:
    """A difference that the journal does not account for."""

    kind: Unaccounted
    parts: Mapping[str, Any]

    def __str__(self) -> str:
        return label_in("en", self.kind, **self.parts)


@dataclass
class Playback:
    """Every accounted row as the entries leave it, with the last entry about it, and the contradictions found on the way."""

    rows: dict[str, dict[int, tuple[Row, int]]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    # Tables all of whose rows the journal contained at some entry.
    known: set[str] = field(default_factory=set)

    def follow(self, seq: int, table: str, key: int, before: Row | None, after: Row | None) -> None:
        standing = self.rows.setdefault(table, {})
        told, _ = standing.get(key, ({}, 0))
        for column, value in (before or {}).items():
            if column in told and told[column] != value:
                parts = {"place": f"{table} {key}", "column": column, "stands": value, "told": told[column]}
                self.differences.append(Difference(Unaccounted.CHANGED_BETWEEN, {**parts, "entry": seq}))
        if after is None:
            standing.pop(key, None)
        else:
            standing[key] = {**told, **after}, seq

    def against(self, table: str, stands: Iterator[tuple[int, Row]]) -> Iterator[Difference]:
        """Yield the differences between the rows in the database and those the entries leave."""
        left = self.rows.get(table, {}).copy()
        for key, row in stands:
            place = f"{table} {key}"
            told, entry = left.pop(key, ({}, 0))
            if not told:
                yield Difference(Unaccounted.UNKNOWN, {"place": place})
            for column in sorted(name for name, value in told.items() if name in row and row[name] != value):
                parts = {"place": place, "column": column, "stands": row[column], "told": told[column]}
                yield Difference(Unaccounted.DIFFERS, {**parts, "entry": entry})
        for key, (_told, entry) in left.items():
            yield Difference(Unaccounted.GONE, {"place": f"{table} {key}", "entry": entry})


def play() -> Playback:
    """Replay the current city's journal from its first entry to its last."""
    played = Playback()
    entries = JournalEntry.objects.filter(Q(rows__isnull=False) | Q(verb=STOCK_TAKEN)).order_by("seq")
    for seq, verb, data, rows in entries.values_list("seq", "verb", "data", "rows").iterator(chunk_size=500):
        if verb == STOCK_TAKEN:
            played.known |= {*data["tables"]}
        for table, key, (before, after) in unpacked(rows or []):
            played.follow(seq, table, key, before, after)
    return played


def tables_here() -> list[str]:
    """Return the accounted tables of a city's schema; the others are in ``public``."""
    return [table for table, model in accounted_models().items() if model._meta.app_label != "regions"]


def take_stock(*, by: str, now: datetime) -> list[str]:
    """Record the present rows of tables that the journal has no entries about. Return the tables. Call once, after an upgrade.

    From then on they are accounted for like those of a city opened since.
    """
    with transaction.atomic():
        played = play()
        new = [table for table in tables_here() if table not in played.known and table not in played.rows]
        made: dict[tuple[str, int], Change] = {
            (table, key): (None, row) for table in new for key, row in standing_rows(accounted_models()[table])
        }
        if new:
            record_all([Act(STOCK_TAKEN, "city", {"tables": new}, packed(made))], by=by, now=now)
    return new
