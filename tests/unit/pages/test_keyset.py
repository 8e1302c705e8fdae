"""Tokens of pages: ours come back as they went, anything else is the first page."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import Q

from portal.web.keyset import _after, _decode, _encode


def test_a_token_comes_back_as_it_went() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    row: Any = SimpleNamespace(due_at=at, id=7)
    assert _decode(_encode(row, ["due_at", "-id"]), 2) == [at.isoformat(), 7]


@pytest.mark.parametrize("token", ["", "x", "!!!", "e30", "W10", "WzEsMl0x", "bnVsbA", "W251bGwsMV0", "[1,2]"])
def test_what_is_no_token_is_the_first_page(token: str) -> None:
    assert _decode(token, 2) is None


def test_after_a_place_is_greater_in_the_first_column_that_differs() -> None:
    assert _after(["due_at", "-id"], [1, 2]) == Q(due_at__gt=1) | Q(due_at=1) & Q(id__lt=2)
