"""A city's police database: two views, read in one read-only transaction, row by row.

Tested with PostgreSQL, MariaDB and SQLite. PostgreSQL and MariaDB pick the rows after `since` themselves; of other
databases every row is read and picked here, because how they compare instants cannot be relied on.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnClause, Connection, Select, TableClause, column, or_, select, table, text
from sqlalchemy.sql import quoted_name

from regions.sources.connectors.database_engine import Patience, make_engine
from regions.sources.connectors.database_faults import explained, explained_rows
from regions.sources.connectors.database_session import prepare_session
from regions.sources.connectors.database_url import check_database_url
from regions.sources.connectors.database_values import read_instant, to_content
from regions.sources.connectors.delivery import (
    Delivery,
    DeliveryInconsistent,
    RawRecord,
    SourceMisconfigured,
    SourceRefused,
)
from regions.sources.connectors.guard import AllowList, Resolver, resolve

DEFAULT_PATIENCE = Patience()
# Schema (or none) and name.
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
    patience: Patience = DEFAULT_PATIENCE,
    resolve: Resolver = resolve,
) -> Iterator[Delivery]:
    """What was recorded after `since` (aware; none = everything); `zone` is where times without a zone are.

    Raises SourceFault, here and while the records are read.
    """
    checked = check_database_url(url, allowed)
    records, clock = read_view_name(records_view), read_view_name(clock_view)
    engine = make_engine(checked, allowed, resolve, patience)
    try:
        connection = explained(engine.connect, view=None)
        with connection:
            session = explained(lambda: prepare_session(connection, zone, patience), view=clock_view)
            as_of = explained(lambda: _read_clock(session, clock, zone), view=clock_view)
            query = explained(lambda: _select_records(session, records, since, zone), view=records_view)
            rows = explained_rows(session, query, view=records_view)
            yield Delivery(as_of=as_of, total=None, records=_number(rows, since, zone))
    finally:
        engine.dispose()


def read_view_name(name: str) -> ViewName:
    """Schema (or none) and view of `view` or `schema.view`; both are quoted when used. Raises SourceMisconfigured."""
    parts = name.split(".")
    if len(parts) > 2 or not all(_IDENTIFIER.fullmatch(part) for part in parts):
        raise SourceMisconfigured("bad_view_name")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, parts[0])


def _read_clock(session: Connection, view: ViewName, zone: ZoneInfo) -> datetime:
    """The one row of the clock view, an aware instant. Raises SourceRefused, DeliveryInconsistent."""
    names = _find_columns(session, view, ("as_of",))
    rows = session.execute(select(names["as_of"]).select_from(_table(view))).fetchmany(2)
    as_of = read_instant(rows[0][0], zone) if len(rows) == 1 else None
    if as_of is None or not 1900 <= as_of.year <= 2100:
        raise DeliveryInconsistent("clock_unreadable")
    return as_of


def _select_records(session: Connection, view: ViewName, since: datetime | None, zone: ZoneInfo) -> Select[Any]:
    """The query for the contract's columns; a row without `recorded_at` is always read, to be quarantined."""
    names = _find_columns(session, view, COLUMNS)
    query = select(*(names[name].label(name) for name in COLUMNS)).select_from(_table(view))
    recorded_at = names["recorded_at"]
    if since is None:
        return query
    if session.dialect.name == "postgresql":
        return query.where(or_(recorded_at > since, recorded_at.is_(None)))
    if session.dialect.name in ("mysql", "mariadb"):
        # Its session is in the city's zone, for DATETIME and TIMESTAMP alike.
        return query.where(or_(recorded_at > since.astimezone(zone).replace(tzinfo=None), recorded_at.is_(None)))
    return query


def _find_columns(session: Connection, view: ViewName, wanted: tuple[str, ...]) -> dict[str, ColumnClause[Any]]:
    """The view's columns by the contract's names, in whatever case the database has them. Raises SourceRefused."""
    probe = session.execute(select(text("*")).select_from(_table(view)).where(text("1 = 0")))
    result_names = list(probe.keys())
    found = {name.casefold(): name for name in result_names}
    probe.close()
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SourceRefused("missing_column", ", ".join(missing), "missing_column")
    return {name: column(found[name]) for name in wanted}


def _table(view: ViewName) -> TableClause:
    """The view as something to select from, its name quoted as it is written."""
    schema, name = view
    return table(quoted_name(name, quote=True), schema=None if schema is None else quoted_name(schema, quote=True))


def _number(rows: Iterator[dict[str, Any]], since: datetime | None, zone: ZoneInfo) -> Iterator[RawRecord]:
    """The rows as records, numbered through, without those a database of unknown habits gave too many."""
    line = 0
    for row in rows:
        content = to_content(row, zone)
        recorded_at = read_instant(content["recorded_at"], zone)
        if since is None or recorded_at is None or recorded_at > since:
            line += 1
            yield RawRecord(line, content)
