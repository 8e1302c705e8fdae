"""What officials decided by hand: that a record is wrong, or which colour a citizen has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from tests.oracle.facts import FactRef, Origin

Colour = Literal["red", "yellow", "green"]


@dataclass(frozen=True)
class Suppression:
    """A ruling that a record is wrong, in force from `from_instant` until just before `until`; or one `version` of it alone."""

    origin: Origin
    record_id: str
    from_instant: datetime
    until: datetime | None = None
    version: int | None = None

    def is_in_force(self, known_at: datetime) -> bool:
        return self.from_instant <= known_at and (self.until is None or known_at < self.until)


class HitContent(NamedTuple):
    """What a hit says, whatever version of its record says it: no area and no end are empty and the last day there is."""

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
    """A hit that a ruling weighed. A record told again with another spelling is the same one.

    A rule that by now is red where it was yellow makes a new hit: the semantics (§4) do not say; it is the safer way.
    """

    content: HitContent
    fact: FactRef = field(compare=False)


@dataclass(frozen=True)
class Ruling:
    """A manual colour. `approved_at` None: still waiting for the second official. `ends_on` is its last day.

    `ended_at`: two people ended it before that.
    """

    citizen: str
    colour: Colour
    approved_at: datetime | None
    ends_on: date
    weighed: frozenset[HitKey] = frozenset()
    ended_at: datetime | None = None
