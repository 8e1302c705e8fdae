"""A city's police database: two views, read in one read-only transaction, row by row.

Tested with PostgreSQL, MariaDB and SQLite. PostgreSQL and MariaDB select the rows after `since` themselves; from other databases
every row is read and selected here, because their comparison of instants cannot be relied on.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2.extensions
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TableClause,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.sql import quoted_name

from regions.sources.connectors.database import check_database_url, make_engine
from regions.sources.connectors.delivery import (
    Delivery,
    DeliveryInconsistent,
    Ranges,
    RawRecord,
    SourceMisconfigured,
    SourceRefused,
)
from regions.sources.connectors.guard import AllowList, Resolver, resolve
from regions.sources.connectors.police_database_faults import translate_errors, translated_rows
from regions.sources.connectors.police_database_ranges import Columns, can_hash, compare, range_of
from regions.sources.connectors.timeouts import DATABASE_TIMEOUTS, DatabaseTimeouts


def prepare_session(connection: Connection, zone: ZoneInfo, timeouts: DatabaseTimeouts) -> Connection:
    """Begin the read-only transaction of a delivery, with the city's time zone for values without one."""
    backend = connection.dialect.name
    milliseconds = timeouts.statement_seconds * 1000
    if backend == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        settings = {"statement_timeout": str(milliseconds), "TimeZone": zone.key, "DateStyle": "ISO"}
        for name, value in settings.items():
            connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    elif backend in ("mysql", "mariadb"):
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        # Applies until the last row is fetched, so it limits the delivery, not the statement.
        limit = f"max_statement_time = {timeouts.delivery_seconds}"
        if not getattr(connection.dialect, "is_mariadb", False):
            limit = f"max_execution_time = {timeouts.delivery_seconds * 1000}"
        connection.exec_driver_sql(f"SET SESSION {limit}, time_zone = '{_mysql_zone(zone)}'")
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    elif backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        # The driver begins no transaction for a SELECT, and each SELECT would see another state of the file.
        connection.exec_driver_sql("BEGIN")
    return connection


