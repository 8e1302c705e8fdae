"""The primary keys of a loaded world."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Model

from tests.oracle import FactRef, Origin

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def next_keys(model: type[Model], count: int) -> list[int]:
    """Return new keys from the table's sequence, as for the city's own rows: a run finds new rows by key (``docs/adr/0059-…``)."""
    with connection.cursor() as cursor:
        sequence = [model._meta.db_table, model._meta.pk.column]
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [*sequence, count])
        return [key for (key,) in cursor.fetchall()]


# The first of the keys that are assigned here: large enough to differ from all keys of the city's own rows.
FIRST_KEY = 1_000_000


@dataclass(frozen=True)
class Keys:
    """The oracle's names → primary keys; for facts, the reverse."""

    sources: dict[str, int]
    rule_sets: dict[str, int]
    providers: dict[str, int]
    citizens: dict[str, int]
    facts: dict[int, FactRef]
    registrations: list[int]

    def origin(self, origin: Origin) -> dict[str, int | None]:
        """Return the two columns of a fact's origin."""
        return {
            "source_id": self.sources[origin.code] if origin.kind == "source" else None,
            "provider_id": self.providers[origin.code] if origin.kind == "provider" else None,
        }
