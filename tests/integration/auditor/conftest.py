"""Fixtures of the auditor tests: an auditor in a city with disagreements, without a broker. Files belong to the test."""

from datetime import datetime
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from codes.models import Citizen, ExportJob
from codes.reports.jobs import write_export
from portal.auditor import identified, reports
from regions.identity import Identity
from regions.journal.record import Act, record_all
from regions.keys.encryption import encrypt_number
from regions.vocabulary import IdType
from tests.integration.pages.conftest import clock, desk
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

__all__ = ["clock", "desk"]


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The keys of the exports that were enqueued."""
    enqueued: list[int] = []
    for module in (reports, identified):
        monkeypatch.setattr(module, "enqueue_export", lambda schema, job: enqueued.append(job))
    return enqueued


@pytest.fixture
def auditor(desk: Desk, enqueued: list[int], settings: Settings, tmp_path: Path) -> Visitor:
    """A signed-in auditor with pages in English."""
    settings.MEDIA_ROOT = tmp_path / "media"
    number = encrypt_number(Identity(IdType.OTHER, "X1234567"))
    Citizen.objects.exclude(full_name__contains="小三").update(id_encrypted=number)
    return Visitor.at_work("auditor", now=desk.now, username="ma").in_english()


def record_many(count: int, *, by: str, now: datetime) -> None:
    """Record that many acts of one kind, each on another object."""
    with transaction.atomic():
        record_all([Act("tests.done", f"thing:{n}") for n in range(count)], by=by, now=now)


def written(desk: Desk) -> ExportJob:
    """Write the newest export, as a worker does. Return it."""
    job = ExportJob.objects.latest("pk")
    assert write_export(job.pk, clock=lambda: desk.now)
    job.refresh_from_db()
    return job
