"""A task for every city continues with the others if it fails in one, and is reported as failed."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db import connection as any_connection

from codes import tasks
from codes.models import Run
from codes.runs.ledger import run_to_wake, start_run
from portal.sweep import sweep
from regions.each_city import CitiesFailed, enqueue_found, for_each, in_each
from regions.models import CityStanding
from regions.tenancy import all_schemas, current_city, in_city

connection: Any = any_connection


def fails_in_alpha(act: Callable[..., object]) -> Callable[..., object]:
    def acted(*args: object, **kwargs: object) -> object:
        if current_city().schema_name == "alpha":
            raise OperationalError("connection to the remote node localhost:9701 failed")
        return act(*args, **kwargs)

    return acted


def test_the_other_cities_are_counted(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codes.city_counts.progress", fails_in_alpha(dict))
    with pytest.raises(CitiesFailed) as failure:
        tasks.sum_up_cities()
    assert failure.value.schemas == ["alpha"]
    assert [one.city.schema_name for one in CityStanding.objects.all()] == ["beta"]


def test_the_runs_of_the_other_cities_go_on(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    enqueued: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "enqueue_run", lambda *what: enqueued.append(what))
    monkeypatch.setattr(tasks, "run_to_wake", fails_in_alpha(run_to_wake))
    with in_city("beta"):
        run, _ = start_run(by="operator:li", now=now, collects=False)
        Run.objects.update(lease_until=now - settings.LEASE)
    with pytest.raises(CitiesFailed, match="alpha"):
        sweep()
    assert enqueued == [("beta", run.pk)]


def test_the_log_has_each_failure(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CitiesFailed, match="alpha, beta"):
        in_each(all_schemas(), lambda: 1 // 0)
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.ERROR, f"{schema} failed; the other cities go on") for schema in ("alpha", "beta")
    ]


def test_what_is_found_is_enqueued_outside_of_its_city(db: None) -> None:
    places: list[tuple[str, int, str]] = []

    def enqueue(schema: str, one: int) -> None:
        places.append((schema, one, connection.schema_name))

    assert enqueue_found("alpha", lambda: range(2), enqueue) == 2
    assert places == [("alpha", one, "public") for one in range(2)]


def test_the_acts_of_a_city_follow_each_other(db: None) -> None:
    """So that its session is made once. What fails in one act stops neither the city's others nor the other cities."""
    seen: list[tuple[str, str]] = []

    def one(schema: str) -> int:
        seen.append(("one", schema))
        return 1 // (schema == "beta")

    def other(schema: str) -> int:
        seen.append(("other", schema))
        return 1

    with pytest.raises(CitiesFailed, match=r"^failed in alpha$"):
        for_each(all_schemas(), one, other)
    assert seen == [(name, schema) for schema in ("alpha", "beta") for name in ("one", "other")]


def test_a_broken_session_is_the_next_citys_no_more(transactional_db: None) -> None:
    """As after a node was lost, or the database itself was started again."""

    seen: list[str] = []

    def count(schema: str) -> int:
        seen.append(schema)
        with in_city(schema):
            if schema == "alpha":
                connection.connection.close()
            return Run.objects.count() + 1

    with pytest.raises(CitiesFailed) as failure:
        for_each(all_schemas(), count)
    assert (failure.value.schemas, seen) == (["alpha"], ["alpha", "beta"])


def test_an_end_from_outside_ends_it(db: None) -> None:
    """Ctrl+C, and a worker that is told to stop."""

    def stop() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_each(all_schemas(), stop)
