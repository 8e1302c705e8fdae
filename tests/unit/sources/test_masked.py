"""What may be an ID number or a phone is masked wherever it stands in a record that is in disorder."""

from typing import Any

import pytest

from regions.masking import mask_value
from tests.integration.lines import ANNA

PHONE = "13812345678"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id_number", ANNA),
        ("id_number", int(ANNA[:17])),
        ("full_name", f"安娜{ANNA}"),
        ("kind", f"MJ{ANNA}"),
        ("area", ANNA),
        ("record_id", f"r-{ANNA}"),
        ("record_id", f"call-{PHONE}"),
        ("detail", {"note": {"phones": [PHONE, int(PHONE)]}}),
        ("detail", {ANNA: 1}),
        ("detail", f"证件{ANNA}电话{PHONE}"),
        ("x", f"{ANNA[:6]} {ANNA[6:14]} {ANNA[14:]}"),
    ],
)
def test_numbers_are_masked_wherever_they_stand(name: str, value: Any) -> None:
    shown = str(mask_value(name, value))
    for number in (ANNA, ANNA[:17], ANNA[6:14], PHONE):
        assert number not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "MJ"),
        ("area", "510100"),
        ("started_on", "2026-11-18"),
        ("recorded_at", "2026-11-18T08:00:00.123456+08:00"),
        ("record_id", "POLICE-510100-0001787-1-X"),
        ("revoked", False),
        ("ended_on", None),
        ("detail", {"test": "negative"}),
    ],
)
def test_what_officials_need_is_left(name: str, value: Any) -> None:
    assert mask_value(name, value) == value


def test_a_name_keeps_its_ends() -> None:
    assert mask_value("full_name", "张小三") == "张*三"
