"""Refresh the planner's statistics, by a function that belongs to the city's owner and is created by migrations."""

from django.db import connection

from regions.cluster import on_node

EVIDENCE = [
    "codes_fact", "codes_registration", "codes_checkindays", "codes_citizen", "codes_rule", "codes_riskarea", "codes_suppression",
    "codes_nextchange",
]  # fmt: skip
FINDINGS = ["codes_verdict", "codes_disagreement", "codes_effectivecode", "codes_case"]

STALE_SHARE = 0.1
# A difference of so few rows does not affect plans, except for a table whose statistics say that it is empty.
FEW = 100

# Reads the counter directly: the statistics view takes several times as long to plan and read, in every run of every city.
OUTDATED = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%s)
  AND (reltuples <= 0 OR pg_stat_get_mod_since_analyze(oid) + %s > reltuples * %s + %s)
"""
REFRESH = f"SELECT refresh_statistics(%s) {on_node('codes_run')}"


def refresh_statistics(tables: list[str], *, changed: bool = False, written: int | None = None) -> None:
    """Analyse the tables that have changed by a tenth and a few rows since their last analysis.

    All of them are analysed if ``changed`` is set, and on a cluster. ``written`` is the number of rows that the open transaction has
    written to each table, which PostgreSQL does not count yet. If it is 0 and ``changed`` is not set, nothing is done.
    """
    if written == 0 and not changed:
        return
    with connection.cursor() as cursor:
        if not changed:
            cursor.execute(OUTDATED, [tables, written or 0, STALE_SHARE, FEW])
            tables = [name for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute(REFRESH, [tables])
