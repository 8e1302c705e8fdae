"""A city with people in it and officials who review."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """zhang and chen, who are citizens; li and wu, who review."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
