"""Finding the citizens of lines and records, and creating those the city does not know yet."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from codes.models import Citizen
from regions.copying import copy_rows
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, identity_hash
from regions.locks import advisory_lock

# Crockford's letters, without I, L, O and U, so that a reference read over the phone is understood correctly.
REF_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REF_LENGTH = 12
COLUMNS = ("ref", "id_type", "id_hash", "id_encrypted", "full_name", "known_since")
INTAKE = "intake"


def lock_intake() -> None:
    """Lock the intake of the city until the transaction ends: no other process takes lines or batches, because versions
    are numbered in sequence.
    """
    advisory_lock(INTAKE)


def new_ref() -> str:
    """Return a new citizen reference, which has no meaning outside the city: `C` and 60 random bits."""
    bits = secrets.randbits(5 * REF_LENGTH)
    return "C" + "".join(REF_LETTERS[bits >> shift & 31] for shift in range(0, 5 * REF_LENGTH, 5))


def find_or_make(identities: Iterable[Identity], *, now: datetime) -> dict[Identity, Citizen]:
    """Return the citizen of each identity, created if necessary. Call in a transaction that holds the intake."""
    by_hash = {identity_hash(identity): identity for identity in identities}
    known = _known(by_hash)
    missing = sorted(by_hash.keys() - known.keys())
    if missing:
        copy_rows("codes_citizen", COLUMNS, (_row(by_hash[key], key, now) for key in missing))
        known |= _known(missing)
    return {identity: known[key] for key, identity in by_hash.items()}


def _known(hashes: Iterable[bytes]) -> dict[bytes, Citizen]:
    return {bytes(citizen.id_hash): citizen for citizen in Citizen.objects.filter(id_hash__in=list(hashes))}


def _row(identity: Identity, key: bytes, now: datetime) -> tuple[object, ...]:
    return new_ref(), identity.id_type.value, key, encrypt_number(identity), "", now
