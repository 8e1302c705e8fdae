"""Rules, risk lists and the versions they come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Anchor = Literal["started", "ended", "recorded"]


@dataclass(frozen=True)
class Rule:
    """`hold_days` None means: until cleared by a fact. Empty `area_levels` means: any area, or none."""

    code: str
    kind: str
    colour: Literal["red", "yellow"]
    anchor: Anchor = "started"
    hold_days: int | None = 14
    checkin_days: int = 0
    tests: int = 0
    test_gap_days: int = 0
    cleared_by: tuple[str, ...] = ()
    area_levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class RiskArea:
    """Both days belong to the entry; `to_day` None means: until further notice."""

    area: str
    level: str
    from_day: date
    to_day: date | None = None


@dataclass(frozen=True)
class RuleSetVersion:
    code: str
    version: int
    effective_from: date
    rules: tuple[Rule, ...] = field(hash=False)
    risk_areas: tuple[RiskArea, ...] = field(default=(), hash=False)
