"""The plugins of the suite itself, each on a suite of its own."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
SUITE = """
    import pytest
    from hypothesis import given, strategies
    from tests.asserting import checker

    def test_with_an_assertion():
        assert 1 + 1 == 2

    def test_with_an_error_expected():
        with pytest.raises(ZeroDivisionError):
            1 / 0

    @given(strategies.integers())
    def test_with_drawn_values(number):
        assert number == int(number)

    @checker
    def sees_to_it():
        return None

    def test_with_a_checker():
        sees_to_it()

    class Loud:
        def __repr__(self):
            raise OSError("nobody may ask what it looks like")

    def test_with_what_cannot_be_shown():
        loud = Loud()
        assert loud is loud

    def test_skipped():
        pytest.skip("not today")

    def test_without_anything():
        1 + 1

    @pytest.mark.parametrize("number", [1, 2])
    def test_that_returns_early(number):
        if number == 1:
            return
        assert number == 2

    @pytest.fixture
    def checked():
        assert True
        yield
        assert True

    def test_that_leaves_it_to_its_fixture(checked):
        pass

    def test_that_fails():
        assert not "nothing"
"""


@pytest.fixture
def alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Where nothing of this checkout's set-up is seen but its plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return pytester


def test_a_test_without_assertions_fails(alone: pytest.Pytester) -> None:
    alone.makepyfile(SUITE)
    run = alone.runpytest_subprocess("-p", "tests.asserting", "-o", "enable_assertion_pass_hook=true", "-rf")
    run.assert_outcomes(passed=6, skipped=1, failed=4)
    for name in ("without_anything", "that_returns_early[[]1[]]", "that_leaves_it_to_its_fixture"):
        run.stdout.fnmatch_lines(f"FAILED *::test_{name} - Failed: It asserted nothing.*")
    assert run.stdout.str().count("It asserted nothing.") == 2 * 3, "in the report and in the summary"


def test_what_passes_now_is_named_as_flaky(alone: pytest.Pytester) -> None:
    alone.makepyfile("def test_good(): pass\ndef test_bad(): raise OSError")
    run = alone.runpytest_subprocess("-p", "tests.closing_lines", "--name-flaky")
    lines = [line for line in run.outlines if line.startswith("flaky: ")]
    assert lines == ["flaky: test_what_passes_now_is_named_as_flaky.py::test_good"]
    assert "1 failed, 1 passed" in run.outlines[-1]


def test_what_was_left_out_is_said(alone: pytest.Pytester) -> None:
    alone.makepyfile(
        """
        import pytest
        from tests.closing_lines import WANTS_CHROMIUM

        @pytest.mark.parametrize("number", [1, 2])
        def test_journey(number):
            pytest.skip(WANTS_CHROMIUM)

        def test_other():
            pytest.skip("not today")
        """
    )
    run = alone.runpytest_subprocess("-p", "tests.closing_lines", "-ra")
    assert run.outlines[-2] == "Left out: 2 journeys; they need Chromium (Debian: apt install chromium-headless-shell)."
    assert "flaky" not in run.stdout.str()
