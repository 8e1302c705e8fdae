"""The machine's browser, restricted to the loopback interface."""

import os
import shutil

import pytest

from tests.closing_lines import WANTS_CHROMIUM

# The first draws no windows and needs half the processor time of the others for a page.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    # Without it, each visit to another host starts a process, which takes longer than most of the portal's pages.
    "--renderer-process-limit=1",
    # Host names other than the portal's are not resolved.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
MISSING = f"There is no browser on this machine for journeys and pictures; {WANTS_CHROMIUM}."


def find_chrome() -> str | None:
    """Return the path of the browser, or ``None`` if the machine has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def chrome_or_skip() -> str:
    """Return the path of the browser. If there is none, skip the test, or let it fail in continuous integration."""
    found = find_chrome()
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(WANTS_CHROMIUM)
    return found
