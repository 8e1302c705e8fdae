"""Two mass changes, both held for two people: a delivery of wrong contacts, and one that revokes the records of a whole flight.

They follow the first run, in which the flight's passengers are arrivals from abroad, in the largest city whose providers share one
source and one rule set, so that each is one group. A confirmed case in the same delivery takes effect; a provider that keeps
colours goes on displaying it as green.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from portal.demo import sources
from portal.demo.entries import displayed_line
from portal.demo.life import Life
from portal.demo.people import Person, Population
from portal.demo.records import raw_record
from portal.demo.stage import PROMPT, Stage
from portal.demo.stories import Fate
from regions.vocabulary import DisplayedColour, FactKind


@dataclass(frozen=True)
class Crowds:
    """The flight's passengers, the wrong contacts, and one person who is ill, none of whom has a story."""

    stage: Stage
    flight: Sequence[Person]
    contacts: Sequence[Person]
    case: Person

    @classmethod
    def of(cls, stage: Stage, people: Population) -> "Crowds | None":
        """Return the people, or None if nothing would be held as one group or the city is too small."""
        if len(stage.sources) > 1 or len(stage.rule_sets) > 1:
            return None
        many = enough_to_be_held(stage, people)
        some = [people.person(number) for number in islice(free_numbers(stage, people), 2 * many + 1)]
        if len(some) <= 2 * many:
            return None
        return cls(stage, some[:many], some[many:-1], some[-1])

    def before(self, source: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records that the source has from the beginning: those of the flight."""
        for person in self.flight:
            life = Life(self.stage, person.dice)
            life.tell(FactKind.OVERSEAS_ARRIVAL, 3, only=source, recorded_at=self.stage.at(2, 3), flight="CA928")
            yield raw_record(person, life, life.records[0])

    def deliver(self, *, now: datetime, folder: Path) -> None:
        """Deliver the flight's revocations, the wrong contacts and one case, recorded since the source's last delivery."""
        (source,) = self.stage.sources
        at = now - PROMPT
        rows: list[Mapping[str, Any]] = [
            {**row, "recorded_at": at.isoformat(), "revoked": True} for row in self.before(source)
        ]
        records = [
            *((person, FactKind.CLOSE_CONTACT) for person in self.contacts),
            (self.case, FactKind.CONFIRMED_CASE),
        ]
        for person, kind in records:
            life = Life(self.stage, person.dice)
            life.tell(kind, 1, only=source, recorded_at=at)
            rows.append(raw_record(person, life, life.records[0]))
        sources.fill(self.stage, source, rows, folder=folder)
        sources.move_clock(self.stage, source, now=now, folder=folder)

    def displayed(self, *, at: datetime) -> Iterator[bytes]:
        """Yield what providers that must display each colour at once still display to the ill person: the previous colour."""
        for provider in self.stage.providers:
            values = {colour: value for value, colour in provider.display.items()}
            if DisplayedColour.GREEN in values and provider.display_delay_minutes == 0:
                yield displayed_line(self.case, provider.code, values[DisplayedColour.GREEN], at=at)


def enough_to_be_held(stage: Stage, people: Population) -> int:
    """Return how many people one cause must change so that it is held."""
    city = stage.city.city
    return max(city.mass_change_least, int(city.mass_change_share * people.size)) + 1


def free_numbers(stage: Stage, people: Population) -> Iterator[int]:
    """Yield the numbers of people without a story."""
    fate = Fate(stage)
    return (number for number in range(people.size) if fate.story_of(number) is None)


def crowds_of(stages: Sequence[Stage], people: Mapping[str, Population]) -> Crowds | None:
    """Return the people of the largest city in which mass changes can happen."""
    largest = sorted(stages, key=lambda stage: -people[stage.schema].size)
    found = (Crowds.of(stage, people[stage.schema]) for stage in largest)
    return next((crowds for crowds in found if crowds is not None), None)
