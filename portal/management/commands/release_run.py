"""``manage.py release_run``: two people let a held run settle, or one refuses it."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.models import Run
from codes.runs.settle import refuse, release
from codes.tasks import enqueue_run
from portal.commands import CityCommand, CommandFailed
from regions.refusals import Refused


class Command(CityCommand):
    help = "Releases a run held for a mass flip: call it once as the one who asks and once as the one who decides."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--run", type=int, required=True)
        parser.add_argument("--refuse", metavar="REASON", help="give the run up instead")

    def handle_city(self, *, run: int, refuse: str | None, by: str, **_: Any) -> None:
        try:
            done = self._decide(run, refuse, by)
        except Refused as refused:
            raise CommandFailed(str(refused), code=2) from refused
        self.stdout.write(
            f"Run {done} is {done.state}{'; a second person decides' if done.state == Run.State.HELD else ''}."
        )

    def _decide(self, run: int, reason: str | None, by: str) -> Run:
        if reason is not None:
            return refuse(run, by=by, reason=reason, now=timezone.now())
        done = release(run, by=by, now=timezone.now())
        if done.state == Run.State.SETTLING:
            enqueue_run(self.city.schema_name, done.pk)
        return done
