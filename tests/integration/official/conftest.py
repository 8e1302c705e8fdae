"""The officials' desk at beta: people the providers differ about, and officials at their browsers."""

from collections.abc import Callable

import pytest

from tests.integration.pages.conftest import clock, desk, picture, stranger, visitor
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

__all__ = ["clock", "desk", "picture", "stranger", "visitor"]

At = Callable[..., Visitor]


@pytest.fixture
def at_work(desk: Desk) -> At:
    """An official of the desk by name, signed in with both factors: ``li`` and ``wu`` review, ``wang`` approves."""
    return lambda name: Visitor.as_account(name, now=desk.now)
