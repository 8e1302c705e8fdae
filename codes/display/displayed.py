"""The last colour that each provider displayed to each citizen."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

KEEP = """
INSERT INTO codes_displayed (citizen_id, provider_id, value, shown_at)
SELECT * FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[], %(values)s::text[], %(instants)s::timestamptz[])
ON CONFLICT (citizen_id, provider_id) DO UPDATE SET value = excluded.value, shown_at = excluded.shown_at, colour = DEFAULT
WHERE codes_displayed.shown_at <= excluded.shown_at
"""


class Shown(NamedTuple):
    """A reported display of a colour. Of two with the same instant, the one received later counts."""

    citizen_id: int
    provider_id: int
    value: str
    shown_at: datetime


def keep_displayed(lines: Iterable[Shown]) -> None:
    """Store the last display of each provider and citizen. The lines may be in any order; older ones than the stored one are ignored."""
    last = {one[:2]: one for one in sorted(lines, key=lambda one: one.shown_at)}
    citizens, providers, values, instants = zip(*last.values(), strict=True)
    columns = {"citizens": citizens, "providers": providers, "values": values, "instants": instants}
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {name: list(column) for name, column in columns.items()})
