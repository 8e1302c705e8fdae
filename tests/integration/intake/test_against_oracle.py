"""Declarations in any order and any parcels: the city ends up with the facts the oracle says."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from codes.models import Citizen, Fact
from regions.keys.encryption import decrypt_number
from regions.models import City
from tests.integration.lines import ANNA, BERT, Line, declaration, take
from tests.oracle.entries import Declaration, Stay, facts_of_declarations

SHANGHAI = ZoneInfo("Asia/Shanghai")
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


def _draw(draw: random.Random, entry_id: str) -> Line:
    submitted_at = FIRST_DAY + timedelta(days=draw.randint(0, 3))
    stays = [{"area": draw.choice(["420100", "440000"]), "from": "2026-10-20", "left_on": None}]
    return declaration(
        entry_id=entry_id,
        id_number=draw.choice([ANNA, BERT]),
        provider=draw.choice(["alipay", "wechat"]),
        submitted_at=submitted_at.isoformat(),
        symptoms=draw.choice([[], ["fever"]]),
        contact=draw.choice(["yes", "no", "unsure"]),
        area_stays=draw.choice([[], stays]),
    )


def _understood(line: Line, received_at: datetime) -> Declaration:
    return Declaration(
        citizen=line["id_number"],
        provider=line["provider"],
        entry_id=line["entry_id"],
        submitted_at=datetime.fromisoformat(line["submitted_at"]),
        received_at=received_at,
        symptoms=tuple(line["symptoms"]),
        contact=line.get("contact", "no"),
        stays=tuple(Stay(stay["area"], date.fromisoformat(stay["from"])) for stay in line["area_stays"]),
    )


def _of_oracle(declarations: Iterable[Declaration]) -> Iterable[Told]:
    facts = facts_of_declarations(declarations, SHANGHAI)
    last = Counter[tuple[Any, str]]()
    for fact in facts:
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


def _stored() -> Counter[Told]:
    numbers = {one.pk: decrypt_number(bytes(one.id_encrypted)) for one in Citizen.objects.all()}
    return Counter(
        (
            numbers[fact.citizen_id],
            fact.provider.code if fact.provider else "",
            fact.kind,
            fact.version,
            fact.revoked,
            fact.superseded,
            fact.area,
            fact.started_on,
            fact.ended_on,
            fact.received_at,
        )
        for fact in Fact.objects.select_related("provider")
    )
