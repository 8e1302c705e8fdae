"""Filling a city with its people: what they declared and reported, and what its sources hold about them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from codes.intake.entries import take_lines
from codes.intake.results import Outcome
from portal.demo import sources
from portal.demo.entries import Sent, check_in_lines, declaration_lines, displayed_line
from portal.demo.incidents import WrongBatch
from portal.demo.life import CHECK_IN_DAYS, Life
from portal.demo.mass_changes import Crowds
from portal.demo.passed_on import PassedOn
from portal.demo.people import Person, Population
from portal.demo.records import records_in
from portal.demo.stage import Stage
from portal.demo.stories import Fate
from regions.tenancy import in_city

BY = "operator:demo"
Progress = Callable[[int], object]


@dataclass
class Later:
    """The lines that a city's providers send on the days after ``after``, in files until each day comes."""

    after: date
    count: int = 0
    _files: dict[date, IO[bytes]] = field(default_factory=dict)

    def keep(self, sent: Sent, day: date) -> bool:
        """Store a line of a later day. Return whether it was stored."""
        if day <= self.after:
            return False
        if day not in self._files:
            self._files[day] = TemporaryFile()  # noqa: SIM115 - closed with its day
        self._files[day].write(sent.line + b"\n")
        self.count += 1
        return True

    def of(self, day: date) -> Iterator[bytes]:
        """Yield the lines of a day, once."""
        if file := self._files.pop(day, None):
            with file:
                file.seek(0)
                yield from file


@dataclass(frozen=True)
class Filled:
    """The number of lines that providers sent, and of records in each source."""

    entries: Counter[Outcome]
    records: dict[str, int]


def fill_city(
    stage: Stage,
    people: Population,
    *,
    until: date,
    now: datetime,
    folder: Path,
    progress: Progress,
    later: Later | None = None,
    crowds: Crowds | None = None,
    wrong_batch: WrongBatch | None = None,
    passed_on: PassedOn | None = None,
) -> Filled:
    """Fill sources and take lines up to a day, except those kept in ``later``.

    Repeating it doubles nothing: the same lines are duplicates, and the sources are filled from empty.
    """
    records: dict[str, int] = {}
    for source in stage.sources:
        sources.empty(stage, source, folder=folder)
        held = chain(
            records_in(source, _lives(stage, people)),
            crowds.before(source) if crowds else (),
            wrong_batch.records(source) if wrong_batch else (),
            passed_on.records(stage, source) if passed_on else (),
        )
        records[source] = sources.fill(stage, source, held, folder=folder)
    first = stage.day(CHECK_IN_DAYS + stage.days)
    lines = chain(
        _lines(stage, people, first=first, last=until, declare=True, progress=progress),
        passed_on.lines(stage) if passed_on else (),
    )
    due = (sent for sent in lines if later is None or not later.keep(sent, sent.at.astimezone(stage.zone).date()))
    return Filled(take(stage, (sent.line for sent in due), now=now), records)


def live_on(stage: Stage, people: Population, *, since: date, until: date, now: datetime) -> Counter[Outcome]:
    """Take the check-ins of the days after `since`."""
    first = since + timedelta(days=1)
    lines = _lines(stage, people, first=first, last=until, declare=False, progress=lambda _: None)
    return take(stage, (sent.line for sent in lines), now=now)


def display_wrongly(stage: Stage, people: Population, *, now: datetime) -> Counter[Outcome]:
    """Take what providers display to people whose story includes it, once the day's colours are known."""
    fate = Fate(stage)
    stories = ((number, fate.story_of(number)) for number in range(people.size))
    befallen = (people.person(number) for number, story in stories if story is not None and story.display)
    lines = (
        displayed_line(person, provider, value, at=now)
        for person in befallen
        for provider, value in fate.live(person).displayed.items()
    )
    return take(stage, lines, now=now)


def display_earlier(crowds: Crowds, *, now: datetime) -> Counter[Outcome]:
    """Take the display of the second delivery's case, which a provider still shows green although it should not."""
    return take(crowds.stage, crowds.displayed(at=now), now=now)


def _lives(stage: Stage, people: Population) -> Iterator[tuple[Person, Life]]:
    fate = Fate(stage)
    return ((person, fate.live(person)) for person in people)


def _lines(
    stage: Stage, people: Population, *, first: date, last: date, declare: bool, progress: Progress
) -> Iterator[Sent]:
    for person, life in _lives(stage, people):
        if declare:
            yield from declaration_lines(person, life)
        yield from check_in_lines(person, life, first=first, last=last)
        progress(1)


def take(stage: Stage, lines: Iterator[bytes], *, now: datetime) -> Counter[Outcome]:
    """Take lines sent now. Return the number of lines by outcome."""
    with in_city(stage.schema):
        return Counter(result.outcome for result in take_lines(lines, by=BY, now=now))
