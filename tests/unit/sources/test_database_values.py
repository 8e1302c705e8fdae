"""What drivers return, spelt as the contract does."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regions.sources.connectors.police_database import to_content

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("recorded_at", datetime(2026, 11, 20, 8, tzinfo=UTC), "2026-11-20T08:00:00+00:00"),
        ("recorded_at", datetime(2026, 11, 20, 8), "2026-11-20T08:00:00+08:00"),  # noqa: DTZ001 - as drivers give them
        ("recorded_at", "2026-11-20 08:00:00", "2026-11-20T08:00:00+08:00"),
        ("recorded_at", "2026-11-20 08:00:00.5+05:30", "2026-11-20T08:00:00.500000+05:30"),
        ("recorded_at", "2026-11-20 00:00:00+08", "2026-11-20T00:00:00+08:00"),
        ("recorded_at", "infinity", "infinity"),
        ("recorded_at", "0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ("recorded_at", None, None),
        ("started_on", date(2026, 11, 20), "2026-11-20"),
        ("started_on", datetime(2026, 11, 20), "2026-11-20"),  # noqa: DTZ001 - Oracle's DATE
        ("started_on", datetime(2026, 11, 20, 1, tzinfo=timezone(timedelta(hours=8))), "2026-11-20T01:00:00+08:00"),
        ("started_on", "0000-00-00", "0000-00-00"),
        ("ended_on", None, None),
        ("revoked", 0, False),
        ("revoked", 1, True),
        ("revoked", True, True),
        ("revoked", Decimal(1), True),
        ("revoked", b"\0", False),
        ("revoked", 2, 2),
        ("revoked", "f", "f"),
        ("revoked", None, None),
        ("id_type", 10, "10"),
        ("id_type", Decimal(99), "99"),
        ("area", "510100    ", "510100"),
        ("full_name", "张三".encode("gbk"), "\udcd5\udcc5\udcc8\udcfd"),
        ("detail", {"a": 1}, {"a": 1}),
        ("kind", True, True),
    ],
)
def test_a_value_becomes_the_contracts(column: str, value: Any, expected: Any) -> None:
    content = to_content({column: value}, SHANGHAI)[column]
    assert content == expected
    assert type(content) is type(expected)
