"""Fixtures of a city in which some are red or yellow after the first run, and of a family in it."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from codes.models import Citizen, Guardianship
from regions.keys.encryption import encrypt_phone, phone_hash
from regions.models import City
from tests.integration.review.desk import Desk, open_desk

PHONE = "13812345678"


@pytest.fixture
def desk(bare_city: City, now: datetime, settings: Settings, tmp_path: Path) -> Desk:
    """The city, where zhang is red with one provider and chen yellow. All have phones, and the city sends SMS."""
    settings.MEDIA_ROOT, settings.SMS_GATEWAY = tmp_path / "media", "tests.of.a.city"
    opened = open_desk({"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}, now=now)
    for place, citizen in enumerate(Citizen.objects.order_by("pk")):
        phone = f"{int(PHONE) + place}"
        citizen.phone_encrypted, citizen.phone_hash = encrypt_phone(phone), phone_hash(phone)
        citizen.full_name = f"{citizen.ref}小三"
        citizen.save()
    return opened


@pytest.fixture
def family(desk: Desk) -> Guardianship:
    """The guardianship of chen for zhang."""
    return Guardianship.objects.create(
        guardian=desk.citizen("chen"),
        dependant=desk.citizen("zhang"),
        asked_at=desk.now,
        reviewed_by="wu",
        reviewed_at=desk.now,
        accepted=True,
    )
