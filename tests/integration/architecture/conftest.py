"""Fixtures of ``tests/integration/official`` (the officials) and of ``tests/integration/sources`` (the police database)."""

from tests.integration.official.conftest import at_work, clock, desk, picture, stranger, visitor
from tests.integration.sources.conftest import police

__all__ = ["at_work", "clock", "desk", "picture", "police", "stranger", "visitor"]
