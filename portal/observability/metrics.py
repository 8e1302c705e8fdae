"""Metrics for Prometheus (docs/operations.md): each process of a machine counts, and the one that is asked adds them up.

Loaded by web servers and workers only, and only if ``METRICS_TOKEN`` or ``METRICS_NETWORKS`` allows somebody to read them.
"""

import os
import time
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from celery.signals import task_postrun, task_prerun, task_revoked
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.crypto import constant_time_compare
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    Summary,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from codes.runs.ledger import step_ended
from portal.observability import health
from portal.observability.city_metrics import CityCollector
from portal.observability.happened import mails_left, pass_checked, request_answered
from portal.observability.slots import Slots
from portal.web.host import client_address

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS_OF_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SECONDS_OF_TASKS = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


class Counts:
    """The metrics of this process; their values are kept in files, from which they are added up."""

    def __init__(self) -> None:
        def unregistered(kind: Any, name: str, text: str, labels: Sequence[str], **options: Any) -> Any:
            return kind(name, text, labels, registry=None, **options)

        self.requests = unregistered(
            Counter, "portal_requests", "Requests answered, probes left out", ["view", "method", "status"]
        )
        self.request_seconds = unregistered(
            Histogram, "portal_request_seconds", "Seconds to answer a request", ["view"], buckets=SECONDS_OF_REQUESTS
        )
        self.tasks = unregistered(Counter, "portal_tasks", "Tasks that have ended", ["task", "outcome"])
        self.task_seconds = unregistered(
            Histogram, "portal_task_seconds", "Seconds of a task", ["task"], buckets=SECONDS_OF_TASKS
        )
        self.step_seconds = unregistered(
            Summary, "portal_run_step_seconds", "Seconds of a step or a partition of a run", ["city", "step"]
        )
        self.scans = unregistered(Counter, "portal_scans", "Passes checked on-line", ["result"])
        self.mails = unregistered(Counter, "portal_mails", "Mails to staff", ["outcome"])
        self._began: dict[str, float] = {}

    def listen(self) -> None:
        request_answered.connect(self.request)
        pass_checked.connect(self.scan)
        mails_left.connect(self.mail)
        step_ended.connect(self.step)
        task_prerun.connect(self.task_begins)
        task_postrun.connect(self.task_ends)
        task_revoked.connect(self.task_expired)

    def request(self, view: str, method: str, status: int, seconds: float, **_: object) -> None:
        self.requests.labels(view, method if method in METHODS else "other", str(status)).inc()
        self.request_seconds.labels(view).observe(seconds)

    def scan(self, result: str, **_: object) -> None:
        self.scans.labels(result).inc()

    def mail(self, outcome: str, count: int, **_: object) -> None:
        self.mails.labels(outcome).inc(count)

    def step(self, step: str, seconds: float, **_: object) -> None:
        self.step_seconds.labels(str(connection.schema_name), str(step)).observe(seconds)  # type: ignore[attr-defined]

    def task_begins(self, task_id: str, **_: object) -> None:
        self._began[task_id] = time.monotonic()

    def task_ends(self, task_id: str, task: Any, state: str | None = None, **_: object) -> None:
        self.tasks.labels(task.name, (state or "unknown").lower()).inc()
        if (began := self._began.pop(task_id, None)) is not None:
            self.task_seconds.labels(task.name).observe(time.monotonic() - began)

    def task_expired(self, sender: Any, expired: bool = False, **_: object) -> None:
        """Count an expired or revoked task. The worker's parent process sends the signal, with the task as the sender."""
        self.tasks.labels(sender.name, "expired" if expired else "revoked").inc()


# Signals refer to receivers weakly.
KEPT: list[Counts] = []


def begin() -> None:
    """Start counting, and answer at ``/metrics``."""
    directory: Path = settings.METRICS_DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    # The library reads it with each new value and at each collection.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(Slots(directory))  # type: ignore[no-untyped-call]
    counts = Counts()
    counts.listen()
    KEPT.append(counts)
    health.PROBES["/metrics"] = page


def page(request: HttpRequest) -> HttpResponse:
    """Return all metrics to authorised callers, and a 404 to all others."""
    if not _may_read(request):
        return HttpResponseNotFound("Not found.", content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(CityCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    token = f"Bearer {settings.METRICS_TOKEN}" if settings.METRICS_TOKEN else ""
    if token and constant_time_compare(request.headers.get("Authorization", ""), token):
        return True
    networks: Iterable[Any] = settings.METRICS_NETWORKS
    address = ip_address(client_address(request))
    return any(address in network for network in networks)
