"""Drawing a picture anew takes no more memory than the bound, whatever its format, mode and size; what would is refused."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from codes.review.evidence.faults import UploadFault
from portal.embedded.state import CHECKOUT
from tests.unit.review.picture_memory import MAKES, SMALL, WHOLE

# Tables, and what the allocator keeps for itself.
SLACK = 2**20


@pytest.fixture(scope="module")
def measured() -> list[dict[str, Any]]:
    """Every picture drawn in a process whose allocator gives back at once what is freed, so that its size tells."""
    env = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TOP_PAD_": "0"}
    program = [sys.executable, "-m", "tests.unit.review.picture_memory"]
    lines = subprocess.run(program, cwd=CHECKOUT, env=env, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def test_no_picture_takes_more_than_the_bound(measured: list[dict[str, Any]]) -> None:
    drawn = [one for one in measured if one["bound"] == SMALL]
    assert len(drawn) == 2 * len(MAKES)
    assert [one for one in measured if one["growth"] > one["bound"] + SLACK] == []
    # The bound is not held by refusing everything, nor is it out of reach.
    assert sum(not one["fault"] for one in drawn) >= len(MAKES)
    assert max(one["growth"] for one in drawn) > 0.9 * SMALL
    assert {one["fault"] for one in drawn} == {"", UploadFault.TOO_MUCH_MEMORY}


def test_photos_and_screenshots_pass_and_blanks_that_fill_the_memory_do_not(measured: list[dict[str, Any]]) -> None:
    refused = UploadFault.TOO_MUCH_MEMORY
    assert {one["name"]: one["fault"] for one in measured if one["bound"] == WHOLE} == {
        "a photo of 12 megapixels": "",
        "a photo of 50 megapixels": "",
        "a long screenshot": "",
        "a screenshot as WebP": "",
        "a blank PNG of 40 megapixels": refused,
        "a blank WebP of 18 megapixels": refused,
    }
