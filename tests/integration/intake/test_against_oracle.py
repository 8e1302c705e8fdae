"""Declarations and check-ins in any order and in any imports give the facts and days of the oracle."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from codes.models import CheckInDays, Citizen, Fact
from regions.keys.encryption import decrypt_number
from regions.models import City
from tests.integration.lines import ANNA, BERT, Line, check_in, declaration, take
from tests.oracle import (
    QUESTIONS,
    CheckIn,
    Declaration,
    Stay,
    facts_of_check_ins,
    facts_of_declarations,
)
from tests.oracle.seen import healthy_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
PEOPLE, PROVIDERS = (ANNA, BERT), ("alipay", "wechat")
FIRST_DAY = datetime(2026, 11, 1, 8, tzinfo=SHANGHAI)
Told = tuple[str, str, str, int, bool, bool, str | None, date, date | None, datetime]


@pytest.mark.parametrize("seed", range(25))
def test_the_facts_are_the_oracles(alpha: City, now: datetime, seed: int) -> None:
    draw = random.Random(seed)
    numbers = count(1)
    expected: list[Declaration] = []
    for parcel in range(draw.randint(1, 4)):
        received_at = now + timedelta(minutes=parcel)
        # Parcels are received one after another, lines of a parcel in their order: names tell the oracle so.
        lines = [_draw(draw, f"d{next(numbers):03}") for _ in range(draw.randint(1, 6))]
        with transaction.atomic():
            take(*lines, now=received_at)
        expected += [_understood(line, received_at) for line in lines]

    assert _stored() == Counter(_of_oracle(expected))


@pytest.mark.parametrize("seed", range(25))
def test_symptoms_and_healthy_days_are_the_oracles(alpha: City, now: datetime, seed: int) -> None:
    draw = random.Random(seed)
    numbers = count(1)
    expected: list[CheckIn] = []
    with transaction.atomic():
        take(*(declaration(provider=one, entry_id=one, id_number=who) for one in PROVIDERS for who in PEOPLE), now=now)
    for parcel in range(draw.randint(1, 5)):
        received_at = now + timedelta(hours=7 * parcel)
        lines = [_draw_check_in(draw, f"c{next(numbers):03}", received_at) for _ in range(draw.randint(1, 9))]
        with transaction.atomic():
            results = take(*lines, now=received_at)
        assert {one.outcome.value for one in results} == {"accepted"}
        expected += [_checked_in(line, received_at) for line in lines]

    told = facts_of_check_ins(expected, SHANGHAI)
    revoked = {one.key for one in told if one.revoked}
    symptoms = Counter((one.citizen, one.origin.code, one.started_on) for one in told if one.key not in revoked)
    assert Counter(_live_symptoms()) == symptoms
    days: dict[tuple[str, str], list[CheckIn]] = {}
    for one in expected:
        days.setdefault((one.citizen, one.provider), []).append(one)
    wanted = {holder: healthy_days(said, now + timedelta(days=30), SHANGHAI) for holder, said in days.items()}
    assert _stored_days() == {holder: found for holder, found in wanted.items() if found}


def _draw_check_in(draw: random.Random, entry_id: str, now: datetime) -> Line:
    day = (now - timedelta(days=draw.randint(0, 3))).astimezone(SHANGHAI).date()
    submitted = now - timedelta(hours=draw.randint(0, 90), minutes=draw.choice([0, 0, 1]))
    return check_in(
        entry_id=entry_id,
        id_number=draw.choice(PEOPLE),
        provider=draw.choice(PROVIDERS),
        day=day.isoformat(),
        healthy=draw.random() < 0.6,
        submitted_at=draw.choice([submitted.isoformat(), submitted.isoformat(), ...]),
    )


def _checked_in(line: Line, received_at: datetime) -> CheckIn:
    submitted_at = line.get("submitted_at")
    return CheckIn(
        citizen=line["id_number"],
        provider=line["provider"],
        day=date.fromisoformat(line["day"]),
        healthy=line["healthy"],
        received_at=received_at,
        submitted_at=datetime.fromisoformat(submitted_at) if submitted_at else None,
        entry_id=line["entry_id"],
    )


def _live_symptoms() -> Iterable[tuple[str, str, date]]:
    numbers = _numbers()
    live = Fact.objects.filter(kind="symptom", superseded=False, revoked=False).select_related("provider")
    for fact in live:
        yield numbers[fact.citizen_id], fact.provider.code if fact.provider else "", fact.started_on


def _stored_days() -> dict[tuple[str, str], frozenset[date]]:
    """Citizen's number and provider → the days that count."""
    numbers, found = _numbers(), {}
    days = "SELECT lower(span), upper(span) FROM codes_checkindays, unnest(days) AS span WHERE id = %s"
    for row in CheckInDays.objects.select_related("provider"):
        with connection.cursor() as cursor:
            cursor.execute(days, [row.pk])
            spans = cursor.fetchall()
        held = {first + timedelta(days=n) for first, end in spans for n in range((end - first).days)}
        if held:
            found[numbers[row.citizen_id], row.provider.code] = frozenset(held)
    return found


