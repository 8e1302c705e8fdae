"""The pages of rule sets, sources and staff need few queries, however long their lists are."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import RuleSet, RuleSetVersion
from codes.rule_sets import drafts
from regions.sources.models import Batch, Quarantined, Source
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor
from tests.integration.rehearsal.test_pages import city, manager  # noqa: F401 - fixtures
from tests.integration.rehearsal.test_rehearsal import Lived
from tests.integration.review.desk import hire
from tests.integration.sources.officials import at_desk

MOST = 12


def questions(visitor: Visitor, path: str) -> int:
    """How many the page asks; that every one of them is preceded by the city's search path is the tenancy's doing."""
    with CaptureQueriesContext(connection) as captured:
        assert visitor.get(path).status_code == 200
    return sum(not query["sql"].startswith("SET ") for query in captured.captured_queries)


def test_rule_sets(city: Lived, manager: Visitor) -> None:  # noqa: F811
    now = city.scene.as_of
    rule_set = RuleSet.objects.get(code=city.draft.code)
    begun = [drafts.begin(rule_set.pk, by="gu", now=now) for _ in range(5)]
    version = RuleSetVersion.objects.filter(rule_set=rule_set).earliest("pk")
    code = rule_set.code
    for path in ("", f"{code}/", f"{code}/versions/{version.version}/", f"drafts/{begun[0].pk}/"):
        assert questions(manager, f"/staff/rule-sets/{path}") <= MOST


def test_sources(city: Lived) -> None:  # noqa: F811
    now = city.scene.as_of
    visitor = at_desk("qian", "source_manager", now=now)
    source = Source.objects.earliest("pk")
    for days in range(1, 40):
        Batch.objects.create(source=source, state="refused", reason="abandoned", started_at=now - timedelta(days=days))
    assert Quarantined.objects.count() == 0
    for path in ("", f"{source.code}/", f"{source.code}/quarantine/", f"{source.code}/change/"):
        assert questions(visitor, f"/staff/sources/{path}") <= MOST


@pytest.mark.parametrize("path", ["", "new/"])
def test_staff(city: Lived, path: str) -> None:  # noqa: F811
    now = city.scene.as_of
    visitor = at_desk("an", "security_admin", now=now)
    for number in range(30):
        hire(f"p{number}", Role.REVIEWER, Role.APPROVER, now=now)
    assert questions(visitor, f"/staff/people/{path}") <= MOST
