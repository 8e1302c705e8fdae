"""The people of the outsider's city, and what its sources and providers send about them, also as a world of the oracle."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

from stdnum.cn.ric import calc_check_digit

from tests.integration.outsider.rules import TODAY, VERSIONS
from tests.oracle import (
    QUESTIONS,
    Batch,
    CheckIn,
    Declaration,
    FactVersion,
    Origin,
    Provider,
    Registration,
    Source,
    Stay,
    World,
    facts_of_check_ins,
    facts_of_declarations,
)

ZONE = ZoneInfo("Asia/Urumqi")
NOW = datetime.combine(TODAY, time(9, 30), ZONE).astimezone(UTC)
PEOPLE = 90
# Source → (maximum age, horizon). The annex's data is too old.
SOURCES = {
    "ledger": (timedelta(hours=30), NOW - timedelta(minutes=20)),
    "hub": (timedelta(hours=30), NOW - timedelta(hours=20)),
    "annex": (timedelta(hours=2), NOW - timedelta(hours=5)),
}
PROVIDERS = (
    Provider("pearl", "ledger", "north"),
    Provider("jade", "hub", "north"),
    Provider("post_office", "ledger", "south"),
    Provider("dusk", "annex", "south"),
)
# The codes of kinds that the ledger sends. The other sources send the portal's codes.
WORDS = {"confirmed_case": "确诊", "close_contact": "MQJC", "area_stay": "7", "negative_test": "阴性"}
Contact = Literal["yes", "no", "unsure"]
SELDOM: list[Contact] = ["yes", "unsure", "unsure"]
MOSTLY: Contact = "no"
KINDS = [
    "confirmed_case",
    "close_contact",
    "close_contact",
    "spacetime_overlap",
    "area_stay",
    "symptom",
    "arrival",
    "secondary_contact",
    "discharged",
    "contact_excluded",
    "negative_test",
    "negative_test",
    "case_excluded",
]


@dataclass
class Told:
    """The records of the sources (as fields), the lines that providers send, and the same for the oracle."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    lines: list[dict[str, Any]] = field(default_factory=list)
    facts: list[FactVersion] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)

    def world(self) -> World:
        holders = {(one.citizen, one.provider) for one in self.declarations}
        return World(
            providers=PROVIDERS,
            sources=tuple(Source(code, age, (Batch(NOW, as_of),)) for code, (age, as_of) in SOURCES.items()),
            rule_sets=VERSIONS,
            citizens=tuple(map(number_of, range(PEOPLE))),
            facts=(
                *self.facts,
                *facts_of_declarations(self.declarations, ZONE),
                *facts_of_check_ins(self.check_ins, ZONE),
            ),
            check_ins=tuple(self.check_ins),
            registrations=tuple(Registration(*holder, NOW) for holder in holders),
            interim_policy="freshest",
            zone=ZONE,
        )


def number_of(person: int) -> str:
    body = f"650102{date(1961, 1, 1) + timedelta(days=211 * person):%Y%m%d}{person + 101}"
    return body + str(calc_check_digit(f"{body}0"))


def tell(seed: int) -> Told:
    dice, told = Random(seed), Told()
    for person in range(PEOPLE):
        for number in range(dice.choice((0, 0, 1, 1, 2, 3))):
            _event(dice, told, person, number)
        for provider in PROVIDERS:
            if dice.random() < 0.85:
                _declare(dice, told, person, provider.code)
                _check_in(dice, told, person, provider.code)
    return told


def _event(dice: Random, told: Told, person: int, number: int) -> None:
    """Draw an event, recorded in all sources or some, sometimes with different dates. Its end may be open or planned.

    A later version may correct it, spell the name differently, change its end, or revoke it.
    """
    kind, days_ago = dice.choice(KINDS), dice.randint(0, 24)
    for source in dice.choice((list(SOURCES), list(SOURCES), ["ledger"], ["hub"], ["hub", "annex"])):
        started = TODAY - timedelta(days=days_ago + dice.choice((0, 0, 0, 2)))
        ended = started + timedelta(days=dice.choice((0, 2, 5, days_ago + 3))) if dice.random() < 0.5 else None
        recorded = datetime.combine(started, time(dice.randint(1, 23), dice.randint(0, 59)), ZONE)
        recorded = min(recorded, NOW - timedelta(hours=1))
        version: dict[str, Any] = {
            "kind": kind,
            "area": dice.choice(("420100", "420102", "440300", "110000")) if kind == "area_stay" else None,
            "started_on": started,
            "ended_on": ended,
            "recorded_at": recorded,
            "revoked": False,
        }
        versions = [version]
        if dice.random() < 0.3:
            later = min(recorded + timedelta(hours=dice.randint(1, 90)), NOW - timedelta(minutes=1))
            changes: dict[str, Any] = dice.choice(
                (
                    {"revoked": True},
                    {"revoked": True},
                    {"started_on": started - timedelta(days=1)},
                    {"ended_on": max(started, TODAY + timedelta(days=dice.randint(-3, 4)))},
                    {"detail": (("name", "respelled"),)},
                )
            )
            versions.append(version | {"recorded_at": later} | changes)
        for count, one in enumerate(versions, start=1):
            _record(told, person, source, f"{source}/{person}/{number}", count, one)


