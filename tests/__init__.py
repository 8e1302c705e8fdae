import pkgutil

import pytest

# Rewrite the assertions of these modules like those of tests: with details on failure, and counted (tests/asserting.py).
pytest.register_assert_rewrite(*(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__)))
