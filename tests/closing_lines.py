"""A pytest plugin: report at the end of a run the tests skipped because there is no browser, and the flaky ones."""

from collections.abc import Generator, Iterator

import pytest

# The reason with which a journey is skipped.
WANTS_CHROMIUM = "they need Chromium (Debian: apt install chromium-headless-shell)"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--name-flaky", action="store_true", help="what passes now failed before: name it as flaky")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Write the lines after pytest's own summary, before its last line."""
    yield
    left_out = sum(reason.endswith(WANTS_CHROMIUM) for reason in _reasons(terminalreporter.stats.get("skipped", [])))
    if left_out:
        journeys = "1 journey" if left_out == 1 else f"{left_out} journeys"
        terminalreporter.write_line(f"Left out: {journeys}; {WANTS_CHROMIUM}.", yellow=True)
    if config.getoption("name_flaky"):
        for report in terminalreporter.stats.get("passed", []):
            terminalreporter.write_line(f"flaky: {report.nodeid}", yellow=True)


def _reasons(skipped: list[pytest.TestReport]) -> Iterator[str]:
    """Yield the reasons. The report of a skipped test contains file, line and reason."""
    return (report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple))
