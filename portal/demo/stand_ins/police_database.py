"""A stand-in for a city's police database: tables with names of their own, and the contract's two views on them.

The columns are named by the initials of their Chinese names, which is common in practice.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.schema import CreateSchema, CreateView

RECORDS_VIEW = "health_records"
CLOCK_VIEW = "health_clock"
# 记录编号, 证件类型, 证件号码, 姓名, 类别, 地区代码, 开始日期, 结束日期, 录入时间, 撤销标志, 备注
COLUMNS = {
    "record_id": "jlbh",
    "id_type": "zjlx",
    "id_number": "zjhm",
    "full_name": "xm",
    "kind": "lb",
    "area": "dqdm",
    "started_on": "ksrq",
    "ended_on": "jsrq",
    "recorded_at": "lrsj",
    "revoked": "cxbz",
    "detail": "bz",
}
_INSTANT = DateTime(timezone=True).with_variant(Text(), "sqlite")
_DAY = Date().with_variant(Text(), "sqlite")
_TYPES: dict[str, Any] = {"started_on": _DAY, "ended_on": _DAY, "recorded_at": _INSTANT, "revoked": Boolean()}


class PoliceDatabase:
    """One city's police database, in a PostgreSQL database (perhaps in a schema of its own) or a SQLite file."""

    def __init__(self, engine: Engine, schema: str | None = None) -> None:
        """Keep the engine, which the caller disposes of."""
        self.engine = engine
        self.schema = schema
        metadata = MetaData(schema=schema)
        # 健康记录表
        self.records = Table(
            "jk_jlb",
            metadata,
            Column("xh", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
            *(Column(column, _TYPES.get(name, Text())) for name, column in COLUMNS.items()),
        )
        # 数据截止时间
        self.clock = Table("sj_jzsj", metadata, Column("jzsj", _INSTANT, nullable=False))

    @property
    def records_view(self) -> str:
        """The name of the records view, as in a source's settings."""
        return f"{self.schema}.{RECORDS_VIEW}" if self.schema else RECORDS_VIEW

    @property
    def clock_view(self) -> str:
        """The name of the clock view, as in a source's settings."""
        return f"{self.schema}.{CLOCK_VIEW}" if self.schema else CLOCK_VIEW

    def create(self) -> None:
        """Create the tables and the views. Records later than the clock are not shown yet, as in a replica that lags."""
        table, clock = self.records, select(self.clock.c.jzsj)
        shown = select(*(table.c[column].label(name) for name, column in COLUMNS.items()))
        with self.engine.begin() as connection:
            if self.schema:
                connection.execute(CreateSchema(self.schema, if_not_exists=True))
            table.metadata.create_all(connection)
            connection.execute(CreateView(select(self.clock.c.jzsj.label("as_of")), CLOCK_VIEW, schema=self.schema))
            shown = shown.where(table.c.lrsj <= clock.scalar_subquery())
            connection.execute(CreateView(shown, RECORDS_VIEW, schema=self.schema))

    def add_records(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Add records, or versions of records, that follow the contract. Return their number."""
        rows = [self._to_row(record) for record in records]
        with self.engine.begin() as connection:
            for start in range(0, len(rows), 5000):
                connection.execute(insert(self.records), rows[start : start + 5000])
        return len(rows)

    def remove_records(self) -> None:
        """Empty the table, as a failed reload would."""
        with self.engine.begin() as connection:
            connection.execute(delete(self.records))

    def set_clock(self, as_of: datetime) -> None:
        """Set the horizon of the records."""
        with self.engine.begin() as connection:
            connection.execute(delete(self.clock))
            connection.execute(insert(self.clock).values(jzsj=self._instant(as_of)))

    def _to_row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record under the table's own names, with the types of this database."""
        detail = record.get("detail")
        values = {
            **record,
            "started_on": self._day(record["started_on"]),
            "ended_on": self._day(record.get("ended_on")),
            "recorded_at": self._instant(record["recorded_at"]),
            "detail": detail if detail is None or isinstance(detail, str) else json.dumps(detail, ensure_ascii=False),
        }
        return {column: values.get(name) for name, column in COLUMNS.items()}

    def _instant(self, instant: datetime | str) -> datetime | str:
        """Return the instant; for SQLite, which compares instants as text, in one format."""
        moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        if self.engine.dialect.name != "sqlite":
            return moment
        return moment.astimezone(UTC).isoformat(timespec="microseconds")

    def _day(self, day: date | str | None) -> date | str | None:
        """Return a date, or for SQLite its text."""
        if day is None:
            return None
        value = date.fromisoformat(day) if isinstance(day, str) else day
        return value.isoformat() if self.engine.dialect.name == "sqlite" else value
