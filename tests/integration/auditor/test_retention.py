"""The page about retention: every class of data, and what the last sweep deleted of it."""

from datetime import timedelta
from html import unescape

from django.utils import translation

from regions.retention.classes import data_classes
from regions.retention.models import RetentionSweep
from regions.retention.sweeping import carry_out, sweep_waiting
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

PAGE = "/staff/reports/retention/"


def test_the_page_shows_every_class_and_what_was_found(desk: Desk, auditor: Visitor) -> None:
    before = unescape(auditor.read(PAGE))
    assert "Nothing has been swept yet." in before
    with translation.override("en"):
        titles = [str(one.title) for one in data_classes()]
    for title in titles:
        assert f'<th scope="row">{title}</th>' in before
    (waiting,) = sweep_waiting(now=desk.now)
    carry_out(waiting, clock=lambda: desk.now)
    RetentionSweep.objects.update(found={"facts": {"rows": 4711, "needed": 815, "oldest": "2021-05-04T08:00:00+00:00"}})
    page = auditor.read(PAGE)
    assert "4,711" in page
    assert "815" in page
    assert "2021" in page


def test_a_sweep_that_failed_says_why(desk: Desk, auditor: Visitor) -> None:
    ended = {"state": "failed", "fault": "died", "params": {"attempts": 3}, "ended_at": desk.now}
    RetentionSweep.objects.create(day=desk.now.date() - timedelta(days=1), started_at=desk.now, **ended)
    assert "its worker died 3 times" in auditor.read(PAGE)
