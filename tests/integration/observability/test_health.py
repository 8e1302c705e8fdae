"""Health probes: the state of each part, who may read them, and a missing broker takes no web server out of service."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from codes.city_counts import update_city_counts
from portal.celery import app
from portal.observability import health
from portal.observability.health import Look, Part, State
from portal.observability.tasks import note_beat
from regions.models import City, CityStanding, CitySuspension


@pytest.fixture(autouse=True)
def _looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test has seen is not what the next one sees."""
    monkeypatch.setattr(health, "database", Look(health._database, database=Part(State.UNKNOWN)))
    monkeypatch.setattr(health, "broker", Look(lambda: {"broker": Part(State.OK)}, broker=Part(State.OK)))
    monkeypatch.setattr(health, "work", Look(health._progress, beat=Part(State.UNKNOWN)))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Nobody listens there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def asked(what: str, *, host: str = "10.0.0.7") -> tuple[int, dict[str, object]]:
    response = Client(headers={"host": host}).get(f"/healthz/{what}")
    return response.status_code, response.json()


def gets_on() -> None:
    """As in an installation that works: a beat, counts, and a run of today in both cities."""
    note_beat()
    now = timezone.now()
    for schema in ("alpha", "beta"):
        update_city_counts(schema, now=now)
    CityStanding.objects.update(progress={"settled_at": now.isoformat()})


@pytest.mark.parametrize("host", ["beta.localhost", "localhost", "nobody.example.org", "10.0.0.7:8001", "not a host!"])
def test_probes_are_answered_under_any_name_and_without_tls(db: None, settings: Settings, host: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["beta.localhost"]
    assert asked("live", host=host) == (200, {"state": "ok", "parts": {}})
    assert asked("ready", host=host)[0] == 200


def test_other_addresses_and_methods_are_no_probes(db: None) -> None:
    client = Client(headers={"host": "beta.localhost"})
    assert client.get("/healthz/").status_code == 404
    assert client.get("/healthz/ready/").status_code == 404
    assert client.post("/healthz/ready").status_code in (403, 404)


def test_without_the_database_nothing_is_shown(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("password authentication failed for user portal_app at 10.1.1.1")

    monkeypatch.setattr(City.objects, "exists", refuse)
    monkeypatch.setattr(connection, "close", lambda: None)
    status, told = asked("ready")
    assert (status, told["state"]) == (503, "down")
    assert told["parts"] == {"database": {"state": "down"}, "broker": {"state": "ok"}}
    assert asked("live")[0] == 200


def test_a_broker_that_is_gone_takes_no_web_server_out(
    db: None, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", f"redis://:secret@127.0.0.1:{closed_port}/0")
    gone = Look(health._broker, broker=Part(State.UNKNOWN))
    monkeypatch.setattr(health, "broker", gone)
    assert asked("progress")[1]["parts"]["broker"] == {"state": "down"}  # type: ignore[index]  # JSON
    assert asked("ready") == (200, {"state": "degraded", "parts": {"database": {"state": "ok"}, **down("broker")}})


def test_a_broker_that_says_nothing_keeps_no_probe_waiting(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer waits for a second, and takes silence for no."""
    asked_it, go_on = threading.Event(), threading.Event()

    def hang() -> dict[str, Part]:
        asked_it.set()
        go_on.wait(timeout=60)
        return {"broker": Part(State.DOWN)}

    monkeypatch.setattr(health, "broker", Look(hang, broker=Part(State.UNKNOWN)))
    status, told = asked("ready")
    assert (status, told["state"]) == (200, "ok")
    assert asked_it.wait(timeout=60), "it is looked at all the same"
    assert asked("ready")[0] == 200
    go_on.set()


def down(part: str) -> dict[str, dict[str, str]]:
    return {part: {"state": "down"}}


def test_a_broker_says_how_many_messages_wait(db: None) -> None:
    told = health._broker()["broker"]
    assert told.state is State.OK
    assert told.figures["waiting"] >= 0


def test_all_is_well_where_work_gets_on(db: None) -> None:
    gets_on()
    status, told = asked("progress")
    assert (status, told["state"]) == (200, "ok")
    parts = told["parts"]
    assert isinstance(parts, dict)
    assert parts["runs"] == {"state": "ok", "cities": 2, "behind": 0, "named": []}
    assert parts["beat"]["age_seconds"] < 60


def test_what_does_not_get_on_is_named(db: None) -> None:
    gets_on()
    settled = timezone.now() - health.RUN_LATE_AFTER - timedelta(minutes=1)
    CityStanding.objects.filter(city__schema_name="beta").update(progress={"settled_at": settled.isoformat()})
    status, told = asked("progress")
    assert (status, told["state"]) == (503, "degraded")
    assert told["parts"]["runs"] == {"state": "degraded", "cities": 2, "behind": 1, "named": ["beta"]}  # type: ignore[index]


def test_a_suspended_city_has_no_run_to_wait_for(db: None) -> None:
    gets_on()
    late = {"settled_at": (timezone.now() - timedelta(days=9)).isoformat()}
    CityStanding.objects.filter(city__schema_name="beta").update(progress=late)
    assert asked("progress")[0] == 503
    CitySuspension.objects.create(
        city=City.objects.get(schema_name="beta"),
        state=CitySuspension.State.IN_FORCE,
        reason="wrong_codes",
        note="-",
        asked_by="a",
        asked_at=timezone.now(),
        decided_by="b",
        decided_at=timezone.now(),
    )
    health.work._ended = float("-inf")
    assert asked("progress")[0] == 200


def test_no_beat_and_old_counts_are_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    gets_on()
    monkeypatch.setattr(health, "BEAT_LATE_AFTER", timedelta(seconds=-1))
    CityStanding.objects.update(read_at=timezone.now() - timedelta(hours=1))
    parts = asked("progress")[1]["parts"]
    assert isinstance(parts, dict)
    assert (parts["beat"]["state"], parts["counts"]["named"]) == ("degraded", ["alpha", "beta"])


def test_a_flood_of_probes_asks_the_database_once(db: None) -> None:
    looks = iter([{"database": Part(State.OK)}])
    one = Look(lambda: next(looks), database=Part(State.UNKNOWN))
    assert {one()["database"].state for _ in range(100)} == {State.OK}


def test_what_takes_too_long_is_down_and_holds_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()

    def hang() -> dict[str, Part]:
        began.set()
        go_on.wait(timeout=60)
        return {"database": Part(State.OK)}

    one = Look(hang, database=Part(State.OK))
    thread = threading.Thread(target=one)
    thread.start()
    assert began.wait(timeout=60)
    assert one()["database"].state is State.OK
    monkeypatch.setattr(health, "PATIENCE", timedelta(0))
    assert one()["database"].state is State.DOWN
    go_on.set()
    thread.join(timeout=60)


def test_progress_counts_nobody(db: None) -> None:
    """What is kept of a city's work are counts and instants."""
    update_city_counts("beta", now=timezone.now())
    kept = CityStanding.objects.get(city__schema_name="beta").progress
    assert kept["partitions"] == {"pending": 0, "claimed": 0, "done": 0, "parked": 0}
    assert kept["queues"] == {"webhooks": 0, "messages": 0, "exports": 0}
