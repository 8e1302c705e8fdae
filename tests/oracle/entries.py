"""Declarations and check-ins as facts of the provider they were made with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.facts import CheckIn, FactVersion, Origin


class Stay(NamedTuple):
    area: str
    from_day: date
    left_on: date | None = None


@dataclass(frozen=True)
class Declaration:
    """`entry_id` is unique for its provider; `submitted_at` is the citizen's moment, `received_at` the city's."""

    citizen: str
    provider: str
    entry_id: str
    submitted_at: datetime
    received_at: datetime
    symptoms: tuple[str, ...] = ()
    contact: Literal["yes", "no", "unsure"] = "no"
    stays: tuple[Stay, ...] = ()
    arrived_on: date | None = None
    overseas_arrival_on: date | None = None


def facts_of_declaration(declaration: Declaration, zone: ZoneInfo) -> list[FactVersion]:
    """The first versions of what one declaration states; record ids count the statements in a fixed order."""
    submitted_on = declaration.submitted_at.astimezone(zone).date()
    stated: list[tuple[str, str | None, date, date | None]] = []
    if declaration.symptoms:
        stated.append(("symptom", None, submitted_on, None))
    if declaration.contact == "yes":
        stated.append(("contact_with_case", None, submitted_on, None))
    if declaration.contact == "unsure":
        stated.append(("unsure_contact", None, submitted_on, None))
    stated += [("area_stay", stay.area, stay.from_day, stay.left_on) for stay in declaration.stays]
    if declaration.arrived_on:
        stated.append(("arrival", None, declaration.arrived_on, None))
    if declaration.overseas_arrival_on:
        stated.append(("overseas_arrival", None, declaration.overseas_arrival_on, None))
    return [
        FactVersion(
            origin=Origin("provider", declaration.provider),
            record_id=f"{declaration.entry_id}:{number}",
            version=1,
            citizen=declaration.citizen,
            kind=kind,
            area=area,
            started_on=started_on,
            ended_on=ended_on,
            recorded_at=declaration.submitted_at,
            received_at=declaration.received_at,
        )
        for number, (kind, area, started_on, ended_on) in enumerate(stated)
    ]


def facts_of_declarations(declarations: Iterable[Declaration], zone: ZoneInfo) -> list[FactVersion]:
    """Every declaration's facts, and their revocation by the first newer declaration the city received.

    One that arrives after a newer one is revoked in the moment it arrives.
    """
    by_holder: dict[tuple[str, str], list[Declaration]] = defaultdict(list)
    for declaration in declarations:
        by_holder[declaration.citizen, declaration.provider].append(declaration)
    facts: list[FactVersion] = []
    for held in by_holder.values():
        for older in held:
            stated = facts_of_declaration(older, zone)
            facts += stated
            newer = [one for one in held if _order(one) > _order(older)]
            if newer:
                first = min(newer, key=lambda one: (one.received_at, _order(one)))
                facts += [_revoked(fact, first) for fact in stated]
    return facts


def _order(declaration: Declaration) -> tuple[datetime, datetime, str]:
    return declaration.submitted_at, declaration.received_at, declaration.entry_id


def _revoked(fact: FactVersion, newer: Declaration) -> FactVersion:
    return replace(
        fact,
        version=fact.version + 1,
        revoked=True,
        recorded_at=newer.submitted_at,
        received_at=max(newer.received_at, fact.received_at),
    )


def facts_of_check_ins(check_ins: Iterable[CheckIn]) -> list[FactVersion]:
    """An unhealthy check-in is a symptom of its day; the first one received for that day states it."""
    first: dict[tuple[str, str, date], CheckIn] = {}
    for check_in in sorted(check_ins, key=lambda one: one.received_at):
        if not check_in.healthy:
            first.setdefault((check_in.provider, check_in.citizen, check_in.day), check_in)
    return [
        FactVersion(
            origin=Origin("provider", check_in.provider),
            record_id=f"check-in:{check_in.citizen}:{check_in.day}",
            version=1,
            citizen=check_in.citizen,
            kind="symptom",
            area=None,
            started_on=check_in.day,
            ended_on=None,
            recorded_at=check_in.received_at,
            received_at=check_in.received_at,
        )
        for check_in in first.values()
    ]
