"""A session on a police database that can only read, and sees one moment of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from regions.sources.connectors.database_engine import Patience


def prepare_session(connection: Connection, zone: ZoneInfo, patience: Patience) -> Connection:
    """Begin the one read-only transaction of a delivery, with the city's zone for what has no zone of its own."""
    backend = connection.dialect.name
    milliseconds = patience.statement_seconds * 1000
    if backend == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        settings = {"statement_timeout": str(milliseconds), "TimeZone": zone.key, "DateStyle": "ISO"}
        for name, value in settings.items():
            connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    elif backend in ("mysql", "mariadb"):
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        # Counts until the last row is fetched, so this is the time of the delivery, not of a statement.
        limit = f"max_statement_time = {patience.delivery_seconds}"
        if not getattr(connection.dialect, "is_mariadb", False):
            limit = f"max_execution_time = {patience.delivery_seconds * 1000}"
        connection.exec_driver_sql(f"SET SESSION {limit}, time_zone = '{_mysql_zone(zone)}'")
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    elif backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        # The driver begins nothing for a SELECT by itself, and each would see another state of the file.
        connection.exec_driver_sql("BEGIN")
    return connection


def _mysql_zone(zone: ZoneInfo) -> str:
    """The zone as an offset where it has one all year: names need tables that many servers have not loaded."""
    offsets = {datetime(2020 + month // 12, month % 12 + 1, 1, tzinfo=zone).strftime("%z") for month in range(120)}
    if len(offsets) > 1:
        return zone.key
    offset = offsets.pop()
    return f"{offset[:3]}:{offset[3:]}"
