"""What officials decided by hand: that a record is wrong, or which colour a citizen has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from tests.oracle.facts import FactRef, Origin

Colour = Literal["red", "yellow", "green"]


@dataclass(frozen=True)
class Suppression:
    """A ruling that a record is wrong, in force from `from_instant` until just before `until`."""

    origin: Origin
    record_id: str
    from_instant: datetime
    until: datetime | None = None


class HitKey(NamedTuple):
    """A hit as a case's fingerprint knows it: the rule's code, the fact's record and version."""

    rule_code: str
    fact: FactRef


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
