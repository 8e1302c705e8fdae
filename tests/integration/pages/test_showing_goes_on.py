"""Codes are shown and verified while the database is read-only, the broker is down or a run is settling."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery.app.task import Task
from django.db import InternalError, connection
from kombu.exceptions import OperationalError

from codes.effective import settle_effective_codes
from codes.models import GateScan
from codes.passes.issuing import issue_pass
from regions.closed import left_out_while_closed
from regions.tenancy import in_city
from tests.integration.gates.people import enrolled, machine_key
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


def close_the_database() -> None:
    """For the rest of the test: as a standby, or a disk that is full."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET TRANSACTION READ ONLY")


def assert_is_shown(person: Visitor) -> None:
    assert 'class="face" data-state="red"' in person.read("/code/")
    assert 'data-state="red"' in person.read("/code/pass/")


def at(later: timedelta, desk: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("django.utils.timezone.now", lambda: desk.now + later)


def test_whoever_is_signed_in_shows_their_code_while_nothing_can_be_written(
    desk: Desk, visitor: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though each look is to note that somebody is there. Nobody is signed out for what could not be noted."""
    person = visitor("zhang")
    person.read("/code/")
    close_the_database()
    for minutes in (2, 19, 45, 7 * 60):
        at(timedelta(minutes=minutes), desk, monkeypatch)
        assert_is_shown(person)
    at(timedelta(hours=9), desk, monkeypatch)
    assert person.get("/code/").status_code == 302


def test_whoever_signs_out_is_signed_out_in_their_browser(desk: Desk, visitor: Opens) -> None:
    person = visitor("zhang")
    person.read("/code/")
    close_the_database()
    assert person.post("/sign-out/", {}).status_code == 302
    assert person.get("/code/").status_code == 302


def test_a_gate_reads_passes_while_nothing_can_be_written(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A scan that was kept before counts against a copy; what is not kept cannot."""
    _device, gate = enrolled(now=desk.now)
    _machine, key = machine_key(now=desk.now)
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    shown_before, _ = issue_pass(desk.citizen("liu"), now=desk.now)
    assert json.loads(gate.post("/gate/check/", {"text": shown_before}).content)["result"] == "ok"
    scans = GateScan.objects.count()
    close_the_database()
    told = json.loads(gate.post("/gate/check/", {"text": token}).content)
    assert (told["result"], told["colour"]) == ("ok", "red")
    assert 'data-state="red"' in gate.post("/gate/", {"text": token}).content.decode()
    assert json.loads(gate.post("/gate/check/", {"text": "no pass"}).content)["result"] == "not_a_pass"
    by_machine = gate.client.post(
        "/api/v1/verifications",
        {"pass": shown_before},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert by_machine.json()["result"] == "replayed"
    assert GateScan.objects.count() == scans
    assert "a scan left out: the database takes no writes" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_scan_that_is_its_own_transaction_is_left_out_too(
    transactional_db: None, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """As in the web server: nothing surrounds what a gate sends, and what it sends next meets a sound connection."""
    _device, gate = enrolled(now=desk.now)
    with in_city("beta"):
        token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        for _again in range(2):
            assert json.loads(gate.post("/gate/check/", {"text": token}).content)["colour"] == "red"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
    with in_city("beta"):
        assert not GateScan.objects.exists()
    assert caplog.text.count("a scan left out: the database takes no writes") == 2
    assert json.loads(gate.post("/gate/check/", {"text": token}).content)["result"] == "ok"
    with in_city("beta"):
        assert GateScan.objects.count() == 1


def test_what_must_leave_a_trace_does_not_happen_without_it(desk: Desk, visitor: Opens) -> None:
    """A look-up by document at a gate, a declaration: a page says so, and nothing is shown."""
    _device, gate = enrolled(now=desk.now)
    person = visitor("zhang")
    person.read("/check-in/")
    close_the_database()
    asked = {"id_type": "10", "id_number": "11010519491231002X", "purpose": "no_phone"}
    refused = [
        gate.post("/gate/document/", asked),
        person.post("/check-in/", {"healthy": "yes", "number": "B20261124-ABCDEFGH"}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert "data-state" not in answer.content.decode()
    assert "Nothing can be saved at present" in refused[0].content.decode()


def test_nothing_else_is_left_out(db: None) -> None:
    """What fails though the database takes writes is an error."""
    fails = "DO $$ BEGIN RAISE 'no' USING ERRCODE = '25P02'; END $$"
    with pytest.raises(InternalError), left_out_while_closed("anything"), connection.cursor() as cursor:
        cursor.execute(fails)


def test_neither_page_nor_gate_speaks_to_the_broker(
    desk: Desk, visitor: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_options: Any) -> None:
        raise OperationalError("the broker is gone")

    _device, gate = enrolled(now=desk.now)
    person = visitor("zhang")
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    monkeypatch.setattr(Task, "apply_async", gone)
    assert_is_shown(person)
    assert json.loads(gate.post("/gate/check/", {"text": token}).content)["colour"] == "red"


@pytest.mark.django_db(transaction=True)
def test_a_run_that_settles_keeps_nobody_waiting(
    transactional_db: None, desk: Desk, visitor: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds all its locks and has written everything but the last word; before that the earlier colour shows, then the new."""
    _device, gate = enrolled(now=desk.now)
    person = visitor("chen")
    assert 'class="face" data-state="yellow"' in person.read("/code/")
    has_written, may_end = threading.Event(), threading.Event()

    def slowly(*args: Any, **options: Any) -> Any:
        done = settle_effective_codes(*args, **options)
        has_written.set()
        may_end.wait(60)
        return done

    def run() -> None:
        with in_city("beta"):
            desk.run(desk.now + timedelta(minutes=3))
        connection.close()

    with in_city("beta"):
        desk.tell("chen", "spacetime_overlap")
    monkeypatch.setattr("codes.runs.settle.settle_effective_codes", slowly)
    running = threading.Thread(target=run)
    running.start()
    try:
        assert has_written.wait(60)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        assert 'class="face" data-state="yellow"' in person.read("/code/")
        assert 'data-state="yellow"' in person.read("/code/pass/")
        with in_city("beta"):
            token, _ = issue_pass(desk.citizen("chen"), now=desk.now)
        assert json.loads(gate.post("/gate/check/", {"text": token}).content)["colour"] == "yellow"
    finally:
        may_end.set()
        running.join(60)
    assert 'class="face" data-state="red"' in person.read("/code/")