def _draw(draw: random.Random, entry_id: str) -> Line:
    """In full, or some of the questions only; an answer may be none."""
    submitted_at = FIRST_DAY + timedelta(days=draw.randint(0, 3))
    stays = [{"area": draw.choice(["420100", "440000"]), "from": "2026-10-20", "left_on": None}]
    arrival = {"from_area": "440000", "on": "2026-10-30"}
    answers: dict[str, Any] = {
        "symptoms": draw.choice([[], ["fever"]]),
        "contact": draw.choice(["yes", "no", "unsure"]),
        "area_stays": draw.choice([[], stays]),
        "arrival": draw.choice([None, None, arrival]),
        "overseas_arrival_on": draw.choice([None, None, "2026-10-29"]),
    }
    if draw.random() < 0.5:
        answers |= {question: ... for question in answers if draw.random() < 0.5}
    return declaration(
        entry_id=entry_id,
        id_number=draw.choice(PEOPLE),
        provider=draw.choice(PROVIDERS),
        submitted_at=submitted_at.isoformat(),
        **answers,
    )


def _understood(line: Line, received_at: datetime) -> Declaration:
    arrival, overseas = line.get("arrival"), line.get("overseas_arrival_on")
    return Declaration(
        citizen=line["id_number"],
        provider=line["provider"],
        entry_id=line["entry_id"],
        submitted_at=datetime.fromisoformat(line["submitted_at"]),
        received_at=received_at,
        symptoms=tuple(line.get("symptoms", ())),
        contact=line.get("contact", "no"),
        stays=tuple(Stay(stay["area"], date.fromisoformat(stay["from"])) for stay in line.get("area_stays", ())),
        arrived_on=date.fromisoformat(arrival["on"]) if arrival else None,
        overseas_arrival_on=date.fromisoformat(overseas) if overseas else None,
        answered=frozenset(question for question in QUESTIONS if question in line),
    )


def _of_oracle(declarations: Iterable[Declaration]) -> Iterable[Told]:
    facts = facts_of_declarations(declarations, SHANGHAI)
    last = Counter[tuple[Any, str]]()
    for fact in facts:
        # A record has one version, and another that revokes it: the later by either order.
        last[fact.origin, fact.record_id] = max(last[fact.origin, fact.record_id], fact.version)
    for fact in facts:
        yield (
            fact.citizen,
            fact.origin.code,
            fact.kind,
            fact.version,
            fact.revoked,
            fact.version < last[fact.origin, fact.record_id],
            fact.area,
            fact.started_on,
            fact.ended_on,
            fact.received_at,
        )


def _numbers() -> dict[int, str]:
    return {one.pk: decrypt_number(bytes(one.id_encrypted)) for one in Citizen.objects.all()}


def _stored() -> Counter[Told]:
    numbers = _numbers()
    return Counter(
        (
            numbers[fact.citizen_id],
            fact.provider.code if fact.provider else "",
            fact.kind,
            fact.version,
            fact.revoked,
            fact.superseded,
            # The oracle keeps no place with an arrival: no rule asks for it.
            None if fact.kind == "arrival" else fact.area,
            fact.started_on,
            fact.ended_on,
            fact.received_at,
        )
        for fact in Fact.objects.select_related("provider")
    )
