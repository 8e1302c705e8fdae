"""One person, one provider and March 2022: the smallest city a worked example needs.

Tables write days as the number of the day in March and instants as "day hour" in city time.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import (
    CITY,
    Batch,
    CheckIn,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Source,
    World,
)

Row = dict[str, Any]

ZONE = ZoneInfo("Asia/Shanghai")
LI = "li"
POLICE = Origin("source", "police")
ALIPAY = Origin("provider", "alipay")
ORIGINS = {
    "police": POLICE,
    "bigdata": Origin("source", "bigdata"),
    "alipay": ALIPAY,
    "wechat": Origin("provider", "wechat"),
    "city": CITY,
}


def march(number: int) -> date:
    return date(2022, 2, 28) + timedelta(days=number)


def at(moment: int | str) -> datetime:
    """A day alone means its noon."""
    number, _, hour = str(moment).partition(" ")
    midnight = datetime.combine(march(int(number)), datetime.min.time(), ZONE)
    return (midnight + timedelta(hours=float(hour or 12))).astimezone(UTC)


def noon_of(day: date) -> datetime:
    return at((day - march(0)).days)


def days(spans: str) -> list[date]:
    """The days of "1-3, 5"."""
    found: list[date] = []
    for span in filter(None, spans.replace(" ", "").split(",")):
        first, _, last = span.partition("-")
        found += [march(number) for number in range(int(first), int(last or first) + 1)]
    return found


def fact(kind: str, started: int, **fields: Any) -> FactVersion:
    """Recorded and received early unless the row says otherwise."""
    ended = fields.get("ended")
    return FactVersion(
        origin=ORIGINS[fields.get("origin", "police")],
        record_id=fields.get("record", f"{kind}-{started}"),
        version=fields.get("version", 1),
        citizen=fields.get("citizen", LI),
        kind=kind,
        area=fields.get("area"),
        started_on=march(started),
        ended_on=None if ended is None else march(ended),
        recorded_at=at(fields.get("recorded", 0)),
        received_at=at(fields.get("received", 0)),
        revoked=fields.get("revoked", False),
    )


def rule(**fields: Any) -> Rule:
    """A red rule for close contacts but for these fields; `until_cleared` stands for no hold days."""
    row: Row = {"code": "A4", "kind": "close_contact", "colour": "red", **fields}
    if row.pop("until_cleared", False):
        row["hold_days"] = None
    for name in ("cleared_by", "area_levels"):
        row[name] = tuple(row.get(name, ()))
    return Rule(**row)


def risk_area(row: Row) -> RiskArea:
    return RiskArea(row["area"], row["level"], march(row["from"]), march(row["to"]) if "to" in row else None)


def city(rules: list[Rule], facts: list[FactVersion], *, healthy: str = "", **fields: Any) -> World:
    """Li is registered with Alipay, which reads the police database; it is complete up to the end of March."""
    world = World(
        providers=(Provider("alipay", "police", "national"),),
        sources=(Source("police", timedelta(days=30), (Batch(at(0), at(31)),)),),
        rule_sets=(RuleSetVersion("national", 1, march(-90), tuple(rules)),),
        citizens=(LI,),
        facts=tuple(facts),
        check_ins=tuple(CheckIn(LI, "alipay", day, True, noon_of(day)) for day in days(healthy)),
        registrations=(Registration(LI, "alipay", at(0)),),
        zone=ZONE,
    )
    return replace(world, **fields)


def rows(table: str) -> list[Any]:
    """A table's rows as test parameters, named by what they say."""
    path = Path(__file__).parent / "tables" / f"{table}.toml"
    return [pytest.param(row, id=row["says"]) for row in tomllib.loads(path.read_text("utf-8"))["row"]]
