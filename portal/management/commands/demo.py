"""``manage.py demo``: run a synthetic province with its sources and its day, until Ctrl+C."""

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import close_old_connections
from django.utils import timezone

from codes.models import Run
from portal.commands import CommandFailed, PortalCommand
from portal.demo.accounts import OPERATORS, SECOND
from portal.demo.children import Child, ChildDown, choose_port, ensure_beat, ensure_worker, start_web
from portal.demo.day import run_day
from portal.demo.examples import examples, first_to_look_at
from portal.demo.province import CITY_FILES, city_files
from portal.demo.staging import Staging
from portal.demo.summary import as_text, look_at
from portal.embedded.processes import remember_process
from portal.embedded.state import open_state
from regions.faults import FileFaults
from regions.staff.roles import Role

DEFAULT_PEOPLE = 20_000
FEWEST_PEOPLE, MOST_PEOPLE = 100, 10_000_000
DEFAULT_DAYS, MOST_DAYS = 30, 90
KEEP_UP_SECONDS = 60
NEXT = """
Where to look next:
  ./run manage export disagreements --city {city} --format xlsx --output disagreements.xlsx
      who differs, why, and the root cause; `codes`, `cases`, `sources` and `journal` are reports, too
  ./run manage explain --city {city} --citizen REF    why one person's codes are what they are; REF as named above
  ./run manage replay --city {city} --day {day}    the day computed again from its frozen inputs
  ./run manage recompute --city {city}    the same day once more: nothing to change
  ./run manage verify_journal --city {city}    check the chain of the journal
Logs of the worker and the big-data centre: {folder}"""
HOW_TO_SIGN_IN = """\
  Operator of the province  http://localhost:{port}/

As a citizen: …/sign-in/ with the number of anybody named above; the code sent to their phone is on …/demo/mail-box/,
  as are the links to enrol that staff get by mail
As staff of any city: …/staff/ as {roles}
As the operator: {operators}
  password of all of them         {password}
  one-time codes                  {codes}
      as a key for an authenticator app; without one, ./run manage demo_code prints the present code
Both are new each time the demo starts."""
OPEN_FIRST = """
Open first:
  1. http://{host}:{port}/sign-in/ as {name}, number {number}: one code, two colours, and why.
     The code sent is on http://{host}:{port}/demo/mail-box/
  2. http://{host}:{port}/staff/ as reviewer, and there case {case}: the two providers side by side, and a decision.
  3. http://localhost:{port}/ as operator: all cities beside each other."""


