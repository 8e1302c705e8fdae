"""Stays without an end and with a planned end, on the citizen's page, the case page and in ``explain``."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils.translation import override

from codes.explanation import explain
from codes.models import Fact, RiskArea, Rule, RuleSetVersion
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

At = Callable[[str], Visitor]


@pytest.fixture
def stays(desk: Desk) -> Desk:
    """A rule waits for the end of stays in Wuhan, whose listing has no end."""
    version = RuleSetVersion.objects.get()
    Rule.objects.create(
        version=version, code="S1", kind="area_stay", colour="red", anchor="ended", hold_days=14, area_levels=["high"]
    )
    RiskArea.objects.create(version=version, area="420100", level="high", from_day=desk.now.date() - timedelta(days=30))
    return desk


def stay(desk: Desk, *, ended_on: date | None = None) -> None:
    """zhang has been in Wuhan for three days."""
    recorded = desk.now - timedelta(hours=1)
    Fact.objects.create(
        citizen=desk.citizen("zhang"),
        origin="source",
        source_id=desk.keys.sources["police"],
        record_id="stay",
        version=1,
        kind="area_stay",
        area="420100",
        started_on=desk.now.date() - timedelta(days=3),
        ended_on=ended_on,
        recorded_at=recorded,
        received_at=recorded,
    )
    desk.run()


def test_a_page_asks_when_the_stay_ended(stays: Desk, visitor: At) -> None:
    stay(stays)
    assert "请说明离开武汉市的日期：提出申诉" in visitor("zhang").read("/code/")
    assert "Say when the stay in Wuhan ended" in visitor("zhang").in_english().read("/code/")


def test_a_case_says_that_the_stay_goes_on_and_what_is_missing(stays: Desk, at_work: At) -> None:
    stay(stays)
    page = at_work("li").read(f"/staff/cases/{stays.case().number}/")
    assert "仍在当地，尚未开始计时" in page
    assert "请登记该次在武汉市停留的数据源补报离开日期" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "the stay goes on: no day counts yet"), ("zh-hans", "在此之前视为仍在当地，不计天数。")],
)
def test_explain_says_it_too(stays: Desk, language: str, said: str) -> None:
    stay(stays)
    with override(language):
        assert any(said in line for line in explain(stays.citizen("zhang"), now=stays.now))


def test_a_planned_end_says_when_the_clock_starts(stays: Desk, visitor: At) -> None:
    end = stays.now.date() + timedelta(days=14)
    stay(stays, ended_on=end)
    page = visitor("zhang").read("/code/")
    assert f"{end.month}月{end.day}日开始计时，共14天。" in page
    assert "第" not in page.partition("到什么时候？")[2].partition("该怎么做？")[0]
