"""The owner's sweeping functions: a city's session can delete append-only rows only through them.

Each is created from its declared step, in every schema that has the table. The limit of age and the conditions are part of the
function, so that a session can neither choose rows nor delete a recent one, whatever instant it passes.
"""

from pathlib import Path

from django.db import connection
from psycopg2 import sql

from regions.retention.classes import DataClass, Step, data_classes
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
MADE = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = %s::regnamespace AND p.proname LIKE %s"
TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s"
BOUND = "(SELECT bound.at FROM bound)"


def make_sweeping_functions(schema: str, role: str) -> None:
    """Create the functions again in the schema, for this role alone. Call as the owner, after every migration."""
    with connection.cursor() as cursor:
        cursor.execute(MADE, [f'"{schema}"', "retention\\_%"])
        for (signature,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {signature}")
        cursor.execute(TABLES, [schema])
        present = {table for (table,) in cursor.fetchall()}
    for one in data_classes():
        for number, step in enumerate(one.steps):
            if step.table in present:
                _make(schema, role, one, number, step)


def _make(schema: str, role: str, one: DataClass, number: int, step: Step) -> None:
    function = sql.Identifier(schema, one.function(number))
    place = {"table": step.table, "key": step.key}
    changes = ", ".join(f"{column} = {value}" for column, value in step.clear.items())
    condition = f"({step.present}) AND ({step.age}) < {{{{bound}}}} AND ({step.free})"
    with connection.cursor() as cursor:
        statement = compose(
            SQL,
            "function",
            function=function.as_string(cursor.connection),
            schema=sql.Identifier(schema).as_string(cursor.connection),
            days=str(one.days),
            unit=step.unit or f"t.{step.key}",
            condition=condition.replace("{{bound}}", BOUND),
            told=step.told,
            at_once=str(step.at_once),
            act=compose(SQL, "clear", **place, changes=changes.replace("{{bound}}", BOUND))
            if step.clear
            else compose(SQL, "remove", **place),
            **place,
        )
        cursor.execute(statement)
        cursor.execute(sql.SQL("REVOKE ALL ON FUNCTION {}(timestamptz) FROM PUBLIC").format(function))
        grant = sql.SQL("GRANT EXECUTE ON FUNCTION {}(timestamptz) TO {}")
        cursor.execute(grant.format(function, sql.Identifier(role)))
