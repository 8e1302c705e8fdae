"""The data of the stand-in big-data centre: records, their horizon, and its fault."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    create_engine,
    delete,
    func,
    insert,
    or_,
    select,
)

METADATA = MetaData()
RECORDS = Table(
    "centre_records",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("app_id", Text, nullable=False),
    # Microseconds since 1970; null if the record's own value cannot be parsed: such records are always sent.
    Column("recorded", BigInteger),
    Column("content", Text, nullable=False),
    Index("centre_records_of_app", "app_id", "number"),
)
APPS = Table(
    "centre_apps",
    METADATA,
    Column("app_id", Text, primary_key=True),
    Column("as_of", Text, nullable=False),
    Column("fault", Text, nullable=False, default=""),
    # Counts the changes of `fault`, so that "the first two tries fail" starts again each time it is set.
    Column("fault_number", Integer, nullable=False, default=0),
)


@dataclass(frozen=True, slots=True)
class AppState:
    """One city's part of the centre."""

    as_of: datetime
    fault: str
    fault_number: int


@dataclass(frozen=True, slots=True)
class Window:
    """The records of one collection: recorded after `since` and up to `until` (microseconds), numbered up to `last`."""

    since: int | None
    until: int
    last: int


class BigDataStore:
    """The centre's database: a SQLite file or any SQLAlchemy URL. It is created if missing."""

    def __init__(self, location: str) -> None:
        """Open the database; `location` is a file's path or a database URL."""
        url = location if "://" in location else f"sqlite+pysqlite:///{location}"
        self.engine: Engine = create_engine(url)
        with self.engine.begin() as connection:
            METADATA.create_all(connection)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def add_records(self, app_id: str, records: Iterable[Mapping[str, Any]]) -> int:
        """Add records, or versions of records, unchecked. Return their number."""
        rows = [
            {
                "app_id": app_id,
                "recorded": _microseconds(record.get("recorded_at")),
                "content": json.dumps(record, ensure_ascii=False, default=_spell),
            }
            for record in records
        ]
        with self.engine.begin() as connection:
            for start in range(0, len(rows), 5000):
                connection.execute(insert(RECORDS), rows[start : start + 5000])
        return len(rows)

    def remove_records(self, app_id: str) -> None:
        """Delete an app's records, as a centre that lost them would."""
        with self.engine.begin() as connection:
            connection.execute(delete(RECORDS).where(RECORDS.c.app_id == app_id))

    def set_clock(self, app_id: str, as_of: datetime) -> None:
        """Set the horizon; later records are held back until the clock has reached them."""
        self._set(app_id, as_of=as_of.astimezone(UTC).isoformat())

    def set_fault(self, app_id: str, fault: str) -> None:
        """Misbehave from the next request on (see `big_data_faults.Fault`); empty ends it. The clock must be set."""
        state = self.state(app_id)
        if state is None:
            raise LookupError(f"no clock is set for {app_id!r}")
        self._set(app_id, as_of=state.as_of.isoformat(), fault=fault, fault_number=state.fault_number + 1)

    def state(self, app_id: str) -> AppState | None:
        """Return the clock and fault of an app, or None if its clock was never set."""
        with self.engine.connect() as connection:
            row = connection.execute(select(APPS).where(APPS.c.app_id == app_id)).one_or_none()
        return None if row is None else AppState(datetime.fromisoformat(row.as_of), row.fault, row.fault_number)

    def open_window(self, app_id: str, since: datetime | None, until: datetime) -> tuple[Window, int]:
        """Return the window of a collection that begins now, and its number of records."""
        with self.engine.connect() as connection:
            last = connection.execute(select(func.coalesce(func.max(RECORDS.c.number), 0))).scalar_one()
            window = Window(_microseconds(since), _microseconds(until) or 0, last)
            total = connection.execute(select(func.count()).where(_within(app_id, window))).scalar_one()
        return window, total

    def page(self, app_id: str, window: Window, after: int, limit: int) -> tuple[list[str], int]:
        """Return up to `limit` records as JSON text after the one numbered `after`, and the number of the last of them."""
        query = select(RECORDS.c.number, RECORDS.c.content).where(_within(app_id, window), RECORDS.c.number > after)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(RECORDS.c.number).limit(limit)).all()
        return [row.content for row in rows], rows[-1].number if rows else after

    def _set(self, app_id: str, **values: Any) -> None:
        """Write an app's row, keeping columns that are not named."""
        with self.engine.begin() as connection:
            changed = connection.execute(APPS.update().where(APPS.c.app_id == app_id).values(**values))
            if not changed.rowcount:
                connection.execute(insert(APPS).values(app_id=app_id, **values))


def _within(app_id: str, window: Window) -> ColumnElement[bool]:
    """Return the condition for a collection's records."""
    recorded = RECORDS.c.recorded
    timely = recorded <= window.until if window.since is None else recorded.between(window.since + 1, window.until)
    return and_(RECORDS.c.app_id == app_id, RECORDS.c.number <= window.last, or_(recorded.is_(None), timely))


def _microseconds(instant: Any) -> int | None:
    """Return microseconds since 1970 of an aware instant or its ISO text, or None for anything else."""
    if isinstance(instant, str):
        try:
            instant = datetime.fromisoformat(instant)
        except ValueError:
            return None
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        return None
    gap = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def _spell(value: Any) -> str:
    """Format dates and instants as the contract does."""
    return str(value.isoformat())
