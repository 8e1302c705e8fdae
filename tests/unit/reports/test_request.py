"""What may be asked for, and what a purpose may say."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from codes.reports.request import ABOUT_PEOPLE, CannotExport, ReportName, ReportRequest, bounds, checked_purpose, named

FIRST, LAST = date(2026, 11, 23), date(2026, 11, 24)


def test_days_the_wrong_way_round_are_refused() -> None:
    assert ReportRequest(ReportName.CODES, FIRST, FIRST).first == FIRST
    with pytest.raises(CannotExport, match="2026-11-24 is after 2026-11-23"):
        ReportRequest(ReportName.CODES, LAST, FIRST)


@pytest.mark.parametrize("report", sorted(set(ReportName) - ABOUT_PEOPLE))
def test_reports_without_people_cannot_be_identified(report: ReportName) -> None:
    with pytest.raises(CannotExport, match="names no citizen"):
        ReportRequest(report, identified=True)


def test_days_are_the_citys_and_half_open() -> None:
    found = bounds(FIRST, LAST, zone=ZoneInfo("Asia/Shanghai"))
    assert found == {"from": datetime(2026, 11, 22, 16, tzinfo=UTC), "until": datetime(2026, 11, 24, 16, tzinfo=UTC)}
    assert bounds(None, None, zone=ZoneInfo("Asia/Urumqi")) == {"from": None, "until": None}


def test_days_are_named_as_they_were_asked_for() -> None:
    assert named(FIRST, FIRST) == {"day": "2026-11-23"}
    assert named(FIRST, None) == {"from": "2026-11-23", "to": None}


def test_a_purpose_says_something() -> None:
    assert checked_purpose("  年度审计抽查 ") == "年度审计抽查"
    for nothing in ("", "    ", "abcd", " abcd "):
        with pytest.raises(CannotExport, match="at least 5"):
            checked_purpose(nothing)


@pytest.mark.parametrize("number", ["510107199003074518", "13800138000", "51010719900307451X"])
def test_a_purpose_names_nobody_by_number(number: str) -> None:
    with pytest.raises(CannotExport, match="journalled"):
        checked_purpose(f"complaint of {number}")
    assert checked_purpose("case D20261124-000001")
