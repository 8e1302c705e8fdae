"""The floor: the same inputs scanned and the same changed rows written by bare SQL, with nothing decided."""

import time

from django.db import connection, transaction

from codes.models import Run

SCAN = """
SELECT count(*), min(f.started_on), max(upper(k.days))
FROM codes_fact f
JOIN codes_registration r ON r.citizen_id = f.citizen_id
LEFT JOIN codes_checkindays k ON k.citizen_id = r.citizen_id AND k.provider_id = r.provider_id
"""

# What the run wrote, written again into tables of the same make: history, and what the city shows.
WRITTEN = {
    "codes_verdictchange": "WHERE run_id = %s",
    "codes_verdict": "WHERE run_id = %s",
    "codes_effectivechange": "WHERE run_id = %s",
    "codes_effectivecode": "",
    "codes_disagreement": "WHERE opened_run_id = %s",
    "codes_pairdiagnosis": "WHERE run_id = %s",
    "codes_case": "WHERE opened_run_id = %s",
}


def seconds_of_floor(run: Run, *, tables: list[str]) -> float:
    """Seconds of the scan and of writing these tables' rows of the run, keys and checks as on the real ones, rolled back."""
    with transaction.atomic():
        spent = 0.0
        with connection.cursor() as cursor:
            for table in tables:
                where = WRITTEN[table]
                keep = f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table} {where}"  # noqa: S608 - our own table names
                cursor.execute(keep, [run.pk] if where else [])
                cursor.execute(f"CREATE TEMP TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            started = time.perf_counter()
            cursor.execute(SCAN)
            for table in tables:
                cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM kept_{table}")  # noqa: S608 - our own table names
            spent = time.perf_counter() - started
        transaction.set_rollback(True)
    return spent