def _record(told: Told, person: int, source: str, record_id: str, version: int, one: dict[str, Any]) -> None:
    word = WORDS.get(one["kind"], one["kind"]) if source == "ledger" else one["kind"]
    # The source sends what it has recorded after its horizon only with its next delivery.
    if one["recorded_at"] > SOURCES[source][1]:
        return
    told.records[source].append(
        {
            "record_id": record_id,
            "id_type": "10",
            "id_number": number_of(person),
            **one,
            "full_name": f"阿不都·{person}" if "detail" in one else f"阿不都{person}",
            "detail": {"entered_by": "desk 4"},
            "kind": word,
            "started_on": one["started_on"].isoformat(),
            "ended_on": one["ended_on"].isoformat() if one["ended_on"] else None,
            "recorded_at": one["recorded_at"].isoformat(),
        }
    )
    told.facts.append(
        FactVersion(Origin("source", source), record_id, version, number_of(person), received_at=NOW, **one)
    )


def _declare(dice: Random, told: Told, person: int, provider: str) -> None:
    """Draw one to three declarations, each full or with some of the questions only."""
    for number in range(dice.choice((1, 1, 2, 3))):
        at = NOW - timedelta(days=dice.randint(0, 12), minutes=17 * number + dice.randint(1, 15))
        entry = {"provider": provider, "entry_id": f"{provider}:{person}:{number}"}
        symptoms = ("fever",) if dice.random() < 0.1 else ()
        contact = dice.choice(SELDOM) if dice.random() < 0.13 else MOSTLY
        stays = (
            [Stay("420106", TODAY - timedelta(days=9), dice.choice((None, TODAY, TODAY + timedelta(days=2))))]
            if dice.random() < 0.1
            else []
        )
        arrived = TODAY - timedelta(days=dice.randint(0, 9)) if dice.random() < 0.1 else None
        asked = [one for one in QUESTIONS if dice.random() < 0.5] if dice.random() < 0.4 else QUESTIONS
        told.declarations.append(
            Declaration(
                number_of(person),
                provider,
                entry["entry_id"],
                submitted_at=at,
                received_at=NOW,
                symptoms=symptoms,
                contact=contact,
                stays=tuple(stays),
                arrived_on=arrived,
                answered=frozenset(asked),
            )
        )
        answers = {
            "symptoms": list(symptoms),
            "contact": contact,
            "area_stays": [
                {
                    "area": stay.area,
                    "from": stay.from_day.isoformat(),
                    "left_on": stay.left_on.isoformat() if stay.left_on else None,
                }
                for stay in stays
            ],
            "arrival": {"from_area": "110000", "on": arrived.isoformat()} if arrived else None,
            "overseas_arrival_on": None,
        }
        told.lines.append(
            {
                "type": "declaration",
                **entry,
                "id_type": "10",
                "id_number": number_of(person),
                "full_name": f"阿不都{person}",
                "submitted_at": at.astimezone(ZONE).isoformat(),
                **{question: answers[question] for question in asked},
            }
        )


def _check_in(dice: Random, told: Told, person: int, provider: str) -> None:
    """Draw check-ins, most of them submitted on their day, some days later. Some are contradicted by another of the same day."""
    missed = {dice.randint(0, 20) for _ in range(dice.choice((0, 0, 1, 4)))}
    tardy = dice.random() < 0.15
    for ago in set(range(dice.randint(0, 20))) - missed:
        day = TODAY - timedelta(days=ago)
        noon = datetime.combine(day, time(12, 15), ZONE) + timedelta(days=dice.randint(0, 3) if tardy else 0)
        healthy = dice.random() > 0.02
        _enter(told, person, provider, day, healthy, noon, "")
        if dice.random() < 0.05:
            later = timedelta(hours=dice.choice((-3, 1, 30, 60)))
            _enter(told, person, provider, day, not healthy, noon + later, ":again")


def _enter(told: Told, person: int, provider: str, day: date, healthy: bool, submitted_at: datetime, mark: str) -> None:
    entry_id = f"{provider}:{person}:{day}{mark}"
    submitted_at = min(submitted_at, NOW)
    told.check_ins.append(CheckIn(number_of(person), provider, day, healthy, NOW, submitted_at, entry_id))
    told.lines.append(
        {
            "type": "check_in",
            "provider": provider,
            "entry_id": entry_id,
            "id_type": "10",
            "id_number": number_of(person),
            "day": day.isoformat(),
            "healthy": healthy,
            "submitted_at": submitted_at.isoformat(),
        }
    )
