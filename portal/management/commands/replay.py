"""``manage.py replay``: re-evaluate a past day from its run's frozen inputs."""

from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from codes.models import Citizen, Partition, Run
from codes.reports.replay import replay
from codes.reports.request import CannotExport
from codes.reports.rows import run_of, settled_runs
from portal.commands import CityCommand, CommandFailed, day_argument

MOST_TOLD = 100


class Command(CityCommand):
    help = (
        "Judges a past day again by its run's frozen inputs and compares with what was stored. Exit 6 if they differ."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=day_argument, required=True)
        parser.add_argument("--run", type=int, metavar="N", help="which run of the day; default: its last")
        parser.add_argument("--citizen", metavar="REF", help="one citizen's reference; default: everybody")

    def handle_city(self, *, day: date, run: int | None, citizen: str | None, **_: Any) -> None:
        try:
            last = settled_runs(first=day, last=day)[0]
        except CannotExport as error:
            raise CommandFailed(str(error), code=2) from error
        chosen = last if run is None else run_of(day, run)
        if chosen is None:
            raise CommandFailed(f"No run {run} has settled on {day}; the last was {last.sequence}.", code=2)
        who = Citizen.objects.by_ref(citizen).first() if citizen else None
        if citizen and who is None:
            raise CommandFailed(f"No citizen of this city has the reference {citizen}.", code=2)
        for one in (chosen, *chosen.amendments.order_by("pk")):
            self._replay(one, who)

    def _replay(self, run: Run, who: Citizen | None) -> None:
        self._say_inputs(run)
        done = replay(run, citizen_id=who.pk if who else None)
        for one in done.differences[:MOST_TOLD]:
            where = f"{one.citizen_ref} {one.provider}"
            self.stdout.write(f"{where}: {one.aspect}: stored {one.stored}, replayed {one.replayed}")
        if done.differences:
            differing = {(one.citizen_ref, one.provider) for one in done.differences}
            raise CommandFailed(
                f"{len(differing)} of {done.verdicts} verdicts of run {run} do not come out again.", code=6
            )
        self.stdout.write(
            f"All {done.verdicts} verdicts of run {run} come out again: the same inputs, the same colours."
        )

    def _say_inputs(self, run: Run) -> None:
        zone = self.city.zone
        self.stdout.write(f"Run {run}, by what was received until {run.as_of.astimezone(zone).isoformat()}:")
        for frozen in run.providers.select_related("provider", "version__rule_set").order_by("provider__code"):
            horizon = frozen.horizon.astimezone(zone).isoformat() if frozen.horizon else "never"
            inputs = f"version {frozen.version}, source complete until {horizon}"
            left_out = "" if frozen.known else f"; left out, as it could not judge ({frozen.why_unknown})"
            self.stdout.write(f"  {frozen.provider.code}: {inputs}{left_out}")
        if parked := run.partitions.filter(state=Partition.State.PARKED).count():
            self.stdout.write(f"  {parked} ranges of citizens were parked and are left out.")
