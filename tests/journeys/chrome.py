"""The browser of the machine, shut off from everything but the loopback."""

import os
import shutil

import pytest

from tests.closing_lines import WANTS_CHROMIUM

# The first has no windows of its own to draw, and takes half the processor time of the others for a page.
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
    # Else each visit of another host starts a process, which takes longer than most of the portal's pages.
    "--renderer-process-limit=1",
    # Whatever is not one of the portal's names leads nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
MISSING = f"There is no browser on this machine for journeys and pictures; {WANTS_CHROMIUM}."


def find_chrome() -> str | None:
    """Where it is, none on a machine without one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def chrome_or_skip() -> str:
    """The same; without one the journeys are skipped, but never where changes are taken: there they fail."""
    found = find_chrome()
    if found is None and os.environ.get("CI"):
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(WANTS_CHROMIUM)
    return found
