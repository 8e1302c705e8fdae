"""The officials' desk of ``tests/integration/official`` and the police database of ``tests/integration/sources``."""

from tests.integration.official.conftest import at_work, clock, desk, picture, stranger, visitor
from tests.integration.sources.conftest import police

__all__ = ["at_work", "clock", "desk", "picture", "police", "stranger", "visitor"]
