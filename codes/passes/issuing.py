"""Creating a citizen's pass: the current effective colour, valid for sixty seconds, under a pseudonym that changes every day."""

import base64
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db.models import QuerySet

from codes.effective import CurrentCode, effective_code
from codes.models import Citizen
from codes.passes.key_list import PublishedKey, key_id_of, write_list
from codes.passes.token import LIFETIME, Pass, write_token
from regions.installation import installation_key
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.prepared import Prepared
from regions.tenancy import current_city

PSEUDONYM = "pass_pseudonym"
HALF_BLOCK = 8


def issue_pass(
    citizen: Citizen, *, now: datetime, current: CurrentCode | None = None, key_number: int | None = None
) -> tuple[str, Pass]:
    """Return a new token and its content.

    It is not journalled: codes are shown millions of times a day, and a pass identifies nobody.

    ``current`` is the citizen's effective code and ``key_number`` the key in use, if the caller has just read them.
    """
    city = current_city()
    issued_at = now.replace(microsecond=0)
    content = Pass(
        division=city.division,
        pseudonym=pseudonym(citizen, day=city.day_of(now)),
        colour=(current or effective_code(citizen.pk, now=now)).colour,
        issued_at=issued_at,
        expires_at=issued_at + LIFETIME,
    )
    return _signed(content, key_number), content


def pseudonym(citizen: Citizen, *, day: date) -> str:
    """Return the citizen's 26-letter pseudonym: the same on all passes of one day, not linkable to other days or cities.

    Only the city can resolve it.
    """
    block = citizen.pk.to_bytes(HALF_BLOCK, "big") + day.toordinal().to_bytes(HALF_BLOCK, "big")
    return base64.b32encode(encryption.encrypt_block(block, use=PSEUDONYM)).decode().rstrip("=")


def citizen_of(name: str, *, day: date) -> int | None:
    """Return the primary key of the citizen with this pseudonym on the day; ``None`` if it is nobody's.

    Call for genuine passes only.
    """
    try:
        block = encryption.decrypt_block(base64.b32decode(f"{name}======"), use=PSEUDONYM)
    except ValueError:
        return None
    ordinal = int.from_bytes(block[HALF_BLOCK:], "big")
    return int.from_bytes(block[:HALF_BLOCK], "big") if ordinal == day.toordinal() else None


def published_keys(*purposes: Purpose) -> list[PublishedKey]:
    """Return the current city's pass keys, including retired and compromised ones, so that a pass of a minute ago can
    be told from a forged one.
    """
    return keys_of(SIGNING_KEYS.rows({}), *(purposes or (Purpose.PASS,)))


def keys_of(rows: Iterable[Sequence[Any]], *purposes: Purpose) -> list[PublishedKey]:
    """Return the keys for these purposes, from rows of ``SIGNING_KEYS``."""
    division = current_city().division
    return [
        PublishedKey(division, bytes(public_key), created_at, retired_at, compromised_at, purpose)
        for public_key, created_at, retired_at, compromised_at, purpose in rows
        if purpose in purposes
    ]


def _signing_keys() -> QuerySet[CityKey, Any]:
    return CityKey.objects.filter(public_key__isnull=False).order_by("pk").values_list(*KEY_COLUMNS)


KEY_COLUMNS = ("public_key", "created_at", "retired_at", "compromised_at", "purpose")
SIGNING_KEYS = Prepared("signing_keys", _signing_keys)


def signed_key_list(*, now: datetime) -> str:
    """Return the current city's key list, for gates, other cities and receivers of webhooks. Each key states its use."""
    keys = published_keys(Purpose.PASS, Purpose.MESSAGE)
    division = current_city().division
    return write_list(keys, division=division, published_at=now, signed_by=list_signer(), sign=_list_key(division).sign)


def list_signer() -> bytes:
    """Return the public key that gates pin.

    It signs every list of the current city and changes only with the installation's key.
    """
    return _list_key(current_city().division).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _list_key(division: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(installation_key(f"key list of {division}"))


def _signed(content: Pass, key_number: int | None) -> str:
    key = encryption.signing_key(Purpose.PASS, number=key_number)
    return write_token(content, key_id=key_id_of(key.public_key), sign=key.sign)
