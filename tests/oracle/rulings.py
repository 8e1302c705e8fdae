"""Decisions of officials: that a record is wrong (suppressions), or which colour a citizen has (rulings)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from tests.oracle.facts import FactRef, Origin

Colour = Literal["red", "yellow", "green"]


@dataclass(frozen=True)
class Suppression:
    """A ruling that a record, or only one `version` of it, is wrong.

    It is in force from `from_instant`, included, to `until`, excluded.
    """

    origin: Origin
    record_id: str
    from_instant: datetime
    until: datetime | None = None
    version: int | None = None

    def is_in_force(self, known_at: datetime) -> bool:
        return self.from_instant <= known_at and (self.until is None or known_at < self.until)


class HitContent(NamedTuple):
    """The content of a hit, without the version of its record. No area is empty, no end is the last possible date."""

    rule_code: str
    colour: str
    origin: Origin
    record_id: str
    kind: str
    area: str
    started_on: date
    ended_on: date


@dataclass(frozen=True, order=True)
class HitKey:
    """A hit that a ruling weighed. A later version of its record with equal content, as after another spelling, is the same.

    If a rule that was yellow is red now, its hit is a new one: §4 does not say, and this is the safer reading.
    """

    content: HitContent
    fact: FactRef = field(compare=False)


@dataclass(frozen=True)
class Ruling:
    """A manual colour. `approved_at` is None while it waits for the second official. `ends_on` is its last day.

    `ended_at` is the instant at which two officials ended it early.
    """

    citizen: str
    colour: Colour
    approved_at: datetime | None
    ends_on: date
    weighed: frozenset[HitKey] = frozenset()
    ended_at: datetime | None = None
