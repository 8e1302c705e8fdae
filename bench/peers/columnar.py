"""DuckDB, a columnar database, judging everybody by the same rules from Parquet files: a lower bound for a full judgement.

It computes colours only: no hits, no day of turning green, and no next change. It cannot judge tests that have to be several days
apart, stays without an end and records of several versions; the bench's city has none of these.
"""

import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
from django.db import connection

from bench.clock import Watch, watch
from bench.rounds import BenchFailed
from codes.models import Run

THREADS = 2
# The run's inputs, as columns.
TABLES = {
    "fact": """
        SELECT citizen_id, source_id, kind, area, started_on, coalesce(ended_on, started_on) AS ended_on, recorded_at, received_at
        FROM codes_fact""",
    "registration": "SELECT citizen_id, provider_id, registered_at FROM codes_registration",
    "healthy": """
        SELECT citizen_id, provider_id, lower(span) AS first_day, upper(span) AS end_day
        FROM codes_checkindays CROSS JOIN LATERAL unnest(days) AS span""",
    "frame": """
        SELECT p.provider_id, p.source_id, p.version_id, p.horizon, run.as_of, run.day
        FROM codes_runprovider p JOIN codes_run run ON run.id = p.run_id WHERE run.id = %(run)s""",
    "rule": """
        SELECT id AS rule_id, version_id, kind, colour, anchor, hold_days, checkin_days, (area_levels IS NOT NULL)::int AS by_area
        FROM codes_rule""",
    "clears": "SELECT id AS rule_id, unnest(cleared_by) AS kind FROM codes_rule",
    "listed": """
        SELECT r.id AS rule_id, a.area, a.from_day, coalesce(a.to_day, date '9999-01-01') AS to_day
        FROM codes_rule r JOIN codes_riskarea a ON a.version_id = r.version_id AND a.level = ANY (r.area_levels)""",
}
# Types that cannot be inferred from the text.
AREA = {"area": "VARCHAR"}
TYPES = {"fact": AREA, "listed": AREA, "rule": {"hold_days": "INTEGER", "checkin_days": "INTEGER"}}
OUT_OF_REACH = """
SELECT EXISTS (SELECT FROM codes_rule WHERE tests > 0 OR anchor = 'recorded')
       OR EXISTS (SELECT FROM codes_fact WHERE version > 1 OR revoked)
       OR EXISTS (SELECT FROM codes_fact WHERE kind = 'area_stay' AND ended_on IS NULL) OR EXISTS (SELECT FROM codes_suppression)
"""
JUDGE = """
CREATE TABLE found AS
WITH matched AS (
    SELECT f.citizen_id, p.provider_id, p.source_id, p.horizon, p.as_of, p.day, r.rule_id, r.colour, r.hold_days, r.checkin_days,
           CASE r.anchor WHEN 'ended' THEN f.ended_on ELSE f.started_on END AS anchor
    FROM frame p
    JOIN rule r ON r.version_id = p.version_id
    JOIN fact f ON f.source_id = p.source_id AND f.kind = r.kind AND f.recorded_at <= p.horizon AND f.received_at <= p.as_of
    SEMI JOIN registration g ON g.citizen_id = f.citizen_id AND g.provider_id = p.provider_id AND g.registered_at <= p.as_of
    WHERE f.started_on <= p.day
      AND (r.by_area = 0 OR EXISTS (
              SELECT 1 FROM listed l
              WHERE l.rule_id = r.rule_id AND l.area IN (f.area, f.area[:4] || '00', f.area[:2] || '0000')
                AND l.from_day <= f.ended_on AND l.to_day >= f.started_on AND l.from_day <= p.day))
),
waiting AS (
    SELECT * FROM matched m
    WHERE hold_days IS NULL OR anchor + hold_days > day
       OR checkin_days > 0 AND NOT EXISTS (
              SELECT 1 FROM healthy h
              WHERE h.citizen_id = m.citizen_id AND h.provider_id = m.provider_id
                AND h.end_day - greatest(h.first_day, m.anchor) >= m.checkin_days
                AND greatest(h.first_day, m.anchor) + m.checkin_days - 1 <= m.day)
),
held AS (
    SELECT * FROM waiting w
    WHERE NOT EXISTS (
        SELECT 1 FROM fact f JOIN clears c ON c.kind = f.kind
        WHERE c.rule_id = w.rule_id AND f.citizen_id = w.citizen_id AND f.source_id = w.source_id
          AND f.recorded_at <= w.horizon AND f.received_at <= w.as_of AND f.started_on <= w.day
          AND (f.started_on > w.anchor OR f.started_on = w.anchor AND f.kind <> 'negative_test'))
)
SELECT citizen_id, provider_id, CASE WHEN bool_or(colour = 'red') THEN 'red' ELSE 'yellow' END AS colour
FROM held GROUP BY ALL
"""


def judge_everybody(run: Run) -> Watch:
    """Measure DuckDB judging everybody from Parquet. Raises ``BenchFailed`` if its colours are not the stored ones."""
    with tempfile.TemporaryDirectory() as folder, closing(duckdb.connect()) as peer:
        _export(run, Path(folder), peer)
        with watch() as spent:
            peer.execute(f"SET threads TO {THREADS}")
            for name in TABLES:
                peer.execute(f"CREATE VIEW {name} AS FROM '{folder}/{name}.parquet'")
            peer.execute(JUDGE)
        found = peer.execute("SELECT citizen_id, provider_id, colour FROM found").fetchall()
    with connection.cursor() as cursor:
        cursor.execute("SELECT citizen_id, provider_id, colour FROM codes_verdict")
        if differing := set(found) ^ set(cursor.fetchall()):
            raise BenchFailed(f"DuckDB and the engine differ on {len(differing)} verdicts, as {sorted(differing)[:4]}")
    return spent


def _export(run: Run, folder: Path, peer: duckdb.DuckDBPyConnection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OUT_OF_REACH)
        if cursor.fetchone()[0]:
            raise BenchFailed("the city holds what the peer cannot judge")
        for name, query in TABLES.items():
            rows = cursor.mogrify(query, {"run": run.pk}).decode()
            with (folder / f"{name}.csv").open("wb") as file:
                cursor.copy_expert(f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER)", file)
            peer.execute(
                f"COPY (FROM read_csv('{folder}/{name}.csv', types = {TYPES.get(name, {})})) TO '{folder}/{name}.parquet'"
            )
