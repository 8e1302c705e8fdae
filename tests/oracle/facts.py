"""What is stated about a citizen, by whom and when: facts, check-ins, registrations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple


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
    citizen: str
    provider: str
    day: date
    healthy: bool
    received_at: datetime


@dataclass(frozen=True)
class Registration:
    citizen: str
    provider: str
    registered_at: datetime
