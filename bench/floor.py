"""The floor: the inputs of a run scanned and the rows it wrote written, by bare SQL and nothing else.

The time a run takes beyond this is that of deciding. The rows are those of a real run, copied before, and are written into the same
tables with the same indexes, constraints and foreign keys or, to show their cost, without checking foreign keys.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from bench.clock import Watch, watch
from bench.rounds import WRITTEN, forget_runs
from regions.tenancy import as_owner

# The run's own rows are written before the measurement; the rows below refer to them.
LEDGER = ["codes_run", "codes_runprovider", "codes_partition"]
DIAGNOSES = ["codes_pairdiagnosis"]

SCANS = [
    "SELECT count(*), max(started_on), max(ended_on), max(recorded_at), max(received_at), max(kind), max(area) FROM codes_fact",
    """SELECT count(*), max(r.registered_at) FROM codes_registration r
       WHERE r.citizen_id IN (SELECT citizen_id FROM codes_fact)""",
    """SELECT count(*), max(c.complete_at), max(upper(c.days)) FROM codes_checkindays c
       WHERE c.citizen_id IN (SELECT citizen_id FROM codes_fact)""",
]


def keep_rows(schema: str) -> None:
    """Copy the rows of the city's only run into tables of their own."""
    with as_owner(), connection.cursor() as cursor:
        _enter(cursor, schema)
        for table in WRITTEN:
            cursor.execute(f"DROP TABLE IF EXISTS floor_{table}")
            cursor.execute(f"CREATE TABLE floor_{table} AS SELECT * FROM {table} ORDER BY id")  # noqa: S608 - our names
            cursor.execute(f"VACUUM ANALYZE floor_{table}")


def floor(schema: str, *, with_diagnoses: bool) -> Watch:
    """Measure reading the inputs and writing the copied rows, in one transaction."""
    forget_runs(schema)
    written = [table for table in WRITTEN if table not in LEDGER and (with_diagnoses or table not in DIAGNOSES)]
    with as_owner(), connection.cursor() as cursor:
        _enter(cursor, schema)
        for table in LEDGER:
            cursor.execute(_write(table))
        with watch() as counted, transaction.atomic():
            _read_and_write(cursor, written)
    return counted


def bare_floor(schema: str) -> Watch:
    """Measure the same without diagnoses and foreign keys, which are checked at the commit: this rolls back before it."""
    forget_runs(schema)
    with as_owner(), connection.cursor() as cursor:
        _enter(cursor, schema)
        for table in LEDGER:
            cursor.execute(_write(table))
        with transaction.atomic():
            with watch() as counted:
                _read_and_write(cursor, [table for table in WRITTEN if table not in LEDGER + DIAGNOSES])
            transaction.set_rollback(True)
    return counted


def _read_and_write(cursor: CursorWrapper, tables: Sequence[str]) -> None:
    for scan in SCANS:
        cursor.execute(scan)
        cursor.fetchall()
    for table in tables:
        cursor.execute(_write(table))


def rows_kept(schema: str) -> dict[str, int]:
    """Return the number of rows of each table that the run wrote."""
    with as_owner(), connection.cursor() as cursor:
        _enter(cursor, schema)
        counts = {}
        for table in WRITTEN:
            cursor.execute(f"SELECT count(*) FROM floor_{table}")  # noqa: S608 - our names
            counts[table] = int(cursor.fetchone()[0])
    return counts


def _enter(cursor: CursorWrapper, schema: str) -> None:
    cursor.execute(f'SET search_path = "{schema}", public')


def _write(table: str) -> str:
    return f"INSERT INTO {table} SELECT * FROM floor_{table}"  # noqa: S608 - our names
