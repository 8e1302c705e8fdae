"""The tasks of the auditors' and the operator's pages: each enters the right city and enqueues what is left."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from codes import tasks
from codes.models import ExportJob, SignInCode
from codes.opening_requests import Bundle, ask_to_open, confirm_opening
from codes.reports.export import FileFormat
from codes.reports.jobs import ask_for_export
from codes.reports.request import ReportName, ReportRequest
from portal.celery import BEAT
from portal.citizen.sign_in import tasks as sign_in
from portal.official.tasks import send_enrolment_link, sweep_enrolment_links
from portal.sweep import sweep
from regions.journal.checkpoints import write_checkpoint
from regions.journal.models import JournalEntry
from regions.models import CityOpening, CityStanding
from regions.staff.enrolment import open_link
from regions.staff.models import Account
from regions.tenancy import in_city

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def enqueued(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> list[object]:
    settings.MEDIA_ROOT = tmp_path / "media"
    enqueued: list[object] = []
    monkeypatch.setattr(tasks, "enqueue_export", lambda *what: enqueued.append(what))
    monkeypatch.setattr(tasks, "enqueue_opening", enqueued.append)
    return enqueued


def test_exports_are_rung_for_and_written_in_their_city(enqueued: list[object]) -> None:
    with in_city("beta"):
        job = ask_for_export(ReportRequest(ReportName.SOURCES), file_format=FileFormat.CSV, by="system", now=NOW)
    assert sweep() == 1
    assert enqueued == [("beta", job.pk)]
    assert tasks.write_one_export("beta", job.pk)
    assert sweep() == 0
    with in_city("beta"):
        assert ExportJob.objects.get().state == "done"


def test_the_sweep_sends_nothing_itself(enqueued: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow gateway would delay what it enqueues for all other cities."""
    monkeypatch.setattr("portal.citizen.sign_in.tasks.gateway", lambda: pytest.fail("the gateway was called"))
    monkeypatch.setattr(sign_in.send_phone_notices, "apply_async", lambda args, **_more: enqueued.append(args))
    monkeypatch.setattr(sign_in.deliver_sign_in_code, "apply_async", lambda args, **_more: enqueued.append(args))
    with in_city("beta"):
        hashes = dict.fromkeys(("id_hash", "address_hash", "code_hash", "code_sealed"), b"1")
        at = timezone.now()
        code = SignInCode.objects.create(
            **hashes, asked_at=at - timedelta(minutes=1), expires_at=at + timedelta(minutes=4)
        )
    monkeypatch.setattr(sign_in, "waiting_notices", lambda **_now: SignInCode.objects.all())
    assert sweep() == 2
    assert enqueued == [("beta", code.pk), ("beta",)]


def test_no_message_of_beat_outlives_the_next_ones() -> None:
    assert {name for name, one in BEAT.items() if not 60 <= one["options"]["expires"] <= 300} == set()


def test_every_city_is_counted(enqueued: list[object]) -> None:
    assert tasks.sum_up_cities() == 2
    assert {one.city.schema_name for one in CityStanding.objects.all()} == {"alpha", "beta"}


def test_openings_are_rung_for_until_they_have_ended(enqueued: list[object]) -> None:
    opening = ask_to_open(Bundle({"city": {}}, {}), schema="gamma", by="system", now=NOW)
    assert tasks.sweep_all_openings() == 0
    confirm_opening(opening.pk, by="operator:su", now=NOW)
    assert tasks.sweep_all_openings() == 1
    assert enqueued == [opening.pk]
    assert not tasks.open_one_city(opening.pk)
    assert tasks.sweep_all_openings() == 0
    assert CityOpening.objects.get().state == "refused"


def test_a_journal_is_checked_in_its_city(enqueued: list[object]) -> None:
    with in_city("beta"):
        write_checkpoint(now=NOW)
    assert tasks.verify_one_journal("beta", "system")
    with in_city("beta"):
        assert JournalEntry.objects.latest("seq").verb == "journal.verified"


def test_links_to_enrol_are_sent_in_their_city_once(enqueued: list[object]) -> None:
    with in_city("beta"):
        person = Account.objects.create(username="new", email="new@example.cn", password="!", created_at=timezone.now())
        open_link(person, now=timezone.now())
    assert [sweep_enrolment_links(), sweep_enrolment_links()] == [1, 0]
    assert "//beta.localhost" in str(mail.outbox[0].body)
    with in_city("beta"):
        again = open_link(person, now=timezone.now())
    assert [send_enrolment_link("beta", again.pk) for _ in range(2)] == [True, False]
    with in_city("beta"):
        assert JournalEntry.objects.filter(verb="staff.link_sent", subject="staff:new").count() == 2
