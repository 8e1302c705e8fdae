"""Samples for the slow peers: drawn at random, but the same in each run of a bench."""

from django.db import connection

EVERYBODY = "SELECT id FROM codes_citizen ORDER BY hashint8(id), id LIMIT %s"
WITH_FACTS = "SELECT citizen_id FROM (SELECT DISTINCT citizen_id FROM codes_fact) known ORDER BY hashint8(citizen_id), 1 LIMIT %s"
PAIRS = "SELECT id FROM codes_disagreement WHERE closed_run_id IS NULL ORDER BY hashint8(id), id LIMIT %s"


def everybody(number: int) -> list[int]:
    """Return citizens of the whole city."""
    return _drawn(EVERYBODY, number)


def with_facts(number: int) -> list[int]:
    """Return citizens with facts."""
    return _drawn(WITH_FACTS, number)


def disagreements(number: int) -> list[int]:
    """Return open disagreements."""
    return _drawn(PAIRS, number)


def _drawn(statement: str, number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [number])
        return sorted(drawn for (drawn,) in cursor.fetchall())
