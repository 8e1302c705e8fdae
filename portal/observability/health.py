"""Health checks: ``/healthz/live``, ``/healthz/ready`` and ``/healthz/progress``.

They are answered before any other processing: a probe uses an address, without TLS, and no city's host name. Neither the host nor
anything else of the request is read, so that a foreign host name cannot affect the answer.

A missing broker does not make a web server unready, as codes are shown without one. Work that is behind is reported by
``progress``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock, Thread
from typing import Any

from celery.exceptions import OperationalError
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from portal.celery import app
from portal.observability.tasks import last_beat
from regions.models import City
from regions.tenancy import SUSPENDED, cities_in_service, in_public

# A process checks at most this often; and a check that takes longer than PATIENCE means that the part is down.
LOOKED_AT_EVERY = timedelta(seconds=2)
PATIENCE = timedelta(seconds=5)
# A worker writes the beat every 15 seconds, and counts in the cities every minute.
BEAT_LATE_AFTER = timedelta(minutes=2)
COUNTS_LATE_AFTER = timedelta(minutes=10)
# One run a day, and two hours over which the cities' runs are spread. After two days without a run the colours expire.
RUN_LATE_AFTER = timedelta(hours=26)
MOST_NAMED = 50
BROKER_SECONDS = 1.0


class State(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    DOWN = "down"


# From the best to the worst.
SEVERITY = tuple(State)


@dataclass(frozen=True)
class Part:
    """The state of one part, with figures. It contains no error's text, which may repeat a password."""

    state: State
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"state": self.state, **self.figures}


class Look:
    """A cached check, run by one thread at a time; other threads get the last result, or that the check takes too long."""

    def __init__(self, look: Callable[[], dict[str, Part]], **first: Part) -> None:
        self._look = look
        self._lock = Lock()
        self._seen = first
        self._began = self._ended = float("-inf")

    def __call__(self) -> dict[str, Part]:
        if self._lock.acquire(blocking=False):
            try:
                if self._is_stale():
                    self._began = time.monotonic()
                    self._seen = self._look()
                    self._ended = time.monotonic()
            finally:
                self._lock.release()
        elif time.monotonic() - self._began > PATIENCE.total_seconds():
            return dict.fromkeys(self._seen, Part(State.DOWN))
        return self._seen

    def without_waiting(self) -> dict[str, Part]:
        """Return the last result and check again in a thread of its own, so that a part that does not answer delays no probe."""
        if self._is_stale() and not self._lock.locked():
            Thread(target=self, daemon=True).start()
        return self._seen

    def _is_stale(self) -> bool:
        return time.monotonic() - self._ended >= LOOKED_AT_EVERY.total_seconds()


def _database() -> dict[str, Part]:
    """Check whether cities can be looked up, which every page with a code begins with."""
    try:
        with in_public():
            City.objects.exists()
    except Error:
        connection.close()
        return {"database": Part(State.DOWN)}
    return {"database": Part(State.OK)}


def _broker() -> dict[str, Part]:
    """Check whether the broker takes messages, and count those that wait."""
    options = {**app.conf.broker_transport_options}
    if not app.conf.broker_url.startswith("amqp"):
        options |= {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    # The library's types declare neither the channel's methods nor the tuples of errors.
    one: Any
    with app.connection_for_write(connect_timeout=BROKER_SECONDS, transport_options=options) as one:
        gone = (OperationalError, OSError, *one.connection_errors)
        try:
            one.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
            waiting = one.default_channel.queue_declare(queue=app.conf.task_default_queue, passive=True).message_count
        except one.channel_errors:  # nothing has been enqueued yet
            waiting = 0
        except gone:
            return {"broker": Part(State.DOWN)}
    return {"broker": Part(State.OK, {"waiting": waiting})}


def _progress() -> dict[str, Part]:
    """Check the last beat, and the cities in which no run has settled or no count was taken in time."""
    now = timezone.now()
    try:
        with in_public():
            beat = last_beat()
            cities = list(_cities())
    except Error:
        return {"beat": Part(State.DOWN), "runs": Part(State.DOWN), "counts": Part(State.DOWN)}
    is_late = beat is None or now - beat > BEAT_LATE_AFTER
    age = None if beat is None else round((now - beat).total_seconds())
    return {
        "beat": Part(State.DEGRADED if is_late else State.OK, {"age_seconds": age}),
        "runs": _behind(cities, lambda city: is_behind(city, now=now)),
        "counts": _behind(cities, lambda city: _is_old(city, now=now)),
    }


def _cities() -> Any:
    """Return the cities in service. Suspended ones have no runs."""
    return cities_in_service().exclude(pk__in=SUSPENDED.values("city")).select_related("standing")


def is_behind(city: City, *, now: datetime) -> bool:
    """Return whether no run of the city has settled for longer than a day and the spread of the runs."""
    settled = progress_of(city).get("settled_at")
    return now - (datetime.fromisoformat(settled) if settled else city.created_at) > RUN_LATE_AFTER


def progress_of(city: City) -> dict[str, Any]:
    """Return the counts of the city's work, or an empty dictionary before a worker has taken them."""
    standing = getattr(city, "standing", None)
    return standing.progress if standing else {}


def _is_old(city: City, *, now: datetime) -> bool:
    standing = getattr(city, "standing", None)
    return now - (standing.read_at if standing else city.created_at) > COUNTS_LATE_AFTER


def _behind(cities: list[City], late: Callable[[City], bool]) -> Part:
    names = sorted(city.schema_name for city in cities if late(city))
    state = State.DEGRADED if names else State.OK
    return Part(state, {"cities": len(cities), "behind": len(names), "named": names[:MOST_NAMED]})


database = Look(_database, database=Part(State.UNKNOWN))
broker = Look(_broker, broker=Part(State.UNKNOWN))
work = Look(_progress, beat=Part(State.UNKNOWN), runs=Part(State.UNKNOWN), counts=Part(State.UNKNOWN))


def live(_request: HttpRequest) -> HttpResponse:
    """Answer that this process runs. Nothing else is checked, so that a database that is down does not restart web servers."""
    return _answer({})


def ready(_request: HttpRequest) -> HttpResponse:
    """Answer 503 only if no code can be shown."""
    shows = database()
    return _answer({**shows, **broker.without_waiting()}, status=200 if _worst(shows) is State.OK else 503)


def progress(_request: HttpRequest) -> HttpResponse:
    """Answer 503 if anything is behind or down: for alerts, not for a load balancer."""
    parts = {**database(), **broker(), **work()}
    return _answer(parts, status=200 if _worst(parts) is State.OK else 503)


def _worst(parts: dict[str, Part]) -> State:
    return max((part.state for part in parts.values()), key=SEVERITY.index, default=State.OK)


def _answer(parts: dict[str, Part], *, status: int = 200) -> HttpResponse:
    worst = _worst(parts)
    if worst is State.DOWN and status == 200:
        worst = State.DEGRADED
    state = State.OK if worst is State.UNKNOWN else worst
    content = {"state": state, "parts": {name: part.as_json() for name, part in parts.items()}}
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store"})


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz/live": live,
    "/healthz/ready": ready,
    "/healthz/progress": progress,
}


class HealthMiddleware:
    """Answers probes and passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info) if request.method in ("GET", "HEAD") else None
        return probe(request) if probe else self.get_response(request)
