"""A pytest plugin: a test that passes without having asserted anything fails.

These are counted: ``assert`` statements that held, in tests and in the modules they share; ``pytest.raises``; and functions
marked as ``@checker``. Only checks during the test's own call count, not those of its fixtures.
"""

from collections.abc import Callable, Generator
from functools import wraps
from typing import ParamSpec, TypeVar

import pytest
from _pytest.assertion import rewrite, util

# Use separate files for compiled tests: those compiled without this plugin do not call the hook.
rewrite.PYC_TAIL = f"-asserting{rewrite.PYC_TAIL}"
P = ParamSpec("P")
R = TypeVar("R")
MESSAGE = "It asserted nothing. What raises by itself is a check too once its function is marked @checker (tests/asserting.py)."


class Assertions:
    """Counts assertions that held, in place of pytest's hook for them.

    A rewritten assertion first checks whether a hook exists, then formats both its sides for it. Here the check is counted
    and its result is that there is no hook: formatting every world and evaluating every query set again would take minutes.
    """

    def __init__(self) -> None:
        self.held = 0

    def __bool__(self) -> bool:
        self.held += 1
        return False

    def __call__(self, lineno: int, orig: str, expl: str) -> None:
        """Do nothing. It exists for the hook's type and is never called."""


assertions = Assertions()


def checker(function: Callable[P, R]) -> Callable[P, R]:
    """Count each return of the function as a check: it raises if something is wrong, without an ``assert`` of ours."""

    @wraps(function)
    def checks(*args: P.args, **kwargs: P.kwargs) -> R:
        answer = function(*args, **kwargs)
        assertions.held += 1
        return answer

    return checks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    leave = pytest.RaisesExc.__exit__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(util, "_assertion_pass", assertions)
        patch.setattr(pytest.RaisesExc, "__exit__", checker(leave))
        before = assertions.held
        yield
    if assertions.held == before:
        pytest.fail(MESSAGE, pytrace=False)
