"""What people enter with a provider: registration, declarations, and check-ins with gaps and back-fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle import CheckIn, Declaration, Registration, Stay
from tests.worlds.calendar import NOW, TODAY, day, tick
from tests.worlds.dice import Dice
from tests.worlds.rules import draw_area


@dataclass(frozen=True)
class Entries:
    registrations: tuple[Registration, ...]
    declarations: tuple[Declaration, ...]
    check_ins: tuple[CheckIn, ...]


def draw_declaration(dice: Dice, citizen: str, provider: str, number: int) -> Declaration:
    submitted = NOW - dice.number(-2, NOW)
    stays = [(draw_area(dice), TODAY - dice.number(0, TODAY), dice.pick((None, 0, 5))) for _ in dice.up_to(2)]
    return Declaration(
        citizen=citizen,
        provider=provider,
        entry_id=f"{citizen}-{number}",
        submitted_at=tick(submitted),
        received_at=tick(submitted + dice.pick((0, 1, 9))),
        symptoms=dice.pick(((), ("fever",))),
        contact=dice.pick(("no", "yes", "unsure")),
        stays=tuple(Stay(area, day(n), None if lasted is None else day(n + lasted)) for area, n, lasted in stays),
        arrived_on=day(TODAY - dice.number(0, TODAY)) if dice.once_in(3) else None,
        overseas_arrival_on=day(TODAY - dice.number(0, TODAY)) if dice.once_in(5) else None,
    )


def draw_check_ins(dice: Dice, citizen: str, provider: str) -> Iterator[CheckIn]:
    """A few runs of healthy days, each received day by day or all at once, and some unhealthy days."""
    received: dict[tuple[int, bool], int] = {}
    for _ in dice.up_to(3):
        first = TODAY - dice.number(0, TODAY)
        last = min(first + dice.number(0, 15), TODAY + 1)
        backfilled = dice.pick((None, None, last * 3 + 2, NOW + 1))
        for number in range(first, last + 1):
            received.setdefault((number, True), number * 3 + 1 if backfilled is None else backfilled)
    for _ in dice.up_to(1):
        if dice.once_in(3):
            number = TODAY - dice.number(0, TODAY)
            received[number, False] = number * 3 + dice.pick((1, 2, 12))
    for (number, healthy), at in received.items():
        yield CheckIn(citizen, provider, day(number), healthy, tick(at))


def draw_entries(dice: Dice, citizens: tuple[str, ...], providers: tuple[str, ...]) -> Entries:
    """Nobody declares or checks in without having registered: the first declaration registers."""
    registrations: list[Registration] = []
    declarations: list[Declaration] = []
    check_ins: list[CheckIn] = []
    for citizen in citizens:
        for provider in providers:
            registered = dice.pick((0, 0, 0, 0, 0, NOW - 1, NOW + 2, None))
            if registered is None:
                continue
            made = [draw_declaration(dice, citizen, provider, n) for n in dice.up_to(2)] if dice.once_in(3) else []
            first = min([tick(registered), *(one.received_at for one in made)])
            registrations.append(Registration(citizen, provider, first))
            declarations += made
            check_ins += draw_check_ins(dice, citizen, provider)
    return Entries(tuple(registrations), tuple(declarations), tuple(check_ins))
