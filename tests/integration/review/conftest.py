"""The city that most review tests use."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk

PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """The city, where all are green with alipay; with wechat, zhang (an overlap) and liu (a contact) are red, chen is yellow."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return opened_at_beta(PEOPLE, now=now)
