"""What is stated about a citizen, by whom and when: facts, check-ins, registrations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo


class Origin(NamedTuple):
    """Who states a fact. The city has no code of its own."""

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
    """One version of a record; `version` counts up in the order the city received them."""

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
    """`submitted_at` is the provider's word and may be missing; `received_at` is the city's clock."""

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
        """Of one instant, in the order received, as with declarations: the semantics say it of those only (§2)."""
        return self.instant, self.received_at, self.entry_id

    def is_late(self, zone: ZoneInfo) -> bool:
        """Healthy, and submitted neither on its day nor on the day after: it counts for nothing.

        Read strictly (§2): one submitted before its day has not been submitted on it either.
        """
        if not self.healthy:
            return False
        return self.instant.astimezone(zone).date() not in (self.day, self.day + timedelta(days=1))


@dataclass(frozen=True)
class Registration:
    citizen: str
    provider: str
    registered_at: datetime
