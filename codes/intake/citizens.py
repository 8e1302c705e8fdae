"""Finding the citizens that lines and records are about, and making those the city does not know yet."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from codes.models import Citizen
from regions.copying import copy_rows
from regions.identity import Identity
from regions.keys.encryption import encrypt_number, identity_hash
from regions.locks import advisory_lock

# Crockford's letters: none of I, L, O, U, so that a ref read over the phone arrives as it was.
REF_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REF_LENGTH = 12
COLUMNS = ("ref", "id_type", "id_hash", "id_encrypted", "full_name", "known_since")
INTAKE = "intake"


def hold_intake() -> None:
    """Until the transaction ends nobody else in this city takes lines or batches: versions are numbered in turn."""
    advisory_lock(INTAKE)


def new_ref() -> str:
    """A name of a citizen that says nothing outside the city: `C` and 60 random bits."""
    bits = secrets.randbits(5 * REF_LENGTH)
    return "C" + "".join(REF_LETTERS[bits >> shift & 31] for shift in range(0, 5 * REF_LENGTH, 5))


def find_or_make(identities: Iterable[Identity], *, now: datetime) -> dict[Identity, Citizen]:
    """The citizen of each identity. Call in a transaction that holds the intake."""
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
