"""Refreshes the planner's statistics (``codes/migrations/0002_statistics.py``)."""

from django.db import connection

EVIDENCE = [
    "codes_fact", "codes_registration", "codes_checkindays", "codes_citizen", "codes_rule", "codes_riskarea", "codes_suppression",
    "codes_nextchange",
]  # fmt: skip
FINDINGS = ["codes_verdict", "codes_disagreement", "codes_effectivecode", "codes_case"]

STALE_SHARE = 0.1

OUTDATED = """
SELECT pg_class.relname FROM pg_class
LEFT JOIN pg_stat_user_tables counted ON counted.relid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND pg_class.relname = ANY (%s)
  AND (reltuples <= 0 OR n_mod_since_analyze > reltuples * %s)
"""


def refresh_statistics(tables: list[str], *, changed: bool = False) -> None:
    """Analyse the tables that changed by a tenth since they were last analysed; all of them if ``changed``."""
    with connection.cursor() as cursor:
        if not changed:
            cursor.execute(OUTDATED, [tables, STALE_SHARE])
            tables = [name for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute("SELECT refresh_statistics(%s)", [tables])
