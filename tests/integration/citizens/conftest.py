"""A city with people in it and officials who review."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from regions.models import City
from tests.integration.review.desk import Desk, open_desk


@pytest.fixture
def desk(bare_city: City, now: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """zhang and chen, who are citizens; li and wu, who review."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
