"""A pytest plugin: a test that passes without having asserted anything fails.

Counted are ``assert`` statements that held, in tests and in what they share, ``pytest.raises``, and functions marked as
``@checker``. Only the test's own call counts, not what its fixtures check.
"""

from collections.abc import Callable, Generator
from functools import wraps
from typing import ParamSpec, TypeVar

import pytest
from _pytest.assertion import rewrite, util

# Compiled tests of a checkout that has been used without this plugin do not ask for the hook.
rewrite.PYC_TAIL = f"-asserting{rewrite.PYC_TAIL}"
P = ParamSpec("P")
R = TypeVar("R")
MESSAGE = "It asserted nothing. What raises by itself is a check too once its function is marked @checker (tests/asserting.py)."


class Assertions:
    """Stands where pytest keeps its hook for assertions that held.

    A rewritten assertion asks whether there is a hook before it formats both its sides for it. The answer is no, and the
    question is counted: formatting every world and asking the database for every query set again would cost minutes.
    """

    def __init__(self) -> None:
        self.held = 0

    def __bool__(self) -> bool:
        self.held += 1
        return False

    def __call__(self, lineno: int, orig: str, expl: str) -> None:
        """Never called; its type is the hook's."""


assertions = Assertions()


def checker(function: Callable[P, R]) -> Callable[P, R]:
    """For a function that raises where something is wrong, without an ``assert`` of ours: when it returns, it has checked."""

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
