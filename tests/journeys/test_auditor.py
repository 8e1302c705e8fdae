"""An auditor exports a month's report and verifies its signature on a machine without a database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.embedded.state import CHECKOUT
from tests.journeys.conftest import Opens
from tests.journeys.measuring import Measure, Records
from tests.journeys.people import Browser

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def fetch(auditor: Browser, what: str, folder: Path) -> Path:
    """Download the export's ``file`` or ``manifest`` under the file name that the portal suggests."""
    with auditor.page.expect_download() as coming:
        auditor.page.locator(f"main a[href$='/{what}/']").click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


def verify(file: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command without a reachable database."""
    elsewhere = {**os.environ, "DATABASE_URL": NOWHERE, "DATABASE_OWNER_URL": NOWHERE}
    command = [sys.executable, "manage.py", "verify_export", str(file)]
    return subprocess.run(command, cwd=CHECKOUT, env=elsewhere, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("device", "language"), [("desktop", "zh-hans"), ("phone", "en")])
def test_a_month_is_exported_and_verified_off_line(
    window: Opens, tmp_path: Path, record_property: Records, device: str, language: str
) -> None:
    auditor = window(device)
    measure = Measure(auditor.page, device, language, record_property)
    auditor.open("/staff/sign-in/")
    auditor.in_language(language)
    with measure.taken("export"):
        auditor.sign_in_as_staff("sun")
        auditor.go_to("/staff/reports/")
        auditor.page.locator("main a[href$='/reports/disagreements/']").click()
        auditor.page.locator("[name=first]").first.fill("2026-11-01")
        auditor.page.locator("[name=last]").first.fill("2026-11-30")
        auditor.press("Show the first rows")
        assert auditor.page.locator("main table tbody tr").count() > 10
        auditor.page.locator("[name=file_format]").select_option("csv")
        auditor.press("Start the export")
        file = fetch(auditor, "file", tmp_path)
        fetch(auditor, "manifest", tmp_path)
    done = verify(file)
    assert done.returncode == 0, done.stderr
    assert "disagreements" in done.stdout

    altered = file.read_bytes().replace(b"red", b"grn", 1)
    file.write_bytes(altered)
    assert verify(file).returncode == 6