def _mysql_zone(zone: ZoneInfo) -> str:
    """Return the zone as an offset if it is the same all year: names need tables that many servers have not loaded."""
    offsets = {datetime(2020 + month // 12, month % 12 + 1, 1, tzinfo=zone).strftime("%z") for month in range(120)}
    if len(offsets) > 1:
        return zone.key
    offset = offsets.pop()
    return f"{offset[:3]}:{offset[3:]}"


DATE_COLUMNS = frozenset({"started_on", "ended_on"})
NOT_TEXT = DATE_COLUMNS | {"recorded_at", "revoked"}


def to_content(row: dict[str, Any], zone: ZoneInfo, codec: str = "utf-8") -> dict[str, Any]:
    """Return one row in the format of the big-data centre. Values of a wrong type are left for the check to refuse."""
    content: dict[str, Any] = {}
    for name, value in row.items():
        if name == "revoked":
            content[name] = _to_boolean(value)
        elif name == "recorded_at":
            content[name] = _to_instant(value, zone)
        elif name in DATE_COLUMNS:
            content[name] = _to_day(value)
        else:
            content[name] = _to_text(value, codec)
    return content


def read_instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return the aware instant in a database's value, or None if it is not one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _to_boolean(value: Any) -> Any:
    """Convert 0 and 1, as numbers or as one bit, of databases without booleans."""
    if value in (b"\0", b"\1"):
        return value == b"\1"
    if isinstance(value, (int, Decimal)) and value in (0, 1):
        return bool(value)
    return value


def _to_instant(value: Any, zone: ZoneInfo) -> Any:
    """Return ISO 8601 with an offset; other values stay as they are."""
    instant = read_instant(value, zone)
    return _to_text(value) if instant is None else instant.isoformat()


def _to_day(value: Any) -> Any:
    """Return `YYYY-MM-DD`; some databases have no plain date type and return midnight."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else _to_text(value)


def _to_text(value: Any, codec: str = "utf-8") -> Any:
    """Return text: numbers are converted, and the spaces that CHAR(n) appends are removed."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode(codec, errors="surrogateescape")
    if isinstance(value, str):
        return value.rstrip(" ")
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    return value


# Schema (or None) and name.
ViewName = tuple[str | None, str]
COLUMNS = (
    "record_id",
    "id_type",
    "id_number",
    "full_name",
    "kind",
    "area",
    "started_on",
    "ended_on",
    "recorded_at",
    "revoked",
    "detail",
)
_IDENTIFIER = re.compile(r"[^\W\d]\w{0,62}")


@contextmanager
def open_delivery(
    *,
    url: str,
    records_view: str,
    clock_view: str,
    since: datetime | None,
    zone: ZoneInfo,
    allowed: AllowList,
    full: bool = False,
    known: Ranges | None = None,
    timeouts: DatabaseTimeouts = DATABASE_TIMEOUTS,
    resolve: Resolver = resolve,
) -> Iterator[Delivery]:
    """Open what was recorded after `since` (aware; None = everything), times being in `zone`. Raises SourceFault, also while read.

    With `full` everything is compared: if the database can hash its records, it delivers those recorded after `known`, and the
    ranges that have changed since `known`.
    """
    checked = check_database_url(url, allowed)
    records, clock = read_view_name(records_view), read_view_name(clock_view)
    engine = make_engine(checked, allowed, resolve, timeouts)
    try:
        connection = translate_errors(engine.connect, view=None)
        with connection:
            session = translate_errors(lambda: prepare_session(connection, zone, timeouts), view=clock_view)
            as_of = translate_errors(lambda: _read_clock(session, clock, zone), view=clock_view)
            names = translate_errors(lambda: _find_columns(session, records, COLUMNS), view=records_view)
            codec = translate_errors(lambda: _read_bytes(session, records), view=records_view)
            query, comparison = _select_records(names, records, as_bytes=bool(codec)), None
            if full and can_hash(session):
                act = partial(compare, session, _table(records), names, as_of=as_of, known=known)
                comparison = translate_errors(act, view=records_view)
            if comparison and comparison.differing is not None and known is not None:
                is_in_range = range_of(names["record_id"], known.bits) == any_(
                    bindparam("ranges", comparison.differing, ARRAY(INTEGER))
                )
                query = query.where(or_(_is_recent(session, names, known.as_of, zone), is_in_range))
            elif since is not None and not full:
                query = query.where(_is_recent(session, names, since, zone))
            rows = translated_rows(session, query, view=records_view)
            numbered = _number(rows, None if full else since, zone, codec or "utf-8")
            yield Delivery(as_of=as_of, total=None, records=numbered, comparison=comparison)
    finally:
        engine.dispose()


def read_view_name(name: str) -> ViewName:
    """Return schema (or None) and view of `view` or `schema.view`; both are quoted when used. Raises SourceMisconfigured."""
    parts = name.split(".")
    if len(parts) > 2 or not all(_IDENTIFIER.fullmatch(part) for part in parts):
        raise SourceMisconfigured("bad_view_name")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, parts[0])


def _read_clock(session: Connection, view: ViewName, zone: ZoneInfo) -> datetime:
    """Return the only row of the clock view, an aware instant. Raises SourceRefused, DeliveryInconsistent."""
    names = _find_columns(session, view, ("as_of",))
    rows = session.execute(select(names["as_of"]).select_from(_table(view))).fetchmany(2)
    as_of = read_instant(rows[0][0], zone) if len(rows) == 1 else None
    if as_of is None or not 1900 <= as_of.year <= 2100:
        raise DeliveryInconsistent("clock_unreadable")
    return as_of


def _read_bytes(session: Connection, view: ViewName) -> str | None:
    """Return the codec of a PostgreSQL database that is not in UTF-8, and read its text as bytes from now on.

    If the server converted the text, one value that is invalid in its encoding would end the delivery. A view whose name is not
    ASCII could no longer be named; for it the server converts.
    """
    if session.dialect.name != "postgresql" or not all(part.isascii() for part in view if part):
        return None
    encoding = session.execute(text("SHOW server_encoding")).scalar_one()
    codec = "utf-8" if encoding == "SQL_ASCII" else psycopg2.extensions.encodings.get(encoding)
    if encoding == "UTF8" or codec is None:
        return None
    session.execute(text("SELECT set_config('client_encoding', :encoding, true)"), {"encoding": encoding})
    return codec


def _select_records(names: Columns, view: ViewName, *, as_bytes: bool) -> Select[Any]:
    """Return the query for the contract's columns."""
    columns: list[ColumnElement[Any]] = []
    for name, one in names.items():
        is_text = as_bytes and name not in NOT_TEXT
        columns.append((func.textsend(cast(one, Text)) if is_text else one).label(name))
    return select(*columns).select_from(_table(view))


def _is_recent(session: Connection, names: Columns, since: datetime, zone: ZoneInfo) -> ColumnElement[bool]:
    """Return the condition for rows after `since`. Rows without `recorded_at` are included, to be quarantined.

    Databases whose comparison is not relied on return every row.
    """
    recorded_at = names["recorded_at"]
    if session.dialect.name == "postgresql":
        return or_(recorded_at > since, recorded_at.is_(None))
    if session.dialect.name in ("mysql", "mariadb"):
        # The session is in the city's zone, for DATETIME and TIMESTAMP alike.
        return or_(recorded_at > since.astimezone(zone).replace(tzinfo=None), recorded_at.is_(None))
    return true()


def _find_columns(session: Connection, view: ViewName, wanted: tuple[str, ...]) -> Columns:
    """Return the view's columns by the contract's names, in whatever case the database has them. Raises SourceRefused."""
    probe = session.execute(select(text("*")).select_from(_table(view)).where(text("1 = 0")))
    result_names = list(probe.keys())
    found = {name.casefold(): name for name in result_names}
    probe.close()
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SourceRefused("missing_column", ", ".join(missing), "missing_column")
    return {name: column(found[name]) for name in wanted}


def _table(view: ViewName) -> TableClause:
    """Return the view as a table to select from, its name quoted as it is written."""
    schema, name = view
    return table(quoted_name(name, quote=True), schema=None if schema is None else quoted_name(schema, quote=True))


def _number(rows: Iterator[dict[str, Any]], since: datetime | None, zone: ZoneInfo, codec: str) -> Iterator[RawRecord]:
    """Yield the rows as numbered records, without those up to `since` of a database that cannot select them."""
    line = 0
    for row in rows:
        content = to_content(row, zone, codec)
        recorded_at = read_instant(content["recorded_at"], zone)
        if since is None or recorded_at is None or recorded_at > since:
            line += 1
            yield RawRecord(line, content)
