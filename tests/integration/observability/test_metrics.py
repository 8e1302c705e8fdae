"""Metrics: who may read them, and what they contain about cities, by two queries for any number of cities."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from celery.app.task import Context
from celery.signals import task_revoked
from django.core.mail import EmailMessage
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from codes.city_counts import update_city_counts
from portal.mail import send_mails
from portal.observability import city_metrics, metrics
from portal.observability.city_metrics import GAUGES, CityCollector, samples
from portal.observability.happened import request_answered
from portal.observability.health import Look, Part, State
from portal.observability.metrics import Counts
from portal.observability.tasks import note_beat
from regions.models import CityStanding

TOKEN = "a token of this test alone, 32 signs"


@pytest.fixture(autouse=True)
def _broker_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"broker": Part(State.OK, {"waiting": 3})}
    monkeypatch.setattr(city_metrics, "broker", Look(lambda: told, **told))


@pytest.mark.parametrize(
    ("address", "forwarded", "authorization", "may_read"),
    [
        pytest.param("10.1.2.3", "", "", True, id="of-the-network"),
        pytest.param("10.2.2.3", "", "", False, id="of-another-network"),
        pytest.param("10.2.2.3", "", f"Bearer {TOKEN}", True, id="with-the-token"),
        pytest.param("10.2.2.3", "", f"Bearer {TOKEN} ", False, id="with-another-token"),
        pytest.param("10.2.2.3", "", "Bearer ", False, id="with-none"),
        pytest.param("10.1.0.1", "8.8.8.8", "", False, id="through-the-proxy"),
        pytest.param("10.1.0.1", "10.1.2.3, 8.8.8.8", "", False, id="through-the-proxy-with-a-word-of-ones-own"),
        pytest.param("fd00::1", "", "", False, id="of-the-other-family"),
    ],
)
def test_metrics_are_read_from_a_network_or_with_the_token(
    settings: Settings, address: str, forwarded: str, authorization: str, may_read: bool
) -> None:
    settings.TRUSTED_PROXIES = 1
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_NETWORKS = (ip_network("10.1.0.0/16"),)
    headers = {"x-forwarded-for": forwarded, "authorization": authorization}
    request = RequestFactory(headers={name: value for name, value in headers.items() if value}).get(
        "/metrics", REMOTE_ADDR=address
    )
    assert metrics._may_read(request) is may_read


def test_without_a_token_an_empty_one_opens_nothing(settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.METRICS_NETWORKS = "", ()
    assert not metrics._may_read(RequestFactory(headers={"authorization": "Bearer "}).get("/metrics"))
    assert metrics.page(RequestFactory().get("/metrics")).status_code == 404


def test_cities_are_told_by_two_queries(db: None) -> None:
    now = timezone.now()
    note_beat()
    for schema in ("alpha", "beta"):
        update_city_counts(schema, now=now - timedelta(minutes=1))
    row = CityStanding.objects.get(city__schema_name="beta")
    row.progress |= {"settled_at": (now - timedelta(hours=2)).isoformat(), "alarms": 2, "held_since": now.isoformat()}
    row.red, row.overdue_cases, row.open_cases = 4, 1, 5
    row.sources = [{"code": "police", "as_of": (now - timedelta(hours=1)).isoformat(), "max_age_hours": 26}]
    row.save()
    with CaptureQueriesContext(connection) as asked:
        told = {(name, labels): value for name, labels, value in samples(now=now)}
    assert sum(not one["sql"].startswith("SET search_path") for one in asked.captured_queries) == 2
    assert told["portal_city_unsettled_seconds", ("beta",)] == 7200
    assert told["portal_city_counted_seconds", ("beta",)] == 60
    assert told["portal_source_age_seconds", ("beta", "police")] == 3600
    assert told["portal_source_max_age_seconds", ("beta", "police")] == 26 * 3600
    assert told["portal_people", ("beta", "red")] == 4
    assert (told["portal_cases_open", ("beta",)], told["portal_cases_overdue", ("beta",)]) == (5, 1)
    assert (told["portal_alarms_standing", ("beta",)], told["portal_held_group_seconds", ("beta",)]) == (2, 0)
    assert (told["portal_broker_up", ()], told["portal_broker_messages", ()]) == (1, 3)
    assert told["portal_beat_age_seconds", ()] < 60
    assert {name for name, _ in told} == GAUGES.keys() - {"portal_run_last"}, "alpha and beta have no run"


@pytest.fixture
def counts() -> Counts:
    """Of this process, and let go of with the test, as signals refer to them weakly."""
    made = Counts()
    made.listen()
    return made


def counted(metric: Any) -> dict[tuple[str, ...], float]:
    """What has been counted, by the values of the labels."""
    [family] = metric.collect()
    return {tuple(one.labels.values()): one.value for one in family.samples if one.name.endswith("_total")}


def test_a_message_that_waited_too_long_is_counted(counts: Counts) -> None:
    """As Celery says it; the receiver that fails at it is logged and nothing more."""
    told = {"request": Context(), "terminated": False, "signum": None, "expired": True}
    [(_, fault)] = [one for one in task_revoked.send(note_beat, **told) if one[0] == counts.task_expired]
    assert fault is None
    assert counted(counts.tasks) == {("portal.note_beat", "expired"): 1}


def test_methods_that_anybody_makes_up_are_one(counts: Counts) -> None:
    for method in ("GET", "BREW", "BREW2"):
        request_answered.send_robust(sender=None, view="places", method=method, status=405, seconds=0.1)
    assert counted(counts.requests) == {("places", "GET", "405"): 1, ("places", "other", "405"): 2}


def test_mails_are_counted_by_what_became_of_them(counts: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [EmailMessage("subject", "text", to=["a@example.cn"])] * 2
    assert send_mails(mails, what="two mails")
    monkeypatch.setattr("portal.mail.get_connection", Refusing)
    assert not send_mails(mails[:1], what="one mail")
    assert counted(counts.mails) == {("sent",): 2, ("failed",): 1}


class Refusing:
    """A mail server that is not there."""

    def send_messages(self, _mails: object) -> int:
        raise ConnectionRefusedError


def test_a_database_that_is_down_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError

    monkeypatch.setattr(city_metrics, "last_beat", refuse)
    told = {family.name: family.samples for family in CityCollector().collect()}
    assert [one.value for one in told["portal_database_up"]] == [0]
    assert told["portal_people"] == []
