"""Running the day: a run in every city, enqueued through Celery and followed until it has ended."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils import timezone

from codes.models import Run
from codes.runs.ledger import start_run
from codes.tasks import enqueue_run
from portal.demo.children import Child
from portal.demo.filling import BY
from regions.tenancy import in_city

POLL_SECONDS = 0.2
ENQUEUE_AGAIN_SECONDS = 20


def run_day(schemas: Sequence[str], *, worker: Child, ended: Callable[[str, Run], Any]) -> dict[str, int]:
    """Start a run in each city and follow all of them. Return the run of each city. Raises ChildDown."""
    runs = {}
    for schema in schemas:
        with in_city(schema):
            runs[schema] = start_run(by=BY, now=timezone.now())[0].pk
        enqueue_run(schema, runs[schema])
    for schema, run in _follow(runs, worker):
        with in_city(schema):  # the message is worded from the city's tables
            ended(schema, run)
    return runs


def _follow(runs: dict[str, int], worker: Child) -> Iterator[tuple[str, Run]]:
    """Yield each run as it ends. The state is read from PostgreSQL; a lost message is enqueued again."""
    waiting = dict(runs)
    enqueued_at = time.monotonic()
    while waiting:
        worker.check()
        for schema, number in list(waiting.items()):
            with in_city(schema):
                run = Run.objects.get(pk=number)
            if run.state not in Run.OPEN:
                del waiting[schema]
                yield schema, run
        if time.monotonic() - enqueued_at > ENQUEUE_AGAIN_SECONDS:
            for schema, number in waiting.items():
                enqueue_run(schema, number)
            enqueued_at = time.monotonic()
        time.sleep(POLL_SECONDS)
