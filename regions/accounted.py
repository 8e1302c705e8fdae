"""Models whose rows the journal accounts for. Triggers note the changes of each act, and its journal entry records them.

A trigger writes old and new values into a setting of the transaction, which no other transaction sees and which ends with it. So a
change that the journal records can be replayed, and a change made outside the application is recorded nowhere.
"""

import hmac
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar

from django.apps import apps
from django.db import connection, models
from psycopg2 import sql

from regions.cluster import on_node
from regions.installation import installation_key

# Keyed: without a key, somebody who knows the rest of a record could find its ID number by trying all numbers.
DIGEST_USE = "rows in the journal"
SETTING = "portal.changed_rows"
FORGET = f"SELECT set_config(%s, '', true) {on_node('journal_journalentry')}"
# The suffix that a node of a cluster adds to the name of a table.
SHARD = re.compile(r"_\d{6,}$")
Row = dict[str, Any]
Change = tuple[Row | None, Row | None]
"""A row's columns before and after: ``None`` before its creation and after its deletion; of an update those that differ."""


class Accounted(models.Model):
    """Base class of models whose rows the journal accounts for.

    The journal records columns in ``told_by_digest`` (free text, and what may be secret) as a keyed digest, and omits those in
    ``left_out``.
    """

    told_by_digest: ClassVar[tuple[str, ...]] = ()
    left_out: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True


@cache
def accounted_models() -> dict[str, type[Accounted]]:
    """Return the models derived from ``Accounted`` by the names of their tables."""
    found: list[type[models.Model]] = apps.get_models()
    return {model._meta.db_table: model for model in found if issubclass(model, Accounted)}


def note_changes_in(schema: str) -> None:
    """Create the triggers that note changes on the schema's accounted tables. Call as the owner, after every migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s", [schema])
        present = {name for (name,) in cursor.fetchall()}
        for table in sorted(present & accounted_models().keys()):
            for event, tables in (
                ("INSERT", "NEW TABLE AS made"),
                ("UPDATE", "OLD TABLE AS before NEW TABLE AS after"),
                ("DELETE", "OLD TABLE AS gone"),
            ):
                cursor.execute(
                    sql.SQL(
                        "CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}"
                        " FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
                    ).format(
                        name=sql.Identifier(f"journal_{event.lower()}"),
                        event=sql.SQL(event),
                        table=sql.Identifier(schema, table),
                        tables=sql.SQL(tables),
                        function=sql.Identifier(schema, "journal_note_rows"),
                    )
                )


def forget_noted() -> None:
    """Clear the noted changes of this transaction, once an entry has recorded them."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [SETTING])


def read_noted(noted: str) -> list[Row]:
    """Return the noted changes as a journal entry stores them (see ``packed``)."""
    changes: dict[tuple[str, int], Change] = {}
    for line in noted.splitlines():
        for name, key, before, after in json.loads(line):
            table = SHARD.sub("", name)
            model = accounted_models()[table]
            change = (journalled(model, before), journalled(model, after))
            changes[table, key] = _one_after_the_other(changes.get((table, key)), change)
    differing = {place: _differing(*change) for place, change in changes.items()}
    return packed({place: change for place, change in differing.items() if change != (None, None)})


def journalled(model: type[Accounted], row: Row | None) -> Row | None:
    """Return the row as the journal records it: without the columns left out, and with digests where the model asks for them."""
    if row is None:
        return None
    values = {name: value for name, value in row.items() if name not in ("id", *model.left_out)}
    for name in model.told_by_digest:
        if values[name]:
            text = json.dumps([model._meta.db_table, name, values[name]], sort_keys=True)
            values[name] = hmac.digest(installation_key(DIGEST_USE), text.encode(), "sha256").hex()
    return values


def standing_rows(model: type[Accounted]) -> Iterator[tuple[int, Row]]:
    """Yield the key and the recorded form of every row of a model, ordered by key."""
    table = model._meta.db_table
    with connection.chunked_cursor() as cursor:
        cursor.execute(f'SELECT t.id, to_jsonb(t)::text FROM "{table}" t ORDER BY t.id')  # noqa: S608 - a model's own name
        for key, row in cursor:
            values = journalled(model, json.loads(row))
            yield key, values or {}


def packed(changes: Mapping[tuple[str, int], Change]) -> list[Row]:
    """Group changes of the same table, kind and columns.

    A group lists the keys, the values that are equal in all rows, and the other values as lists in the order of the keys.
    """
    alike: dict[tuple[Any, ...], list[tuple[int, Change]]] = defaultdict(list)
    for (table, key), (before, after) in changes.items():
        alike[table, before is None, after is None, *sorted({*(before or {}), *(after or {})})].append(
            (key, (before, after))
        )
    found = []
    for (table, *_), rows in alike.items():
        one: Row = {"table": table, "ids": [key for key, _ in rows]}
        for name, side in (("old", 0), ("new", 1)):
            values = [change[side] for _, change in rows]
            one[name], one[f"{name}_each"] = _columns([row for row in values if row is not None])
        found.append({name: value for name, value in one.items() if value})
    return found


def unpacked(rows: list[Row]) -> Iterator[tuple[str, int, Change]]:
    """Yield the single changes of packed groups; the inverse of ``packed``."""
    for one in rows:
        for place, key in enumerate(one["ids"]):
            sides: list[Row] = [
                {**one.get(name, {}), **{column: each[place] for column, each in one.get(f"{name}_each", {}).items()}}
                for name in ("old", "new")
            ]
            yield one["table"], key, (sides[0] or None, sides[1] or None)


def _columns(rows: list[Row]) -> tuple[Row, dict[str, list[Any]]]:
    same: Row = {}
    each: dict[str, list[Any]] = {}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if all(value == values[0] for value in values):
            same[name] = values[0]
        else:
            each[name] = values
    return same, each


def _one_after_the_other(first: Change | None, second: Change) -> Change:
    return second if first is None else (first[0], second[1])


def _differing(before: Row | None, after: Row | None) -> Change:
    """Reduce an update to the columns that differ, or to ``(None, None)`` if there are none."""
    if before is None or after is None:
        return before, after
    names = [name for name in after if before[name] != after[name]]
    return ({name: before[name] for name in names}, {name: after[name] for name in names}) if names else (None, None)
