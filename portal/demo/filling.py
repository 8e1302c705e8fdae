"""Filling a city with its people: what they declared and reported, and what its sources hold about them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

from codes.intake.entries import take_lines
from codes.intake.results import Outcome
from portal.demo import sources
from portal.demo.entries import check_in_lines, declaration_lines, displayed_line
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


@dataclass(frozen=True)
class Filled:
    """How many lines providers sent, and how many records each source holds."""

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
    crowds: Crowds | None = None,
    passed_on: PassedOn | None = None,
) -> Filled:
    """Everything up to a day. Done again, the same lines are duplicates and the sources begin anew: nothing is doubled."""
    records: dict[str, int] = {}
    for source in stage.sources:
        sources.empty(stage, source, folder=folder)
        held = chain(
            records_in(source, _lives(stage, people)),
            crowds.before(source) if crowds else (),
            passed_on.records(stage, source) if passed_on else (),
        )
        records[source] = sources.fill(stage, source, held, folder=folder)
    first = stage.day(CHECK_IN_DAYS)
    lines = _lines(stage, people, first=first, last=until, declare=True, progress=progress)
    taken = _take(stage, chain(lines, passed_on.lines(stage) if passed_on else ()), now=now)
    return Filled(taken, records)


def live_on(stage: Stage, people: Population, *, since: date, until: date, now: datetime) -> Counter[Outcome]:
    """The check-ins of the days after `since`."""
    first = since + timedelta(days=1)
    lines = _lines(stage, people, first=first, last=until, declare=False, progress=lambda _: None)
    return _take(stage, lines, now=now)


def display_wrongly(stage: Stage, people: Population, *, now: datetime) -> Counter[Outcome]:
    """What providers display to whoever's story has it so, once the day's colours are known."""
    fate = Fate(stage)
    stories = ((number, fate.story_of(number)) for number in range(people.size))
    befallen = (people.person(number) for number, story in stories if story is not None and story.display)
    lines = (
        displayed_line(person, provider, value, at=now)
        for person in befallen
        for provider, value in fate.live(person).displayed.items()
    )
    return _take(stage, lines, now=now)


def display_earlier(crowds: Crowds, *, now: datetime) -> Counter[Outcome]:
    """The case of the second delivery is still shown green by a provider that keeps colours, and should not at all."""
    return _take(crowds.stage, crowds.displayed(at=now), now=now)


def _lives(stage: Stage, people: Population) -> Iterator[tuple[Person, Life]]:
    fate = Fate(stage)
    return ((person, fate.live(person)) for person in people)


def _lines(
    stage: Stage, people: Population, *, first: date, last: date, declare: bool, progress: Progress
) -> Iterator[bytes]:
    for person, life in _lives(stage, people):
        if declare:
            yield from declaration_lines(person, life)
        yield from check_in_lines(person, life, first=first, last=last)
        progress(1)


def _take(stage: Stage, lines: Iterator[bytes], *, now: datetime) -> Counter[Outcome]:
    with in_city(stage.schema):
        return Counter(result.outcome for result in take_lines(lines, by=BY, now=now))
