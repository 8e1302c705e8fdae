"""The people of the simulated city, their declarations and their check-ins: at once, late, or by a wrong clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from stdnum.cn.ric import calc_check_digit

from codes.intake.entries import take_lines
from tests.oracle import QUESTIONS, CheckIn, Declaration, Stay
from tests.simulation.known import PROVIDERS, Known
from tests.worlds import ZONE
from tests.worlds.dice import Dice
from tests.worlds.entries import in_part
from tests.worlds.rules import draw_area

Line = dict[str, Any]
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫", "伟芳娜敏静丽强磊军洋勇艳杰"
# A resident ID number identifies one person, whatever document type it is sent with (semantics §1).
ID_TYPES = ("10", "10", "10", "34", "99")


@dataclass(frozen=True)
class Person:
    key: str
    id_number: str
    id_type: str
    name: str


def draw_person(dice: Dice, number: int) -> Person:
    body = f"510104{dice.number(1950, 2005)}{dice.number(1, 12):02}{dice.number(1, 28):02}{number:03}"
    name = dice.pick(SURNAMES) + dice.pick(GIVEN) + dice.pick(("", dice.pick(GIVEN)))
    return Person(f"p{number:03}", body + calc_check_digit(body + "0"), dice.pick(ID_TYPES), name)


@dataclass
class Entries:
    """The entries that providers collect and send together. Lines sent again must be accepted once only."""

    dice: Dice
    known: Known
    number: int = 0
    parcels: dict[str, list[tuple[Line, Declaration | CheckIn]]] = field(default_factory=dict)

    def send(self, now: datetime) -> int:
        """Send all entries kept since the last call, some of them twice. Return the number of entries."""
        sent = 0
        for provider in sorted(self.parcels):
            parcel = self.parcels.pop(provider)
            lines = [line for line, _ in parcel]
            again = lines[: self.dice.number(0, 2)] if self.dice.once_in(4) else []
            raw = [json.dumps(line, ensure_ascii=False).encode() for line in (*lines, *again)]
            results = list(take_lines(raw, by=f"provider:{provider}", now=now, only_provider=provider))
            outcomes = [one.outcome.value for one in results]
            wanted = ["accepted"] * len(lines) + ["duplicate"] * len(again)
            assert outcomes == wanted, f"lines of {provider}: {list(zip(lines, results, strict=False))}"
            for _, told in parcel:
                self.known.take(replace(told, received_at=now))
            sent += len(parcel)
        return sent

    def register(self, person: Person, now: datetime) -> int:
        """Declare to most of the providers, to at least one; most declarations are plain. Return the number of declarations."""
        chosen = [one.code for one in PROVIDERS if not self.dice.once_in(4)] or ["alipay"]
        return sum(self.declare(person, code, now, plain=not self.dice.once_in(4)) for code in chosen)

    def declare(self, person: Person, provider: str, now: datetime, *, plain: bool = False) -> int:
        dice, today = self.dice, now.astimezone(ZONE).date()
        submitted = now - timedelta(minutes=dice.pick((0, 3, 90, 2000, -45)))
        stays = [(draw_area(dice), dice.number(0, 12), dice.pick((None, 0, 3, 8))) for _ in dice.up_to(2) if not plain]
        told = Declaration(
            citizen=person.key,
            provider=provider,
            entry_id=self._entry_id(),
            submitted_at=submitted,
            received_at=now,
            symptoms=() if plain else dice.pick(((), ("fever",), ("none",), ("other", "fatigue"))),
            contact="no" if plain else dice.pick(("no", "yes", "unsure")),
            stays=tuple(
                Stay(area, first, None if lasted is None else first + timedelta(days=lasted))
                for area, ago, lasted in stays
                for first in [today - timedelta(days=ago)]
            ),
            arrived_on=None if plain or not dice.once_in(3) else today - timedelta(days=dice.number(0, 9)),
            overseas_arrival_on=None if plain or not dice.once_in(5) else today - timedelta(days=dice.number(0, 9)),
        )
        if not plain and dice.once_in(2):
            told = in_part(told, frozenset(one for one in QUESTIONS if dice.once_in(2)))
        self._keep(_declaration_line(person, told), told)
        return 1

    def check_in(self, person: Person, provider: str, now: datetime, *, healthy: bool = True, ago: int = 0) -> int:
        """Keep a check-in for the day `ago` days before.

        `submitted_at` is now, noon of that day, missing, in the future or in the past.
        """
        dice, day = self.dice, now.astimezone(ZONE).date() - timedelta(days=ago)
        noon = datetime.combine(day, time(12), ZONE)
        submitted = dice.pick((now, now, noon, None, now + timedelta(minutes=50), now - timedelta(hours=30)))
        told = CheckIn(person.key, provider, day, healthy, now, submitted, self._entry_id())
        line: Line = {
            "type": "check_in",
            "provider": provider,
            "entry_id": told.entry_id,
            "id_type": person.id_type,
            "id_number": person.id_number,
            "day": day.isoformat(),
            "healthy": healthy,
        }
        if submitted is not None:
            line["submitted_at"] = submitted.isoformat()
        self._keep(line, told)
        return 1

    def _entry_id(self) -> str:
        """Return a new entry id. They ascend in the order received: of entries of one instant, the later one counts."""
        self.number += 1
        return f"e{self.number:06}"

    def _keep(self, line: Line, told: Declaration | CheckIn) -> None:
        self.parcels.setdefault(told.provider, []).append((line, told))


def _declaration_line(person: Person, told: Declaration) -> Line:
    answers: Line = {
        "symptoms": list(told.symptoms),
        "contact": told.contact,
        "area_stays": [
            {"area": one.area, "from": one.from_day.isoformat(), "left_on": one.left_on and one.left_on.isoformat()}
            for one in told.stays
        ],
        "arrival": told.arrived_on and {"from_area": "440000", "on": told.arrived_on.isoformat()},
        "overseas_arrival_on": told.overseas_arrival_on and told.overseas_arrival_on.isoformat(),
    }
    return {
        "type": "declaration",
        "provider": told.provider,
        "entry_id": told.entry_id,
        "id_type": person.id_type,
        "id_number": person.id_number,
        "full_name": person.name,
        "phone": "13800000000",
        "submitted_at": told.submitted_at.isoformat(),
        **{question: answer for question, answer in answers.items() if question in told.answered},
    }
