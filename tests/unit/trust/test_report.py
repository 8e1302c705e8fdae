"""The trust report: every line is in it, and says no more than its tests did."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from tests.trust.__main__ import (
    CHECKOUT,
    TRUST,
    Outcome,
    Ran,
    Verdict,
    judge,
    latest,
    lines_of,
    read_junit,
    report,
    shown_by,
)

JUNIT = """<testsuites><testsuite>
<testcase classname="fixture.one.test_a" name="test_x[1]"><properties><property name="figure" value="3 s"/></properties></testcase>
<testcase classname="fixture.one.test_a" name="test_y"><failure/></testcase>
<testcase classname="fixture.one.test_b" name="test_z"><skipped/></testcase>
</testsuite></testsuites>"""

A_X = Ran("fixture/one/test_a.py::test_x", Outcome.PASSED, ("3 s",))
A_Y = Ran("fixture/one/test_a.py::test_y", Outcome.FAILED)
B_Z = Ran("fixture/one/test_b.py::test_z", Outcome.SKIPPED)


def test_every_line_has_its_tests_and_nothing_else_has() -> None:
    lines = list(lines_of(TRUST.read_text(encoding="utf-8")))
    keys = [line.key for line in lines]
    assert len(keys) == len(set(keys)) > 50
    assert all(line.section for line in lines)
    assert set(keys) == set(shown_by())


def test_every_named_test_is_there() -> None:
    named = {name for entry in shown_by().values() for name in entry["tests"]}
    missing = []
    for name in named:
        path, _, function = name.partition("::")
        place = CHECKOUT / path
        if not place.exists() or (function and f"def {function}(" not in place.read_text(encoding="utf-8")):
            missing.append(name)
    assert missing == []


def test_a_junit_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(JUNIT, encoding="utf-8")
    assert list(read_junit(tmp_path / "junit.xml")) == [A_X, A_Y, B_Z]


@pytest.mark.parametrize(
    ("tests", "remains", "verdict"),
    [
        (["fixture/one/test_a.py::test_x"], "", Verdict.HOLDS),
        (["fixture/one/test_a.py::test_x"], "the other half", Verdict.IN_PART),
        (["fixture/one/test_a.py"], "", Verdict.DOES_NOT),
        (["fixture/one"], "", Verdict.DOES_NOT),
        (["fixture/one/test_b.py"], "", Verdict.NOT_TRIED),
        (["fixture/one/test_a.py::test_x", "fixture/two"], "", Verdict.NOT_TRIED),
        (["fixture/one/test_a.py::test_"], "", Verdict.NOT_TRIED),
        ([], "", Verdict.NOT_TRIED),
        ([], "nothing of it", Verdict.DOES_NOT),
    ],
)
def test_a_line_says_no_more_than_its_tests(tests: list[str], remains: str, verdict: Verdict) -> None:
    assert judge(tests, remains, [A_X, A_Y, B_Z])[0] is verdict


def test_a_test_that_ran_again_counts_as_it_last_did() -> None:
    mended = Ran(A_Y.name, Outcome.PASSED)
    assert latest([[A_X, A_Y], [mended]]) == [A_X, mended]


def test_figures_are_told() -> None:
    assert judge(["fixture/one/test_a.py::test_x"], "", [A_X])[1] == "1 tests passed; 3 s"


@pytest.mark.parametrize("further", [{}, {"runs-5": "200/200 plans"}])
def test_the_page_has_a_row_for_each_line(further: Mapping[str, str]) -> None:
    page = report([A_X], day=date(2026, 11, 29), commit="abc", further=further)
    assert all(f"| {line.number} |" in page for line in lines_of(TRUST.read_text(encoding="utf-8")))
    assert ("200/200 plans" in page) is bool(further)
    assert "2026-11-29" in page
