"""Setting the province up and keeping it up to date: every act can be repeated where an earlier demo broke off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
from portal.demo.filling import BY, Filled, display_earlier, display_wrongly, fill_city, live_on
from portal.demo.mass_changes import Crowds, crowds_of
from portal.demo.passed_on import PassedOn
from portal.demo.province import Province, files_for
from portal.demo.stage import Stage
from portal.embedded.state import State
from regions.city_file import CityFile
from regions.schemas import prepare_database
from regions.tenancy import as_owner


@dataclass
class Staging:
    """`say` prints a line. Files and logs of the demo are in `folder`."""

    state: State
    province: Province
    cities: Sequence[CityFile]
    say: Callable[[str], object]
    filled: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, state: State, cities: Sequence[CityFile], *, people: int, say: Callable[[str], object]) -> "Staging":
        """The province that is there, else a new one of so many people."""
        province = Province.load(state) or Province.found(people, cities, now=timezone.now())
        return cls(state, province.with_cities(cities), cities, say)

    @cached_property
    def folder(self) -> Path:
        folder = self.state.directory / "demo"
        folder.mkdir(exist_ok=True)
        return folder

    @cached_property
    def stages(self) -> list[Stage]:
        return [Stage(city, self.province.opened) for city in self.cities]

    @cached_property
    def crowds(self) -> Crowds | None:
        """Whom the mass changes are about."""
        return crowds_of(self.stages, {stage.schema: self.province.population(stage) for stage in self.stages})

    @cached_property
    def passed_on(self) -> PassedOn | None:
        """Who is red in one city by a record of another."""
        return PassedOn.of(self.stages, {stage.schema: self.province.population(stage) for stage in self.stages})

    def deliver_mass_changes(self) -> str | None:
        """Let the source of a city that is new deliver them; the city, or none where there are none to show."""
        crowds = self.crowds
        if crowds is None or crowds.stage.schema not in self.filled:
            return None
        crowds.deliver(now=timezone.now(), folder=self.folder)
        return crowds.stage.schema

    def display_wrongly(self) -> int:
        """Let the providers of new cities report what they display, as the stories and the mass changes have it.

        The number of people with a wrong colour.
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
        """What the accounts of this demo are signed in with, until it is started again."""
        return Secrets.fresh()

    def open_cities(self) -> None:
        """The database, the sources, the cities and their staff. Raises ChildDown, and CommandError for a bad file."""
        with as_owner():
            prepare_database()
        base_url = sources.set_up(self.cities, state=self.state, folder=self.folder)
        self.province.save(self.state)
        self.say(f"The big-data centre answers at {base_url}, the police databases in PostgreSQL.")
        for path, stage in zip(files_for(base_url, self.cities, self.folder), self.stages, strict=True):
            call_command("open_city", str(path), by=BY, stdout=(told := StringIO()))
            demo_accounts(stage.schema, self.secrets)
            # Whom it misses have just been made.
            self.say("\n".join(line for line in told.getvalue().strip().splitlines() if line != NOBODY))
        operator_accounts(self.secrets)

    def bring_up_to_date(self) -> None:
        """People where there are none yet, the check-ins of the days since where there are; then the sources' clocks."""
        for stage in self.stages:
            now = timezone.now()
            today = now.astimezone(stage.zone).date()
            lived = self.province.lived.get(stage.schema)
            if lived is None:
                self._fill(stage)
            elif lived < today:
                taken = live_on(stage, self.province.population(stage), since=lived, until=today, now=now)
                self.say(f"{stage.title}: {taken[Outcome.ACCEPTED]:,} check-ins since {lived}.")
            self.province = self.province.having_lived(stage.schema, today)
            self.province.save(self.state)
            for source in stage.sources:
                sources.move_clock(stage, source, now=timezone.now(), folder=self.folder)

    def _fill(self, stage: Stage) -> None:
        people = self.province.population(stage)
        today = timezone.localdate(timezone=stage.zone)
        with tqdm(total=people.size, desc=stage.title, unit=" people", leave=False, disable=None) as bar:
            crowds = self.crowds if self.crowds and self.crowds.stage == stage else None
            filled = fill_city(
                stage,
                people,
                until=today,
                now=timezone.now(),
                folder=self.folder,
                progress=bar.update,
                crowds=crowds,
                passed_on=self.passed_on,
            )
        self.filled.add(stage.schema)
        self.say(_told(stage, people.size, filled))


def _told(stage: Stage, people: int, filled: Filled) -> str:
    titles = {source.code: source.title.zh for source in stage.city.sources}
    records = ", ".join(f"{count:,} records in {titles[code]}" for code, count in filled.records.items())
    refused = filled.entries[Outcome.REFUSED]
    told = (
        f"{stage.title}: {people:,} people, {filled.entries[Outcome.ACCEPTED]:,} declarations and check-ins, {records}"
    )
    return f"{told}; {refused:,} lines were refused" if refused else f"{told}."
