"""Statements about citizens: facts, check-ins and registrations, with their origin and instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo


class Origin(NamedTuple):
    """Who states a fact. For the city, `code` is empty."""

    kind: Literal["source", "provider", "city"]
    code: str = ""


CITY = Origin("city")


class RecordKey(NamedTuple):
    origin: Origin
    record_id: str


class FactRef(NamedTuple):
    origin: Origin
    record_id: str
    version: int


@dataclass(frozen=True)
class FactVersion:
    """One version of a record. `version` numbers them in the order in which the city received them."""

    origin: Origin
    record_id: str
    version: int
    citizen: str
    kind: str
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    received_at: datetime
    detail: tuple[tuple[str, str], ...] = ()
    revoked: bool = False

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.origin, self.record_id)

    @property
    def ref(self) -> FactRef:
        return FactRef(self.origin, self.record_id, self.version)


@dataclass(frozen=True)
class CheckIn:
    """A check-in. `submitted_at` is as the provider states it and may be missing; `received_at` is by the city's clock."""

    citizen: str
    provider: str
    day: date
    healthy: bool
    received_at: datetime
    submitted_at: datetime | None = None
    entry_id: str = ""

    @property
    def instant(self) -> datetime:
        return min(self.submitted_at or self.received_at, self.received_at)

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """Sort key: by instant, then in the order received. §2 states this order for declarations only."""
        return self.instant, self.received_at, self.entry_id

    def is_late(self, zone: ZoneInfo) -> bool:
        """Return whether it is healthy and was submitted neither on its day nor on the day after: then it does not count.

        By the letter of §2, a check-in submitted before its day is late as well.
        """
        if not self.healthy:
            return False
        return self.instant.astimezone(zone).date() not in (self.day, self.day + timedelta(days=1))


@dataclass(frozen=True)
class Registration:
    citizen: str
    provider: str
    registered_at: datetime
