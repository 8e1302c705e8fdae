"""The primary keys of a loaded world."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Model

from tests.oracle import FactRef, Origin

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def next_keys(model: type[Model], count: int) -> list[int]:
    """As the city gives them itself: a run tells what is new to it by its key (``docs/adr/0059-…``)."""
    with connection.cursor() as cursor:
        sequence = [model._meta.db_table, model._meta.pk.column]
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [*sequence, count])
        return [key for (key,) in cursor.fetchall()]


# Given here, so that they meet none that the city gave itself.
FIRST_KEY = 1_000_000


@dataclass(frozen=True)
class Keys:
    """The oracle's names → primary keys, and back for facts."""

    sources: dict[str, int]
    rule_sets: dict[str, int]
    providers: dict[str, int]
    citizens: dict[str, int]
    facts: dict[int, FactRef]
    registrations: list[int]

    def origin(self, origin: Origin) -> dict[str, int | None]:
        """The two columns that say whose record a fact is."""
        return {
            "source_id": self.sources[origin.code] if origin.kind == "source" else None,
            "provider_id": self.providers[origin.code] if origin.kind == "provider" else None,
        }
