"""A police database with the two relations of the contract, created in the SQL of each database system."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Connection, Engine, text

from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.police_database import open_delivery

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOOPBACK = AllowList.parse(None, debug=True)
# 9:00 in Shanghai is 1:00 UTC. `{instant}` is a type with time zone if the database system has one.
RECORDS = """
    CREATE TABLE health_records (
        record_id varchar(200), id_type varchar(2), id_number varchar(30), full_name varchar(200), kind varchar(50),
        area varchar(6), started_on date, ended_on date, recorded_at {instant}, revoked {boolean}, detail {json}
    )
"""
CLOCK = "CREATE TABLE health_clock (as_of {instant})"
TYPES = {
    "postgresql": {"instant": "timestamptz", "boolean": "boolean", "json": "jsonb"},
    "mariadb": {"instant": "datetime(6)", "boolean": "boolean", "json": "text"},
    "sqlite": {"instant": "text", "boolean": "integer", "json": "text"},
}
ROW: dict[str, Any] = {
    "record_id": "GA-1",
    "id_type": "20",
    "id_number": "E12345678",
    "full_name": "张三",
    "kind": "MJ",
    "area": None,
    "started_on": "2026-11-18",
    "ended_on": None,
    "recorded_at": "2026-11-20 09:00:00",
    "revoked": False,
    "detail": '{"train": "G8701"}',
}


def create(engine: Engine, **types: str) -> None:
    """Create the two relations, without records, and set the clock to noon in Shanghai."""
    with engine.begin() as connection:
        in_shanghai(connection)
        chosen = TYPES[engine.dialect.name] | types
        for statement in (RECORDS, CLOCK):
            connection.execute(text(statement.format(**chosen)))
        connection.execute(text("INSERT INTO health_clock VALUES ('2026-11-20 12:00:00')"))


def add(engine: Engine, **changes: Any) -> None:
    """Add a record. Times are local times in Shanghai."""
    row = ROW | changes
    with engine.begin() as connection:
        in_shanghai(connection)
        names = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO health_records ({names}) VALUES ({places})"), row)  # noqa: S608


def run(engine: Engine, *statements: str) -> None:
    """Execute the statements in one transaction."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def in_shanghai(connection: Connection) -> None:
    """Let the server interpret instants without an offset as local time in Shanghai."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL TIME ZONE 'Asia/Shanghai'"))


def url_of(url: URL) -> str:
    """Return the URL with its password, as in the settings of a source."""
    return url.render_as_string(hide_password=False)


def read(engine: Engine, **changes: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Return the delivery's `as_of` and the content of all its records."""
    settings: dict[str, Any] = {
        "url": url_of(engine.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": SHANGHAI,
        "allowed": LOOPBACK,
    }
    with open_delivery(**{**settings, **changes}) as delivery:
        assert delivery.total is None
        return delivery.as_of, [record.content for record in delivery.records]
