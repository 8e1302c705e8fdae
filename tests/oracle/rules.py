"""Rules, risk areas and rule-set versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Anchor = Literal["started", "ended", "recorded"]


@dataclass(frozen=True)
class Rule:
    """A rule. `hold_days` None means: until cleared by a fact. Empty `area_levels`: the area makes no difference."""

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
    """An entry of the risk list. Both days are included; `to_day` None means: until further notice."""

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