class Command(PortalCommand):
    help = "Builds a province of made-up people with stand-in sources, runs its day, and keeps it going until Ctrl+C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, metavar="N", help=f"of a new province; default {DEFAULT_PEOPLE:,}")
        parser.add_argument(
            "--days", type=int, metavar="N", help=f"of the past of a new one; default {DEFAULT_DAYS}; 0: none"
        )
        parser.add_argument("--cities", type=Path, default=CITY_FILES, metavar="FOLDER", help="default: cities/")
        parser.add_argument("--exit", action="store_true", help="end when the day has been run")

    def handle(
        self,
        *,
        people: int | None,
        days: int | None,
        cities: Path,
        exit: bool,  # noqa: A002 - the option
        **_: Any,
    ) -> None:
        if not settings.DEBUG:
            raise CommandFailed("Made-up people do not belong where DEBUG is off.", code=2)
        if people is not None and not FEWEST_PEOPLE <= people <= MOST_PEOPLE:
            raise CommandFailed(f"--people takes {FEWEST_PEOPLE:,} to {MOST_PEOPLE:,}.", code=2)
        if days is not None and not 0 <= days <= MOST_DAYS:
            raise CommandFailed(f"--days takes 0 to {MOST_DAYS}.", code=2)
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            self._show(people, days, cities, stay=not exit)
        except KeyboardInterrupt:
            self.stdout.write("")
        except (ChildDown, FileFaults) as error:
            raise CommandFailed(str(error), code=1) from error
        self._say(
            "The demo has ended. PostgreSQL, the broker and the big-data centre stay up for other commands until ./run stop; "
            "./run demo goes on from here."
        )

    def _show(self, people: int | None, days: int | None, cities: Path, *, stay: bool) -> None:
        began = time.monotonic()
        files = city_files(cities)
        if not files:
            raise CommandFailed(f"{cities} holds no city files.", code=2)
        port = choose_port()
        staging = Staging.of(
            open_state(),
            files,
            people=people or DEFAULT_PEOPLE,
            days=DEFAULT_DAYS if days is None else days,
            say=self._say,
        )
        province = staging.province
        if people not in (None, province.people) or days not in (None, province.days):
            self._say(
                f"A province is there already (--people {province.people} --days {province.days}). For a new one: ./run stop, "
                f"then remove {staging.state.directory}."
            )
        staging.open_cities()
        staging.live_the_past()
        staging.bring_up_to_date()
        with ExitStack() as children:
            children.callback((worker := ensure_worker(staging.folder)).stop)
            runs = self._run(staging, worker)
            self._say(f"\n{as_text(look_at(schema, run) for schema, run in runs.items())}")
            first = staging.stages[0]
            self._say(f"\n{examples(first, staging.province.population(first), runs[first.schema])}")
            self._mass_changes(staging, worker)
            self._displays(staging)
            self._say(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")
            self._say(
                NEXT.format(city=first.schema, day=timezone.localdate(timezone=first.zone), folder=staging.folder)
            )
            if stay:
                children.callback((beat := ensure_beat(staging.folder)).stop)
                children.callback((web := start_web(staging.folder, port)).stop)
                self._say(f"\nThe pages:\n{_addresses(staging, port)}")
                self._corrections(staging)
                self._say(_open_first(staging, port))
                self._keep_up(staging, worker, beat, web)

    def _run(self, staging: Staging, worker: Child) -> dict[str, int]:
        titles = {stage.schema: stage.title for stage in staging.stages}
        self._say("The day runs through Celery: collect, judge, settle.")

        def ended(schema: str, run: Run) -> None:
            self._say(f"{titles[schema]}: {run.state}. {run.message}".rstrip())

        return run_day(staging.schemas, worker=worker, ended=ended)

    def _mass_changes(self, staging: Staging, worker: Child) -> None:
        """Deliver a second time in one new city, so that most changes are held for two people."""
        schema = staging.deliver_mass_changes()
        if schema is None:
            return
        stage = next(one for one in staging.stages if one.schema == schema)
        self._say(
            f"\n{stage.title}: another delivery takes a whole flight back, names contacts who are none, and one confirmed case."
        )
        run_day([schema], worker=worker, ended=lambda _, run: self._say(f"{stage.title}: {run.state}. {run.message}"))
        self._say("Both wait for two people at …/staff/held-groups/; the case has gone through.")

    def _displays(self, staging: Staging) -> None:
        """Compare what providers of new cities display with what they should display."""
        if people := staging.display_wrongly():
            self._say(
                f"\nPeople who are displayed another colour than they should be: {people} – an earlier one, one by a wrong map, or a "
                "value that nobody knows. The causes stand at …/staff/displays/."
            )

    def _corrections(self, staging: Staging) -> None:
        """Ask for corrections between two cities. They call each other's addresses, so the web server must run."""
        passed_on = staging.passed_on
        if passed_on is None or not passed_on.ask(now=timezone.now()):
            return
        owner, here = passed_on.owner.title, passed_on.here.title
        if passed_on.decide():
            self._say(
                f"\n{here} has asked {owner} to put two records right; of one, two officials of {owner} found that it is wrong, and "
                "it is cleared in both. The other waits for them: …/staff/corrections/ in either city."
            )
        else:
            self._say(f"\n{here} asks {owner} to put two records right, and has no answer yet: …/staff/corrections/.")

    def _keep_up(self, staging: Staging, *children: Child) -> None:
        """Advance the sources' clocks and, past midnight, take check-ins; beat starts the runs.

        `./run stop` ends this, too.
        """
        remember_process("demo", os.getpid())
        self._say("\nThe province lives on; the cities run again between 4 and 6 in the morning. Ctrl+C ends the demo.")
        while True:
            time.sleep(KEEP_UP_SECONDS)
            for child in children:
                child.check()
            close_old_connections()  # the database may have been restarted meanwhile
            staging.bring_up_to_date()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _addresses(staging: Staging, port: str) -> str:
    lines = [f"  {stage.title}  http://{stage.city.city.host}:{port}/" for stage in staging.stages]
    how = HOW_TO_SIGN_IN.format(
        port=port,
        roles=", ".join([*Role, *SECOND]),
        operators=", ".join(OPERATORS),
        password=staging.secrets.password,
        codes=staging.secrets.one_time_codes,
    )
    return "\n".join([*lines, how])


def _open_first(staging: Staging, port: str) -> str:
    """Return three lines on what to open first; empty if nobody's codes differ any more."""
    first = staging.stages[0]
    found = first_to_look_at(first, staging.province.population(first))
    if found is None:
        return ""
    person, case = found
    where = {"host": first.city.city.host, "port": port}
    return OPEN_FIRST.format(**where, name=person.full_name, number=person.id_number, case=case)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
