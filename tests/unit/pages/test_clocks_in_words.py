"""Clocks as people say them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from portal.templatetags.page import span, time_left

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(seconds=5), "1分钟", "1 minute"),
        (timedelta(minutes=59), "59分钟", "59 minutes"),
        (timedelta(minutes=60), "1小时", "1 hour"),
        (timedelta(hours=47), "47小时", "47 hours"),
        (timedelta(hours=48), "2天", "2 days"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(length: timedelta, zh: str, en: str) -> None:
    with override("zh-hans"):
        assert span(length) == zh
    with override("en"):
        assert span(length) == en


def test_what_is_due_is_left_or_overdue() -> None:
    with override("zh-hans"):
        assert time_left(NOW + timedelta(hours=3), NOW) == "还剩3小时"
        assert time_left(NOW - timedelta(hours=3), NOW) == "已超时3小时"
