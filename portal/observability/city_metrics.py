"""Metrics of what is stored in the database. Reading them takes two queries for all cities together.

The expensive counts in a city are taken by a worker once a minute (``codes.city_counts``), however often metrics are read.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import Error
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from portal.observability.health import Part, State, broker, progress_of
from portal.observability.tasks import last_beat
from regions.models import City, CityStanding
from regions.tenancy import cities_in_service, in_public, suspension_columns

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "portal_database_up": ("Whether the cities can be read", ()),
    "portal_broker_up": ("Whether the broker takes messages", ()),
    "portal_broker_messages": ("Messages that wait in the broker", ()),
    "portal_beat_age_seconds": ("Since beat, broker, a worker and the database last did something together", ()),
    "portal_city_suspended": ("Whether two operators have suspended the city", ("city",)),
    "portal_city_unsettled_seconds": ("Since a run of the city settled, or since it was opened", ("city",)),
    "portal_city_counted_seconds": ("Since a worker counted in the city", ("city",)),
    "portal_run_last": ("1 for the state of the city's newest run", ("city", "state")),
    "portal_run_open_seconds": ("Since the open run was started; 0 without one", ("city",)),
    "portal_run_unforeseen": ("People whom the last proof of a run found otherwise than they stood", ("city",)),
    "portal_partitions": ("Partitions of the newest run", ("city", "state")),
    "portal_people": ("People by effective code", ("city", "state")),
    "portal_queue_length": ("Rows that wait to be worked on", ("city", "queue")),
    "portal_webhooks_waiting_seconds": ("Since the oldest delivery began to wait; 0 without one", ("city",)),
    "portal_messages_troubled": ("Messages to citizens that were given up or are perhaps sent", ("city",)),
    "portal_source_age_seconds": ("Since the moment up to which a source's data is complete", ("city", "source")),
    "portal_source_max_age_seconds": ("The age past which its codes are unknown", ("city", "source")),
    "portal_cases_open": ("Cases that are not closed", ("city",)),
    "portal_cases_overdue": ("Open cases past their deadline", ("city",)),
    "portal_corrections_late": ("Corrections that another city has not answered in time", ("city",)),
    "portal_held_groups": ("Mass changes that wait for two people", ("city",)),
    "portal_held_group_seconds": ("Since the oldest of them was held; 0 without one", ("city",)),
    "portal_alarms_standing": ("Alarms of the sentinel that two people have not acknowledged", ("city",)),
    "portal_journal_unsigned_seconds": ("Since the oldest entry that no checkpoint covers; 0 without one", ("city",)),
    "portal_journal_witness_seconds": (
        "Since another city or a witness co-signed the journal, or since it was opened",
        ("city",),
    ),
}

Sample = tuple[str, tuple[str, ...], float]


class CityCollector(Collector):
    def collect(self) -> Iterable[Metric]:
        gauges = {name: Gauge(name, text, labels=labels) for name, (text, labels) in GAUGES.items()}
        for name, labels, value in samples(now=timezone.now()):
            gauges[name].add_metric(labels, value)
        return gauges.values()


def samples(*, now: datetime) -> Iterator[Sample]:
    """Yield each value with the name and labels of its gauge; without the database only that it is down."""
    yield from _of_broker(broker()["broker"])
    try:
        with in_public():
            beat = last_beat()
            cities = list(cities_in_service().select_related("standing").annotate(**suspension_columns("pk")))
    except Error:
        yield "portal_database_up", (), 0
        return
    yield "portal_database_up", (), 1
    if beat:
        yield "portal_beat_age_seconds", (), _age(beat, now)
    for city in cities:
        yield from _of_city(city, now)


def _of_broker(part: Part) -> Iterator[Sample]:
    yield "portal_broker_up", (), part.state is State.OK
    if "waiting" in part.figures:
        yield "portal_broker_messages", (), part.figures["waiting"]


def _of_city(city: City, now: datetime) -> Iterator[Sample]:
    one, progress = (city.schema_name,), progress_of(city)
    standing: CityStanding | None = getattr(city, "standing", None)
    yield "portal_city_suspended", one, city.suspended_since is not None
    yield "portal_city_counted_seconds", one, _age(standing.read_at if standing else city.created_at, now)
    if city.suspended_since is None:
        yield "portal_city_unsettled_seconds", one, _since(progress.get("settled_at"), now, or_since=city.created_at)
    if standing is None or not progress:
        return
    yield "portal_journal_witness_seconds", one, _since(progress["witnessed_at"], now, or_since=city.created_at)
    for name, key in (
        ("portal_run_open_seconds", "run_open_since"),
        ("portal_webhooks_waiting_seconds", "webhooks_since"),
        ("portal_held_group_seconds", "held_since"),
        ("portal_journal_unsigned_seconds", "unsigned_since"),
    ):
        yield name, one, _since(progress[key], now)
    yield "portal_run_unforeseen", one, progress.get("unforeseen", 0)
    yield "portal_alarms_standing", one, progress["alarms"]
    yield "portal_messages_troubled", one, progress["messages_troubled"]
    for state, count in progress["partitions"].items():
        yield "portal_partitions", (*one, state), count
    for queue, count in progress["queues"].items():
        yield "portal_queue_length", (*one, queue), count
    yield from _of_standing(standing, one, now)


def _of_standing(standing: CityStanding, one: tuple[str, ...], now: datetime) -> Iterator[Sample]:
    """Yield the figures that the operator's page shows as well."""
    if standing.run_state:
        yield "portal_run_last", (*one, standing.run_state), 1
    for state in ("red", "yellow", "green", "unknown"):
        yield "portal_people", (*one, state), getattr(standing, state)
    yield "portal_cases_open", one, standing.open_cases
    yield "portal_cases_overdue", one, standing.overdue_cases
    yield "portal_corrections_late", one, standing.late_corrections
    yield "portal_held_groups", one, standing.held_groups
    for source in standing.sources:
        labels = (*one, source["code"])
        yield "portal_source_max_age_seconds", labels, source["max_age_hours"] * 3600
        if source["as_of"]:
            yield "portal_source_age_seconds", labels, _since(source["as_of"], now)


def _since(at: Any, now: datetime, *, or_since: datetime | None = None) -> float:
    instant = datetime.fromisoformat(at) if at else or_since
    return _age(instant, now) if instant else 0.0


def _age(at: datetime, now: datetime) -> float:
    return (now - at).total_seconds()
