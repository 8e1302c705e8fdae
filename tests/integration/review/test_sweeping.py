"""Overdue cases are escalated, once for each deadline; a paused deadline never expires."""

from datetime import timedelta

import pytest

from codes.models import Case, CaseEvent
from codes.review import information
from codes.review.cases import close
from codes.review.cases.sweep import escalate_overdue, sweep_reviews
from regions.journal.models import JournalEntry
from regions.refusals import NotAllowed
from tests.integration.review.desk import Desk

HOUR = timedelta(hours=1)


def escalated() -> dict[str, str]:
    return dict(Case.objects.filter(escalated_at__isnull=False).values_list("citizen__ref", "escalated_for"))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (3, {}),
        (4, {"zhang": "first_look", "liu": "first_look"}),
        (8, {"zhang": "first_look", "liu": "first_look", "chen": "due"}),
        (24, {"zhang": "due", "liu": "due", "chen": "due"}),
    ],
)
def test_each_clock_runs_out_at_its_time(desk: Desk, hours: int, expected: dict[str, str]) -> None:
    """The run that opened the cases was a minute before."""
    assert escalate_overdue(now=desk.now + hours * HOUR) == len(expected)
    assert escalated() == expected


def test_a_case_is_escalated_once_for_each_clock(desk: Desk) -> None:
    counts = [escalate_overdue(now=desk.now + hours * HOUR) for hours in (4, 5, 8, 9, 24, 30)]
    assert counts == [2, 0, 1, 0, 2, 0]
    told = CaseEvent.objects.filter(case=desk.case(), verb="escalated").order_by("pk").values_list("data", flat=True)
    assert list(told) == [{"clock": "first_look"}, {"clock": "due"}]
    assert JournalEntry.objects.filter(verb="case.escalated").count() == 3


def test_a_red_that_was_looked_at_has_its_answers_clock_only(desk: Desk) -> None:
    close.look(case_id=desk.case().pk, by="li", now=desk.now)
    escalate_overdue(now=desk.now + 4 * HOUR)
    assert escalated() == {"liu": "first_look"}


def test_a_standing_clock_does_not_run_out(desk: Desk) -> None:
    desk.bring(desk.case(), "waiting_for_information")
    escalate_overdue(now=desk.now + 48 * HOUR)
    assert "zhang" not in escalated()


def test_the_sweep_does_everything_that_is_due(desk: Desk) -> None:
    request = information.ask(case_id=desk.case().pk, question="?", by="li", now=desk.now)
    desk.approve(desk.propose("chen"))
    assert sweep_reviews(now=desk.now + HOUR) == {
        "lapsed": 0,
        "escalated": 0,
        "expired": 0,
        "discarded": 0,
        "amended": 0,
    }
    assert sweep_reviews(now=request.answer_by) == {
        "lapsed": 1,
        "escalated": 1,
        "expired": 0,
        "discarded": 0,
        "amended": 0,
    }
    assert sweep_reviews(now=desk.now + timedelta(days=11)) == {
        "lapsed": 0,
        "escalated": 1,
        "expired": 1,
        "discarded": 0,
        "amended": 0,
    }


def test_nobody_looks_as_the_system(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        close.look(case_id=desk.case().pk, by="system", now=desk.now)
