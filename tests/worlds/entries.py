"""Drawn entries of people with their providers: registrations, full and partial declarations, timely and late check-ins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.oracle import QUESTIONS, CheckIn, Declaration, Question, Registration, Stay
from tests.worlds.calendar import NOW, TODAY, day, tick
from tests.worlds.dice import Dice
from tests.worlds.rules import draw_area


@dataclass(frozen=True)
class Entries:
    registrations: tuple[Registration, ...]
    declarations: tuple[Declaration, ...]
    check_ins: tuple[CheckIn, ...]


def draw_declaration(dice: Dice, citizen: str, provider: str, number: int) -> Declaration:
    """Draw a full or partial declaration, received at once or much later, or submitted by a fast clock."""
    submitted = NOW - dice.number(-2, NOW)
    stays = [(draw_area(dice), TODAY - dice.number(0, TODAY), dice.pick((None, 0, 5, 25))) for _ in dice.up_to(2)]
    answers = Declaration(
        citizen=citizen,
        provider=provider,
        entry_id=f"{citizen}-{number}",
        submitted_at=tick(submitted),
        received_at=tick(submitted + dice.pick((0, 1, 9, -3, -30))),
        symptoms=dice.pick(((), ("fever",), ("none",))),
        contact=dice.pick(("no", "yes", "unsure")),
        stays=tuple(Stay(area, day(n), None if lasted is None else day(n + lasted)) for area, n, lasted in stays),
        arrived_on=day(TODAY - dice.number(0, TODAY)) if dice.once_in(3) else None,
        overseas_arrival_on=day(TODAY - dice.number(0, TODAY)) if dice.once_in(5) else None,
    )
    if not dice.once_in(2):
        return answers
    asked = frozenset(question for question in QUESTIONS if dice.once_in(2))
    return in_part(answers, asked)


def in_part(declaration: Declaration, asked: frozenset[Question]) -> Declaration:
    """Return the declaration with the answers to these questions only."""
    return replace(
        declaration,
        answered=asked,
        symptoms=declaration.symptoms if "symptoms" in asked else (),
        contact=declaration.contact if "contact" in asked else "no",
        stays=declaration.stays if "area_stays" in asked else (),
        arrived_on=declaration.arrived_on if "arrival" in asked else None,
        overseas_arrival_on=declaration.overseas_arrival_on if "overseas_arrival_on" in asked else None,
    )


def draw_check_ins(dice: Dice, citizen: str, provider: str) -> Iterator[CheckIn]:
    """Draw runs of healthy days, then single check-ins, some of which replace one of the same day and some of which do not."""
    told: list[tuple[int, bool, int | None, int]] = []
    for _ in dice.up_to(3):
        first = TODAY - dice.number(0, TODAY)
        told += draw_run(dice, first, min(first + dice.number(0, 15), TODAY + 1))
    for _ in dice.up_to(4):
        number, healthy = TODAY - dice.number(-1, TODAY), not dice.once_in(2)
        submitted = number * 3 + dice.pick((1, 2, 0, 3, 5, 6, 12, -1))
        received = submitted + dice.pick((0, 0, 1, 6, -2))
        told.append((number, healthy, dice.pick((submitted, submitted, None)), received))
    for place, (number, healthy, at, received) in enumerate(told):
        submitted_at = None if at is None else tick(at)
        yield CheckIn(citizen, provider, day(number), healthy, tick(received), submitted_at, f"{citizen}-{place:03}")


def draw_run(dice: Dice, first: int, last: int) -> Iterator[tuple[int, bool, int | None, int]]:
    """Draw a run of healthy check-ins, one for each day, all submitted and received in the same way.

    They are submitted on the day or the day after, kept by the provider and received later, submitted by a fast clock, or
    received together too late.
    """
    way = dice.pick(("daily", "daily", "sent later", "next day", "fast clock", "at once", "sent after the run"))
    for number in range(first, last + 1):
        noon = number * 3 + 1
        match way:
            case "daily":
                yield number, True, None, noon
            case "sent later":
                yield number, True, noon, last * 3 + 2
            case "next day":
                yield number, True, noon + 3, noon + 4
            case "fast clock":
                yield number, True, noon + 30, noon
            case "at once":
                yield number, True, None, last * 3 + 2
            case _:
                yield number, True, noon, max(noon, NOW + 1)


def draw_entries(dice: Dice, citizens: tuple[str, ...], providers: tuple[str, ...]) -> Entries:
    """Draw the entries of everybody. All who declare or check in are registered: the first declaration registers."""
    registrations: list[Registration] = []
    declarations: list[Declaration] = []
    check_ins: list[CheckIn] = []
    for citizen in citizens:
        for provider in providers:
            registered = dice.pick((0, 0, 0, 0, 0, NOW - 1, NOW + 2, None))
            if registered is None:
                continue
            made = [draw_declaration(dice, citizen, provider, n) for n in dice.up_to(3)] if dice.once_in(3) else []
            first = min([tick(registered), *(one.received_at for one in made)])
            registrations.append(Registration(citizen, provider, first))
            declarations += made
            check_ins += draw_check_ins(dice, citizen, provider)
    return Entries(tuple(registrations), tuple(declarations), tuple(check_ins))
