"""The two sources themselves: their records, the instant up to which they are complete, and their present fault.

What a collection accepts is computed from `docs/contracts.md` §2: the records after the last horizon minus the overlap,
or all records; of these, the versions that the city does not have yet, in the order of recording; nothing if it fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.demo.stand_ins.police_database import PoliceDatabase
from tests.oracle import Batch, FactVersion, Origin, RecordKey
from tests.simulation.known import Known
from tests.simulation.people import Person
from tests.worlds import ZONE

OVERLAP = timedelta(hours=24)
FULL_EVERY_DAYS = 7
CLOCK_TOLERANCE = timedelta(minutes=5)
SMALLEST_SHARE = 0.6
EMPTY = "empty"
"""The fault of a centre that answers with an empty delivery."""
APP = "alpha"


@dataclass(frozen=True)
class Row:
    """One version of a record in the source. A ``broken`` one violates the contract."""

    record_id: str
    person: Person
    kind: str
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    revoked: bool = False
    note: str = ""
    broken: bool = False

    def as_sent(self) -> dict[str, Any]:
        return {
            "record_id": self.record_id,
            "id_type": self.person.id_type,
            "id_number": self.person.id_number,
            "full_name": self.person.name,
            "kind": "no kind of ours" if self.broken else self.kind,
            "area": self.area,
            "started_on": self.started_on.isoformat(),
            "ended_on": self.ended_on.isoformat() if self.ended_on else None,
            "recorded_at": self.recorded_at,
            "revoked": self.revoked,
            "detail": {"note": self.note} if self.note else None,
        }

    @property
    def content(self) -> tuple[object, ...]:
        return (self.person.key, self.kind, self.area, self.started_on, self.ended_on, self.revoked, self.note)


@dataclass
class Upstream:
    """One source and its stand-in. ``fault`` is its present fault, ``taken`` contains the versions that the city has."""

    code: str
    stand_in: PoliceDatabase | BigDataStore
    rows: list[Row] = field(default_factory=list)
    clock: datetime | None = None
    fault: str = ""
    full_on: date | None = None
    full_count: int = 0
    is_held: bool = False
    """Its last delivery waits for two people."""
    taken: dict[tuple[str, datetime], Row] = field(default_factory=dict)
    unwritten: list[Row] = field(default_factory=list)

    def add(self, *rows: Row) -> None:
        """Add versions. ``write`` sends them to the stand-in before the next collection."""
        self.rows += rows
        self.unwritten += rows

    def write(self) -> None:
        sent = [row.as_sent() for row in self.unwritten]
        self.unwritten = []
        if isinstance(self.stand_in, PoliceDatabase):
            self.stand_in.add_records(sent)
        else:
            self.stand_in.add_records(APP, sent)

    def set_clock(self, as_of: datetime) -> None:
        self.clock = as_of
        if isinstance(self.stand_in, PoliceDatabase):
            self.stand_in.set_clock(as_of)
        else:
            self.stand_in.set_clock(APP, as_of)

    def set_fault(self, fault: str) -> None:
        """Set the fault of the big-data centre. The police database has none; it can only be silent, by its clock."""
        if isinstance(self.stand_in, BigDataStore) and fault != self.fault:
            self.fault = fault
            self.stand_in.set_fault(APP, fault)

    def latest(self, record_id: str) -> Row:
        return max((one for one in self.rows if one.record_id == record_id), key=lambda one: one.recorded_at)

    def collected(self, known: Known, *, at: datetime) -> bool:
        """Record in ``known`` what a collection at this instant gives the city. Return whether it is accepted."""
        last = known.batches[self.code][-1] if known.batches[self.code] else None
        if self.fault not in ("", EMPTY) or self.clock is None or self.clock > at + CLOCK_TOLERANCE:
            return False
        if last and self.clock < last.as_of:
            return False
        day = at.astimezone(ZONE).date()
        full = self.full_on is None or (day - self.full_on).days >= FULL_EVERY_DAYS
        since = None if full or last is None else last.as_of - OVERLAP
        sent = [
            row for row in self.rows if row.recorded_at <= self.clock and (since is None or row.recorded_at > since)
        ]
        if self.fault == EMPTY:
            sent = []
        if full and (not sent or len(sent) < SMALLEST_SHARE * self.full_count):
            self.is_held = True
            return False
        self.is_held = False  # a later delivery overtakes one that waits
        for row in sorted(sent, key=lambda one: one.recorded_at):
            if not row.broken:
                self._take(row, known, at=at)
        known.batches[self.code].append(Batch(at, self.clock))
        if full:
            self.full_on, self.full_count = day, len(sent)
        return True

    def _take(self, row: Row, known: Known, *, at: datetime) -> None:
        before = self.taken.get((row.record_id, row.recorded_at))
        if before is not None and before.content == row.content:
            return
        self.taken[row.record_id, row.recorded_at] = row
        key = RecordKey(Origin("source", self.code), row.record_id)
        known.people.add(row.person.key)
        known.records[key].append(
            FactVersion(
                origin=key.origin,
                record_id=row.record_id,
                version=len(known.records[key]) + 1,
                citizen=row.person.key,
                kind=row.kind,
                area=row.area,
                started_on=row.started_on,
                ended_on=row.ended_on,
                recorded_at=row.recorded_at,
                received_at=at,
                detail=(("note", row.note),) if row.note else (),
                revoked=row.revoked,
            )
        )
