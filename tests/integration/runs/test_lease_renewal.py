"""Claimed work that takes longer than its lease: no other worker claims it while its worker lives, and one does afterwards."""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from codes.models import ExportJob, Run
from codes.runs.ledger import claim_step, start_run
from regions import attempts
from regions.attempts import attempt
from regions.leased_jobs import Leased, claim_job
from regions.models import CityOpening
from regions.tenancy import in_city

LEASE = timedelta(seconds=0.3)
WORK_SECONDS = 0.8

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.LEASE", LEASE)


def claimed_run() -> Leased | None:
    run = Run.objects.first() or start_run(by="system", now=timezone.now())[0]
    return claim_step(run.pk, Run.State.COLLECTING, now=timezone.now())


def claimed_export() -> Leased | None:
    if not ExportJob.objects.exists():
        ExportJob.objects.create(name="e", report="journal", file_format="csv", asked_by="li", asked_at=timezone.now())
    return claim_job(ExportJob.objects.all(), now=timezone.now())


def claimed_opening() -> Leased | None:
    """Its row is in ``public``, in no city."""
    if not CityOpening.objects.exists():
        CityOpening.objects.create(
            name="o",
            schema="gamma",
            content=b"-",
            asked_by="li",
            asked_at=timezone.now(),
            state="waiting",
            decided_by="mo",
            decided_at=timezone.now(),
        )
    return claim_job(CityOpening.objects.all(), now=timezone.now())


@pytest.fixture(params=["run", "export", "opening"])
def claim(request: pytest.FixtureRequest) -> Iterator[Any]:
    kinds = {"run": claimed_run, "export": claimed_export, "opening": claimed_opening}
    with nullcontext() if request.param == "opening" else in_city("beta"):
        yield kinds[request.param]


def failed(error: Exception) -> None:
    raise AssertionError from error


def test_work_is_its_workers_while_that_lives(claim: Any) -> None:
    mine = claim()
    with attempt(mine, failed, clock=timezone.now):
        time.sleep(WORK_SECONDS)
        assert claim() is None
    time.sleep(LEASE.total_seconds() * 1.5)
    again = claim()
    assert again.fence == mine.fence + 1, "nobody renews it any more"


def test_what_hangs_is_left_alone_for_so_long_only(claim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LONGEST", timedelta(0))
    with attempt(claim(), failed, clock=timezone.now):
        time.sleep(WORK_SECONDS)
        assert claim() is not None


def test_a_worker_that_was_overtaken_renews_nothing(claim: Any) -> None:
    mine = claim()
    with attempt(mine, failed, clock=timezone.now):
        later: datetime = timezone.now() + timedelta(hours=1)
        type(mine)._default_manager.filter(pk=mine.pk).update(fence=mine.fence + 1, lease_until=later)
        time.sleep(WORK_SECONDS)
        mine.refresh_from_db()
        assert mine.lease_until == later
