import pkgutil

import pytest

# An assertion of a helper is told as well as one of a test, and counted (tests/asserting.py).
pytest.register_assert_rewrite(*(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__)))
