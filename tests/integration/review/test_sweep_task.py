"""The periodic sweep enters every city by itself."""

from datetime import datetime, timedelta

import pytest

from codes import tasks
from codes.models import Case, Provider, RuleSet, RuleSetVersion
from portal.celery import BEAT
from regions.sources.models import Source
from regions.tenancy import in_city
from tests.integration.review.desk import open_desk


def test_the_task_sweeps_every_city(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_city("beta"):
        for model in (Provider, RuleSetVersion, RuleSet, Source):
            model.objects.all().delete()
        open_desk({"zhang": "spacetime_overlap"}, now=now)
    monkeypatch.setattr("codes.tasks.timezone.now", lambda: now + timedelta(hours=5))
    assert tasks.sweep_all_reviews() == 1
    assert tasks.sweep_all_reviews() == 0
    with in_city("beta"):
        assert Case.objects.get().escalated_for == "first_look"


def test_the_beat_knows_it() -> None:
    assert "codes.sweep_reviews" in {entry["task"] for entry in BEAT.values()}
