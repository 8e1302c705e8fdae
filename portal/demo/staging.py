"""Setting the province up and keeping it up to date. Every act can be repeated after an interruption."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone
from tqdm import tqdm

from codes.intake.results import Outcome
from portal.commands import NOBODY
from portal.demo import sources
from portal.demo.accounts import Secrets, demo_accounts, operator_accounts
from portal.demo.filling import BY, Filled, Later, display_earlier, display_wrongly, fill_city, live_on, take
from portal.demo.incidents import WrongBatch
from portal.demo.mass_changes import Crowds, crowds_of
from portal.demo.passed_on import PassedOn
from portal.demo.past import Past
from portal.demo.people import Population
from portal.demo.province import Province, files_for
from portal.demo.stage import Stage
from portal.embedded.state import State
from regions.city_file import CityFile
from regions.schemas import prepare_database
from regions.tenancy import as_owner

FOUNDED_AT, FILLED_AT = (20, 0), (20, 30)
WEEK = 7


@dataclass
class Staging:
    """The state of a demo. `say` prints a line; `folder` contains files and logs."""

    state: State
    province: Province
    cities: Sequence[CityFile]
    say: Callable[[str], object]
    filled: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, state: State, cities: Sequence[CityFile], *, people: int, days: int, say: Callable[[str], object]
    ) -> "Staging":
        """Return the existing province, or a new one with so many people and a past of so many days."""
        province = Province.load(state) or Province.found(people, cities, days=days, now=timezone.now())
        return cls(state, province.with_cities(cities), cities, say)

    @cached_property
    def folder(self) -> Path:
        folder = self.state.directory / "demo"
        folder.mkdir(exist_ok=True)
        return folder

    @cached_property
    def stages(self) -> list[Stage]:
        return [Stage(city, self.province.opened, self.province.days) for city in self.cities]

    @cached_property
    def crowds(self) -> Crowds | None:
        """The people of the mass changes."""
        return crowds_of(self.stages, self.people)

    @cached_property
    def wrong_batch(self) -> WrongBatch | None:
        """The people wrongly recorded as contacts in the past."""
        return WrongBatch.of(self.crowds, self.people)

    @cached_property
    def people(self) -> dict[str, Population]:
        return {stage.schema: self.province.population(stage) for stage in self.stages}

    @cached_property
    def passed_on(self) -> PassedOn | None:
        """The people who are red in one city by a record of another."""
        return PassedOn.of(self.stages, self.people)

    def deliver_mass_changes(self) -> str | None:
        """Deliver the mass changes in a new city. Return the city, or None if there are none."""
        crowds = self.crowds
        if crowds is None or crowds.stage.schema not in self.filled:
            return None
        crowds.deliver(now=timezone.now(), folder=self.folder)
        return crowds.stage.schema

    def display_wrongly(self) -> int:
        """Take what the providers of new cities display, as the stories and the mass changes have it.

        Return the number of people with a wrong colour.
        """
        new = [stage for stage in self.stages if stage.schema in self.filled]
        taken = [display_wrongly(stage, self.province.population(stage), now=timezone.now()) for stage in new]
        if self.crowds and self.crowds.stage in new:
            taken.append(display_earlier(self.crowds, now=timezone.now()))
        return sum(outcomes[Outcome.ACCEPTED] for outcomes in taken)

    @property
    def schemas(self) -> list[str]:
        return [stage.schema for stage in self.stages]

    @cached_property
    def secrets(self) -> Secrets:
        """The credentials of this demo's accounts, until it is started again."""
        return Secrets.fresh()

    def open_cities(self) -> None:
        """Create the database, the sources, the cities and their staff. Raises ChildDown, and CommandError for a bad file."""
        with as_owner():
            prepare_database()
        base_url = sources.set_up(self.cities, state=self.state, folder=self.folder)
        self.province.save(self.state)
        self.say(f"The big-data centre answers at {base_url}, the police databases in PostgreSQL.")
        for path, stage in zip(files_for(base_url, self.cities, self.folder), self.stages, strict=True):
            now = self._founding(stage)
            call_command("open_city", str(path), by=BY, now=now, stdout=(output := StringIO()))
            demo_accounts(stage.schema, self.secrets, now=now)
            # The missing administrators were created just before.
            self.say("\n".join(line for line in output.getvalue().strip().splitlines() if line != NOBODY))
        operator_accounts(self.secrets)

    def _founding(self, stage: Stage) -> datetime:
        """Return when a city opens: a new one in the evening before its first day; one with people, now."""
        if stage.days and stage.schema not in self.province.lived:
            return stage.at(stage.days + 1, *FOUNDED_AT)
        return timezone.now()

    def live_the_past(self) -> None:
        """Fill cities without people, and simulate the days before today, one after another."""
        later = {}
        for stage in self.stages:
            lived = self.province.lived.get(stage.schema)
            if stage.days and (lived is None or lived < stage.day(1)):
                later[stage.schema] = Later(lived or stage.day(stage.days + 1))
                self._fill(stage, now=stage.at(stage.days + 1, *FILLED_AT), later=later[stage.schema])
        if not later:
            return
        self.say("The past is lived day by day: collect, judge, settle, decide.")
        gc.freeze()  # loaded objects stay, so garbage collections over two hundred days need not examine them
        past = Past(later, self.stages, self.people, self.passed_on, self.wrong_batch, self.folder)
        for stage, ago in past.live():
            self._note(stage, stage.day(ago))
            if ago % WEEK == 1 and stage.schema == next(reversed(later)):
                self.say(f"  … up to {stage.day(ago)}")
        for stage in self.stages:
            if stage.schema in later:
                take(stage, later[stage.schema].of(stage.today), now=timezone.now())
                self._note(stage, stage.today)

    def bring_up_to_date(self) -> None:
        """Fill cities without people, take the check-ins since in others, and advance the sources' clocks."""
        for stage in self.stages:
            now = timezone.now()
            today = now.astimezone(stage.zone).date()
            lived = self.province.lived.get(stage.schema)
            if lived is None:
                self._fill(stage, now=now)
            elif lived < today:
                taken = live_on(stage, self.province.population(stage), since=lived, until=today, now=now)
                self.say(f"{stage.title}: {taken[Outcome.ACCEPTED]:,} check-ins since {lived}.")
            self._note(stage, today)
            for source in stage.sources:
                sources.move_clock(stage, source, now=timezone.now(), folder=self.folder)

    def _note(self, stage: Stage, until: date) -> None:
        """Store that a city's events are complete up to this day, for a demo that continues from there."""
        self.province = self.province.having_lived(stage.schema, until)
        self.province.save(self.state)

    def _fill(self, stage: Stage, *, now: datetime, later: Later | None = None) -> None:
        people = self.people[stage.schema]
        today = timezone.localdate(timezone=stage.zone)
        with tqdm(total=people.size, desc=stage.title, unit=" people", leave=False, disable=None) as bar:
            crowds = self.crowds if self.crowds and self.crowds.stage == stage else None
            filled = fill_city(
                stage,
                people,
                until=today,
                now=now,
                folder=self.folder,
                progress=bar.update,
                later=later,
                crowds=crowds,
                wrong_batch=self.wrong_batch if crowds else None,
                passed_on=self.passed_on,
            )
        self.filled.add(stage.schema)
        self.say(_told(stage, people.size, filled, later.count if later else 0))


def _told(stage: Stage, people: int, filled: Filled, later: int) -> str:
    titles = {source.code: source.title.zh for source in stage.city.sources}
    records = ", ".join(f"{count:,} records in {titles[code]}" for code, count in filled.records.items())
    refused = filled.entries[Outcome.REFUSED]
    summary = f"{stage.title}: {people:,} people, {filled.entries[Outcome.ACCEPTED] + later:,} declarations and check-ins, {records}"
    return f"{summary}; {refused:,} lines were refused" if refused else f"{summary}."
