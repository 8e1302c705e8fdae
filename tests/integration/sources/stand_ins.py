"""The two stand-ins for sources in tests: add records, set the clock, collect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from codes.intake.collecting import collect_source
from codes.models import Fact
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.sources.models import Batch, Source
from tests.integration.lines import ANNA

APP, SECRET = "alpha", "a secret of the tests"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
Record = dict[str, Any]


def at(minute: int) -> datetime:
    """Return an instant of the day before ``NOW``, in minutes after midnight UTC."""
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)


def record(**changes: Any) -> Record:
    """Return a valid record of the police database with these changes."""
    return {
        "record_id": "r1",
        "id_type": "10",
        "id_number": ANNA,
        "full_name": "安娜",
        "kind": "MJ",
        "area": None,
        "started_on": "2026-11-18",
        "ended_on": None,
        "recorded_at": at(0),
        "revoked": False,
        "detail": None,
    } | changes


def records(count: int, **changes: Any) -> list[Record]:
    """Return records about that many people, recorded one minute apart."""
    return [
        record(
            record_id=f"r{n}", id_type="20", id_number=f"E{n:08}", kind="close_contact", recorded_at=at(n), **changes
        )
        for n in range(count)
    ]


@dataclass
class _Collected:
    """A source that is collected at NOW unless specified otherwise."""

    source: Source

    def collect(self, *, now: datetime = NOW, full: bool = False) -> Batch:
        """Collect once. Return the stored batch."""
        return Batch.objects.get(pk=collect_source(self.source, now=now, by="system", full=full).pk)

    def versions(self, record_id: str = "r1") -> list[Fact]:
        """Return a record's versions in order."""
        return list(Fact.objects.filter(source=self.source, record_id=record_id).order_by("version"))


class Police(_Collected):
    """A police database."""

    def __init__(self, database: PoliceDatabase, source: Source) -> None:
        super().__init__(source)
        self.database = database
        self.set_clock(NOW - timedelta(hours=1))

    def add(self, *records: Record) -> None:
        """Add rows."""
        self.database.add_records(records)

    def replace(self, *records: Record) -> None:
        """Replace all rows by these."""
        self.database.remove_records()
        self.database.add_records(records)

    def set_clock(self, as_of: datetime) -> None:
        """Be complete up to here."""
        self.database.set_clock(as_of)


class Centre(_Collected):
    """A big-data centre."""

    def __init__(self, store: BigDataStore, source: Source) -> None:
        super().__init__(source)
        self.store = store
        self.set_clock(NOW - timedelta(hours=1))

    def add(self, records: Iterable[Record]) -> None:
        """Add records."""
        self.store.add_records(APP, records)

    def set_clock(self, as_of: datetime) -> None:
        """Be complete up to here."""
        self.store.set_clock(APP, as_of)

    def set_fault(self, fault: str) -> None:
        """Set the fault of the centre."""
        self.store.set_fault(APP, fault)


def held_delivery(police: Police) -> Batch:
    """Return a held batch: a full delivery with half of the records, complete up to NOW."""
    police.add(*records(100))
    police.collect()
    police.set_clock(NOW)
    police.replace(*records(50))
    batch = police.collect(full=True)
    assert batch.state == Batch.State.HELD
    return batch
