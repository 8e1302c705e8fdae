"""``manage.py recompute``: do the daily job of one city now."""

import time
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from tqdm import tqdm

from codes.models import Partition, Run
from codes.runs.ledger import RunRefusal, start_run
from codes.runs.steps import run_here
from codes.tasks import enqueue_run
from portal.commands import CityCommand, CommandFailed, day_argument, instant_argument
from portal.settings import ENVIRONMENT
from portal.workers import ensure_worker
from regions.refusals import Refused

POLL_SECONDS = 0.2
ENQUEUE_AGAIN_SECONDS = 5
PATIENCE_SECONDS = 60


class Command(CityCommand):
    is_work = True
    help = "Recomputes a city's codes for a day, through Celery with a progress bar, or with --here in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=day_argument, help="default: the day of --as-of in the city's time zone")
        parser.add_argument("--as-of", type=instant_argument, help="the instant whose knowledge counts; default: now")
        parser.add_argument(
            "--as-history",
            action="store_true",
            help="for a day before the newest settled one: keep its verdicts for that day and change nothing that stands",
        )
        parser.add_argument("--no-collect", action="store_true", help="judge by what the city has; ask no source")
        parser.add_argument(
            "--everybody",
            action="store_true",
            help="judge everybody about whom anything is known, not only whose colour can have changed",
        )
        parser.add_argument("--here", action="store_true", help="in this process instead of through Celery")

    def handle_city(
        self,
        *,
        day: date | None,
        as_of: datetime | None,
        no_collect: bool,
        as_history: bool,
        everybody: bool,
        here: bool,
        **options: Any,
    ) -> None:
        by, now = options["by"], timezone.now()
        try:
            run, opened = start_run(
                by=by,
                now=now,
                day=day,
                as_of=as_of,
                collects=not no_collect,
                history=as_history,
                everybody=everybody,
            )
        except Refused as refused:
            asked = refused.reason in (RunRefusal.LATER_DAY_SETTLED, RunRefusal.LATER_INSTANT_SETTLED)
            raise CommandFailed(f"{refused}{' Ask for it with --as-history.' if asked else ''}", code=2) from refused
        if not opened:
            self.stderr.write(f"The run {run} is still open; following it.")
        with tqdm(desc=f"{self.city.schema_name} {run.day}", unit=" partitions", disable=None) as bar:
            ended = self._here(run, bar) if here else self._through_celery(run, bar)
        self._report(ended)

    def _here(self, run: Run, bar: "tqdm[Any]") -> Run:
        return run_here(run.pk, clock=timezone.now, progress=lambda now: show(now, bar))

    def _through_celery(self, run: Run, bar: "tqdm[Any]") -> Run:
        log = ENVIRONMENT.state / "worker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with ensure_worker(log=log) as own:
            if own:
                bar.write("No worker answered; one was started for this command.")
            enqueue_run(self.city.schema_name, run.pk)
            return follow(run, bar, schema=self.city.schema_name)

    def _report(self, run: Run) -> None:
        for frozen in run.providers.select_related("provider").order_by("provider__code"):
            counts = f"{frozen.red} red, {frozen.yellow} yellow, {frozen.green} green"
            if not frozen.known:
                counts = f"{frozen.registered} unknown ({frozen.why_unknown})"
            self.stdout.write(f"{frozen.provider.code}: {counts}")
        changed = sum(partition.counts.get("changed", 0) for partition in run.partitions.all())
        if run.state == Run.State.KEPT:
            self.stdout.write(
                f"{changed} verdicts are red or yellow, {run.counts['kept_disagreements']} disagreements; "
                "kept as history: nothing that stands has changed"
            )
        else:
            self.stdout.write(
                f"{changed} verdicts changed, {run.counts.get('effective_changes', 0)} effective codes changed"
            )
        if "disagreements" in run.counts:
            cases = run.counts["cases"]
            self.stdout.write(
                f"{run.counts['disagreements']['standing']} disagreements; cases: {cases['opened']} opened, "
                f"{cases['relinked']} re-linked, {cases['converged']} converged"
            )
        if run.state not in (Run.State.DONE, Run.State.KEPT) or run.fault:
            raise CommandFailed(f"The run ended {run.state}: {run.message}", code=3)
        self.stdout.write(f"Run {run} is done.")


def follow(run: Run, bar: "tqdm[Any]", *, schema: str) -> Run:
    """Follow the run until it has ended. The state is read from PostgreSQL, also after its restart; a lost message is enqueued again."""
    enqueued_at = answered = time.monotonic()
    while True:
        try:
            run = Run.objects.get(pk=run.pk)
            show(run, bar)
        except (OperationalError, InterfaceError):
            if time.monotonic() - answered > PATIENCE_SECONDS:
                raise
            connection.close()
            time.sleep(POLL_SECONDS)
            continue
        answered = time.monotonic()
        if run.state not in Run.OPEN:
            return run
        if time.monotonic() - enqueued_at > ENQUEUE_AGAIN_SECONDS:
            enqueue_run(schema, run.pk)
            enqueued_at = time.monotonic()
        time.sleep(POLL_SECONDS)


def show(run: Run, bar: "tqdm[Any]") -> None:
    """Update the bar with the run's partitions and its present step."""
    ended = [Partition.State.DONE, Partition.State.PARKED]
    bar.total = run.partitions.count() or None
    bar.n = run.partitions.filter(state__in=ended).count()
    bar.set_postfix_str(run.state)
