"""``manage.py release_batch``: accept a held delivery, which takes two people, or discard it."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.intake.collecting import discard, release
from portal.commands import CityCommand, CommandFailed
from regions.refusals import MovedMeanwhile, Refused
from regions.sources.models import Batch


class Command(CityCommand):
    is_work = True
    help = (
        "Releases a delivery held because it is empty or shrank: with --accept a source manager asks and then an approver "
        "decides; with --discard one of them gives it up."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--batch", type=int, required=True)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--accept", action="store_true", help="ask for its release, or decide it as the second person"
        )
        what.add_argument("--discard", action="store_true", help="give the delivery up; nothing of it is taken")

    def handle_city(self, *, batch: int, accept: bool, by: str, **_: Any) -> None:
        verb = release if accept else discard
        try:
            done = verb(batch, by=by, now=timezone.now())
        except MovedMeanwhile as refusal:
            waiting = ", ".join(str(one.pk) for one in Batch.objects.filter(state=Batch.State.HELD).order_by("pk"))
            message = f"batch {batch} does not wait for a release; there wait: {waiting or 'none'}"
            raise CommandFailed(message, code=2) from refusal
        except Refused as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal
        waits = "; an approver who is not the same person decides" if done.state == Batch.State.HELD else ""
        why = f": {done.message}" if done.state == Batch.State.REFUSED else ""
        self.stdout.write(f"Batch {done.pk} of {done.source.code} is {done.state}{waits}{why}")
