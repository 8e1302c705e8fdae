"""Natural numbers in texts from outside: what is none is refused before it is converted."""

import pytest

from portal.auditor.report_labels import _run_titles
from regions.numbers import number_of


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "1_000", "٣", "²", "9" * 19, "9" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert number_of(text) is None


def test_a_caller_may_bound_the_digits() -> None:
    assert (number_of("99999", digits=5), number_of("100000", digits=5)) == (99999, None)


def test_a_run_that_is_named_by_no_number_has_no_title() -> None:
    """The journal shows subjects as they are stored; ``str.isdigit`` takes “²” for a digit, ``int`` does not."""
    assert _run_titles(["run:²", "run:", f"run:{'1' * 30}/2"]) == {}
