"""How long reviews may take, at weekends and with pauses."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from codes.review.cases.deadlines import complex_deadline, deadlines_of, information_deadline, resumed_deadline

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """An instant in November 2026, city time: ``24 10:00``. The 24th is a Tuesday."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("severity", "first_look", "answer"),
    [("red", "24 14:00", "25 10:00"), ("yellow", None, "24 18:00"), ("green", None, "24 18:00")],
)
def test_due_times_follow_the_severity(severity: str, first_look: str | None, answer: str) -> None:
    due = deadlines_of(severity, opened_at=at("24 10:00"))
    assert due.first_look == (at(first_look) if first_look else None)
    assert due.answer == at(answer)


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("24 10:00", "27 10:00"),  # Tuesday → Friday
        ("25 10:00", "30 10:00"),  # Wednesday → Monday
        ("27 17:30", "02 17:30"),  # Friday → Wednesday
        ("28 09:00", "03 00:00"),  # Saturday counts from Monday midnight
        ("29 23:59", "03 00:00"),  # so does Sunday
    ],
)
def test_a_complex_case_has_three_working_days(opened: str, due: str) -> None:
    found = complex_deadline(at(opened), zone=ZONE)
    assert found.strftime("%d %H:%M") == due
    assert found > at(opened)


def test_working_days_are_the_citys_and_not_utcs() -> None:
    early_monday = at("23 05:00")  # still Sunday in UTC
    assert complex_deadline(early_monday.astimezone(ZoneInfo("UTC")), zone=ZONE) == at("26 05:00")


def test_a_paused_deadline_moves_by_as_long() -> None:
    due = at("25 10:00")
    assert resumed_deadline(due, paused_at=at("24 12:00"), now=at("24 15:30")) == due + timedelta(hours=3, minutes=30)
    assert resumed_deadline(due, paused_at=at("24 12:00"), now=at("24 11:59")) == due


def test_an_answer_is_waited_for_three_days() -> None:
    assert information_deadline(at("24 10:00")) == at("27 10:00")
