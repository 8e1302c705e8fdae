"""Fixtures of a city with citizens and reviewers."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """The city with the citizens zhang and chen and the reviewers li and wu."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
