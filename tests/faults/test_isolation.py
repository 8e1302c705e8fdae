"""No answer of one city contains data of another: tried for some seconds here, on a million answers by ``./run faults --isolation``."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg2.extensions
import pytest
from pytest_django import Settings

from codes.models import Provider, RuleSet, RuleSetVersion
from regions.sources.models import Source
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.faults.hammer import Mark, hammer, mark_city
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import open_desk

RESPONSES, SEED = int(os.environ.get("ISOLATION_RESPONSES", "0")), os.environ.get("ISOLATION_SEED", "1")
SECONDS = 3.0
WAYS = {"page", "staff page", "savepoint", "error", "stream", "task"}
ROLES = (Role.REVIEWER, Role.SOURCE_MANAGER, Role.RULE_MANAGER)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(24 * 3600 if RESPONSES else 300)]


@pytest.fixture
def marks(
    owner: psycopg2.extensions.connection,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> list[Mark]:
    """Two cities with data, and a signed-in member of staff in each."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    settings.MEDIA_ROOT = tmp_path
    found = []
    for schema in ("alpha", "beta"):
        with owner.cursor() as cursor:  # the application's role may not update cities
            cursor.execute(
                "UPDATE regions_city SET name_zh = %s, name_en = %s WHERE schema_name = %s",
                [f"canary-of-{schema}", f"canary-of-{schema}", schema],
            )
        with in_city(schema):
            for model in (Provider, RuleSetVersion, RuleSet, Source):
                model._default_manager.all().delete()
            open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
            visitor = Visitor.at_work(*ROLES, now=now, host=f"{schema}.localhost", username="canary")
            found.append(mark_city(schema, visitor.client.cookies))
    return found


@pytest.mark.parametrize(("city_logins", "threads"), [(False, 64), (True, 40)], ids=["set role", "city logins"])
def test_no_answer_holds_anything_of_another_city(
    marks: list[Mark],
    settings: Settings,
    city_logins: bool,
    threads: int,
    record_property: Callable[[str, object], None],
) -> None:
    """With city logins there are fewer threads: each keeps three sessions, and the server permits two hundred."""
    settings.CITY_LOGINS = city_logins
    responses, seconds = (RESPONSES // 2, float("inf")) if RESPONSES else (10**6, SECONDS)
    told = hammer(marks, seed=SEED, threads=threads, responses=responses, seconds=seconds)
    record_property("figure", f"{sum(told.answers.values()):,} answers of two cities")
    assert told.leaks == []
    assert told.errors == []
    assert set(told.answers) == WAYS
    assert all(told.own[way] for way in WAYS - {"task"}), "the word is where it would be seen"
