"""The id that a request has from the proxy to the last task it enqueues, and the log line of each request and task."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence
from contextvars import Token
from importlib import import_module
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.observability.happened import request_answered
from portal.observability.logs import WORK, Work, view_of

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# The ids that proxies create: nginx's 32 digits, or a UUID. Any other text could be a person's number, written by the client.
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IN_MESSAGE = "request_id"
# The first argument of a city's task. A task whose first argument does not match has no city.
SCHEMA = re.compile(r"[a-z][a-z0-9_]{1,39}")


def begin_to_count() -> None:
    """Start counting in web servers and workers if metrics are read. The library takes a while to load, so it is imported here."""
    if settings.METRICS_TOKEN or settings.METRICS_NETWORKS:
        import_module("portal.observability.metrics").begin()


class RequestLogMiddleware:
    """Gives each request an id, and logs it once it is answered: by its view, as its address may contain anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        work = Work(request=request_id(request))
        token = WORK.set(work)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            work.view = view_of(request)
            fields = {"method": request.method, "status": response.status_code, "milliseconds": milliseconds}
            log.info("%s %s: %s", request.method, work.view, response.status_code, extra=fields)
            counted = {"method": request.method, "status": response.status_code, "seconds": milliseconds / 1000}
            request_answered.send_robust(sender=type(self), view=work.view, **counted)
        finally:
            WORK.reset(token)
        response.headers[HEADER] = work.request
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if work := WORK.get():
            work.view = view_of(request)


def request_id(request: HttpRequest) -> str:
    """Return the proxy's id if there is a trusted proxy, otherwise a new one."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if ID.fullmatch(given) else secrets.token_hex(16)


@before_task_publish.connect
def hand_on(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Add the id of the current request to a task that is enqueued, also by another task."""
    work = WORK.get()
    if work and work.request and headers is not None:
        headers[IN_MESSAGE] = work.request


TOKENS: dict[str, Token[Work | None]] = {}


@task_prerun.connect
def begin(task_id: str, task: Any, args: Sequence[Any], **_: object) -> None:
    request = str(getattr(task.request, IN_MESSAGE, None) or "")
    city = next((one for one in args[:1] if isinstance(one, str) and SCHEMA.fullmatch(one)), "")
    TOKENS[task_id] = WORK.set(Work(request=request, city=city, task=task.name, task_id=task_id))


@task_postrun.connect
def end(task_id: str, **_: object) -> None:
    if token := TOKENS.pop(task_id, None):
        WORK.reset(token)
