"""Tokens of pages: ours come back as they went, anything else is the first page."""

import base64
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import Q

from codes.models import Case
from portal.web.keyset import _after, _decode, _encode, _field

PLACE = [_field(Case, "due_at"), _field(Case, "-id")]


def test_a_token_comes_back_as_it_went() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    row: Any = SimpleNamespace(due_at=at, id=7)
    assert _decode(_encode(row, ["due_at", "-id"]), PLACE) == [at, 7]


@pytest.mark.parametrize("token", ["", "x", "!!!", "e30", "W10", "WzEsMl0x", "bnVsbA", "W251bGwsMV0", "[1,2]"])
def test_what_is_no_token_is_the_first_page(token: str) -> None:
    assert _decode(token, PLACE) is None


@pytest.mark.parametrize(
    "values",
    [
        [7, 7],
        ["2026-11-24", "7"],
        ["2026-11-24", True],
        ["2026-11-24", 7.0],
        ["2026-11-24", 2**63],
        ["soon", 7],
        ["2026-11-24\x00", 7],
        ["9999-12-31T23:59:59Z", 7],
        ["0001-01-01T00:00:00Z", 7],
    ],
    ids=repr,
)
def test_values_of_another_type_are_the_first_page(values: list[Any]) -> None:
    assert _decode(base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("="), PLACE) is None


def test_after_a_place_is_greater_in_the_first_column_that_differs() -> None:
    assert _after(["due_at", "-id"], [1, 2]) == Q(due_at__gt=1) | Q(due_at=1) & Q(id__lt=2)
