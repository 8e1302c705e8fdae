"""The operator's page names every variable the portal reads."""

import inspect
import re

import pytest

from portal import environment
from portal.embedded import programs, state
from portal.embedded.state import CHECKOUT

READS = re.compile(r'(?:env\.\w+|environ\.get)\("([A-Z_]+)"')
NAMES = sorted({name for module in (environment, programs, state) for name in READS.findall(inspect.getsource(module))})


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_variables_of_the_contract_are_read() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "ALLOWED_HOSTS"} <= set(NAMES)
