"""Refreshes the planner's statistics, by a function of the city's owner that migrations make."""

from django.db import connection

from regions.cluster import on_node

EVIDENCE = [
    "codes_fact", "codes_registration", "codes_checkindays", "codes_citizen", "codes_rule", "codes_riskarea", "codes_suppression",
    "codes_nextchange",
]  # fmt: skip
FINDINGS = ["codes_verdict", "codes_disagreement", "codes_effectivecode", "codes_case"]

STALE_SHARE = 0.1
# So few rows more or less are planned for alike; a table that is taken for empty is another matter.
FEW = 100

# The count itself: the view of all counts costs several times as much to plan and to read, in every run of every city.
OUTDATED = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%s)
  AND (reltuples <= 0 OR pg_stat_get_mod_since_analyze(oid) + %s > reltuples * %s + %s)
"""
REFRESH = f"SELECT refresh_statistics(%s) {on_node('codes_run')}"


def refresh_statistics(tables: list[str], *, changed: bool = False, written: int | None = None) -> None:
    """Analyse the tables that changed by a tenth and a few rows since they were last analysed; all of them if ``changed``, or on a
    cluster.

    ``written``: so many rows of each by the open transaction, which the database does not count yet; where it has written none,
    nothing needs to be looked up.
    """
    if written == 0 and not changed:
        return
    with connection.cursor() as cursor:
        if not changed:
            cursor.execute(OUTDATED, [tables, written or 0, STALE_SHARE, FEW])
            tables = [name for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute(REFRESH, [tables])
