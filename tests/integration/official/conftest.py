"""Fixtures of officials' pages at beta: citizens about whom the providers disagree, and officials at their browsers."""

from collections.abc import Callable

import pytest

from tests.integration.pages.conftest import clock, desk, picture, stranger, visitor
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

__all__ = ["clock", "desk", "picture", "stranger", "visitor"]

At = Callable[..., Visitor]


@pytest.fixture
def at_work(desk: Desk) -> At:
    """Return a signed-in official by user name: ``li`` and ``wu`` are reviewers, ``wang`` is an approver."""
    return lambda name: Visitor.as_account(name, now=desk.now)
