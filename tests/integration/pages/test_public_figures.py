"""The public figures: written once a week, without small groups, and read by one short query."""

from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import Case, Citizen, PublishedWeek
from codes.public_figures import publish_weeks
from codes.vocabulary import Cause
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

MONDAY = date(2026, 11, 23)


def test_a_week_is_written_once_when_it_is_over_and_read_by_anybody(desk: Desk, stranger: Visitor) -> None:
    """Three people differ; eleven cases are decided, each after four hours."""
    for number in range(11):
        citizen = Citizen.objects.create(
            ref=f"r{number}", id_type="10", id_hash=bytes([number]), id_encrypted=b"x", known_since=desk.now
        )
        Case.objects.create(
            number=f"W{number}", kind="appeal", citizen=citizen, state="denied", severity="red",
            opened_at=desk.now, due_at=desk.now, closed_at=desk.now + timedelta(hours=4),
        )  # fmt: skip
    next_monday = desk.now + timedelta(days=6)
    assert publish_weeks(now=desk.now) == 0
    assert "还没有完整的一周" in stranger.read("/figures/")
    assert [publish_weeks(now=next_monday) for _ in range(2)] == [1, 0]
    week = PublishedWeek.objects.get()
    assert (week.monday, week.people) == (MONDAY, 10)
    assert set(week.causes) == set(Cause)
    assert set(week.causes.values()) == {0, None}, "three are a small group"
    assert week.disagreements is None, "the sum would tell of them"
    assert (week.decided, week.median_hours) == (11, 4)

    PublishedWeek.objects.create(
        monday=MONDAY - timedelta(weeks=1), people=12340, causes={}, disagreements=None, published_at=desk.now
    )
    with CaptureQueriesContext(connection) as asked:
        page = stranger.read("/figures/?weeks=9999")
    tables = [query["sql"] for query in asked if "codes_" in query["sql"]]
    assert len(tables) == 1
    assert "codes_publishedweek" in tables[0]
    assert "12,340" in page
    assert page.count('<td class="number">*</td>') == 3, "both sums, and in a week without a run what was decided"
    assert "private, max-age=3600" in stranger.get("/figures/").headers["Cache-Control"]
