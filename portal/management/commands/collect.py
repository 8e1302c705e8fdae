"""``manage.py collect --city S [--source C] [--full]``: collect now, in this process."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.intake.collecting import collect_source
from portal.commands import CityCommand, CommandFailed
from regions.sources.batches import AlreadyCollecting
from regions.sources.models import Batch, Source


class Command(CityCommand):
    is_work = True
    help = (
        "Collects the city's sources now, one after another; one that fails keeps none of the others from being done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--source", metavar="CODE", help="only this source")
        parser.add_argument("--full", action="store_true", help="everything the source has, not only what is new")

    def handle_city(self, *, source: str | None, full: bool, by: str, **_: Any) -> None:
        every = list(Source.objects.current().order_by("code"))
        wanted = [one for one in every if source in (None, one.code)]
        if not wanted:
            known = ", ".join(one.code for one in every)
            raise CommandFailed(f"no source has the code {source!r}, or it is retired; there are: {known}", code=2)
        failed = [one.code for one in wanted if not self._collect(one, full=full, by=by)]
        if failed:
            raise CommandFailed(f"Not collected: {', '.join(failed)}.", code=3)

    def _collect(self, source: Source, *, full: bool, by: str) -> bool:
        try:
            batch = collect_source(source, now=timezone.now(), by=by, full=full)
        except AlreadyCollecting as refusal:
            self.stderr.write(f"{source.code}: {refusal}")
            return False
        if batch.state != Batch.State.ACCEPTED:
            release = f" It is batch {batch.pk}; use release_batch." if batch.state == Batch.State.HELD else ""
            self.stderr.write(f"{source.code}: {batch.state} ({batch.reason}): {batch.message}{release}")
            return False
        complete = batch.as_of.astimezone(self.city.zone).isoformat(timespec="seconds") if batch.as_of else None
        self.stdout.write(
            f"{source.code}: {batch.delivered} records: {batch.accepted} new, {batch.unchanged} known already, "
            f"{batch.quarantined} in quarantine; complete up to {complete}"
        )
        return True
