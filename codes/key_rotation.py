"""Rotate a city's keys: make new ones for signing and encryption from now on, and declare a stolen key compromised.

The look-up key is not rotated: citizens are found by a hash made with it, and the same number must always give the same hash. It is
not used to decrypt or sign.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from codes.passes.key_list import KEY_ID_BYTES, key_id_of
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.locks import advisory_lock
from regions.numbers import number_of
from regions.proposals import require_role_or_operator
from regions.staff.roles import Role

ROTATED = (Purpose.DATA, Purpose.JOURNAL, Purpose.EXPORT, Purpose.PASS, Purpose.MESSAGE)
# Signatures of keys for these purposes can be refused without losing anything that must be kept.
# A checkpoint of the journal counts if it was signed before, or if a witness has co-signed the journal since.
REFUSABLE = {Purpose.EXPORT, Purpose.PASS, Purpose.JOURNAL, Purpose.MESSAGE}


class CannotRotate(ValueError):
    """Nothing was rotated; the message states why."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The city's keys in use by purpose, and the key that was declared compromised."""

    keys: dict[Purpose, CityKey]
    compromised: CityKey | None


def rotate_keys(*, by: str, now: datetime, compromised: str | None = None) -> Rotation:
    """Make a new key for every purpose except look-up. What the old keys signed and encrypted before stays valid and readable.

    ``compromised`` is the id of a key, in use until now or not, that somebody else may have: nothing it signed counts, whatever
    instant the signature claims. Raises ``CannotRotate`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SECURITY_ADMIN)
    with transaction.atomic():
        advisory_lock("rotate_keys")
        stolen = _key_called(compromised) if compromised is not None else None
        before = {key.purpose: key.pk for key in CityKey.objects.filter(retired_at__isnull=True)}
        keys = {purpose: encryption.rotate(purpose, now=now) for purpose in ROTATED}
        data = {
            "retired": {purpose.value: before[purpose] for purpose in ROTATED if purpose in before},
            "made": {purpose.value: keys[purpose].pk for purpose in ROTATED},
        }
        record("keys.rotated", by=by, now=now, subject="city", data=data)
        if stolen is not None:
            CityKey.objects.filter(pk=stolen.pk).update(compromised_at=now)
            stolen.refresh_from_db()
            named = {"purpose": stolen.purpose, "kid": kid_of(stolen)}
            record("key.compromised", by=by, now=now, subject=f"key:{stolen.pk}", data=named)
    return Rotation(keys, stolen)


def make_missing_keys(*, by: str, now: datetime) -> list[CityKey]:
    """Make and journal the keys that a city of an earlier release does not have yet. Return them. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.SECURITY_ADMIN)
    with transaction.atomic():
        advisory_lock("rotate_keys")
        made = encryption.create_keys(now=now)
        if made:
            record("keys.made", by=by, now=now, subject="city", data={"made": {key.purpose: key.pk for key in made}})
    return made


def kid_of(key: CityKey) -> str:
    """Return the id by which people refer to the key: that of the published key list for a signing key, else its number."""
    return key_id_of(bytes(key.public_key)).hex() if key.public_key is not None else str(key.pk)


def _key_called(kid: str) -> CityKey:
    """Return the key with this hexadecimal id, as in a key list, or with this number, as in a manifest."""
    if len(kid) == 2 * KEY_ID_BYTES:
        found = next(
            (key for key in CityKey.objects.filter(public_key__isnull=False) if kid_of(key) == kid.lower()), None
        )
    else:
        found = CityKey.objects.filter(pk=number).first() if (number := number_of(kid)) is not None else None
    if found is None:
        raise CannotRotate(f"the city has no key {kid}")
    if found.compromised_at is not None:
        raise CannotRotate(f"key {kid} is compromised already, since {found.compromised_at.isoformat()}")
    if found.purpose not in REFUSABLE:
        raise CannotRotate(f"key {kid} {Purpose(found.purpose).label}: only keys that sign can be refused")
    return found
