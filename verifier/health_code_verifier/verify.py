"""What a gate may say of a code off-line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from health_code_verifier import cbor
from health_code_verifier.keys import Key, KeyList
from health_code_verifier.scanned import hint, readings

RESULTS = (
    "ok", "expired", "not_yet_valid", "unknown_key", "bad_signature",
    "not_a_pass", "replayed", "withdrawn", "other_city", "unknown",
)  # fmt: skip
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
COLOURS = ("green", "yellow", "red", "unknown")
CLOCKS_DIFFER = timedelta(seconds=5)
MAX_CHARACTERS = 1000
COSE_SIGN1, EDDSA = 18, -8
ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED, COLOUR = 1, 2, 3, 4, 6, -70001


@dataclass(frozen=True)
class Kind:
    """Of codes: on a phone or on paper."""

    audience: str
    lifetime: timedelta
    claims: frozenset[int]


COMMON = frozenset({ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED})
KINDS = {
    "HCP1:": Kind("checkpoint", timedelta(seconds=60), COMMON | {COLOUR}),
    "HPP1:": Kind("look-up", timedelta(days=365), COMMON),
}


@dataclass(frozen=True)
class Checked:
    """One of ``RESULTS``, why exactly, and for a genuine code what it says: never a name, and no colour on paper."""

    result: str
    detail: str | None = None
    division: str | None = None
    pseudonym: str | None = None
    colour: str | None = None
    issued_at: datetime | None = None
    list_age: timedelta | None = None

    @property
    def number(self) -> int:
        return RESULTS.index(self.result)


class _Refused(Exception):
    pass


def check(text: str, lists: Sequence[KeyList], *, at: datetime) -> Checked:
    """The result for whatever was scanned: that of the one reading of it that makes sense.

    A reading that is no code, or whose signature is wrong, was a wrong guess as long as another one is neither.
    """
    outcomes: list[Checked] = []
    for reading in readings(text):
        outcomes.append(check_code(reading, lists, at=at))
        if len(outcomes) == 1 and _weight(outcomes[0]) == SIGNED:
            break
    weight = max(map(_weight, outcomes), default=NO_CODE)
    best = {outcome for outcome in outcomes if _weight(outcome) == weight}
    return best.pop() if weight != NO_CODE and len(best) == 1 else Checked("not_a_pass", hint(text))


NO_CODE, UNPROVEN, SIGNED = range(3)


def _weight(found: Checked) -> int:
    if found.division is not None or found.detail is not None:
        return SIGNED
    return {"not_a_pass": NO_CODE, "bad_signature": UNPROVEN}.get(found.result, SIGNED)


def check_code(code: str, lists: Sequence[KeyList], *, at: datetime) -> Checked:
    """The result for a code as its city made it: nothing is undone."""
    try:
        return _check(code, lists, at)
    except (_Refused, cbor.NotCbor) as refusal:
        return Checked(*refusal.args) if isinstance(refusal, _Refused) else Checked("not_a_pass")


def _check(text: str, lists: Sequence[KeyList], at: datetime) -> Checked:
    kind = KINDS.get(text[:5])
    if kind is None or len(text) > MAX_CHARACTERS:
        raise _Refused("not_a_pass")
    protected, payload, signature = _parts(_base45(text[5:]))
    key = _key(protected, lists)
    structure = b"\x84\x6aSignature1" + cbor.byte_string(protected) + b"\x40" + cbor.byte_string(payload)
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, structure)
    except InvalidSignature:
        raise _Refused("bad_signature") from None
    claims = _claims(payload, kind)
    issued_at, expires_at = (datetime.fromtimestamp(claims[name], UTC) for name in (ISSUED, EXPIRES))
    if claims[ISSUER] != key.division:
        raise _Refused("bad_signature", "wrong_city")
    _check_times(issued_at, expires_at, kind, key, at)
    used = max((one for one in lists if one.division == key.division), key=lambda one: one.published_at)
    if at < used.published_at - CLOCKS_DIFFER:
        raise _Refused("not_yet_valid", "list_to_come")
    if at > used.usable_until:
        raise _Refused("unknown_key", "old_list")
    colour = COLOURS[claims[COLOUR]] if COLOUR in claims else None
    result = "ok" if colour not in (None, "unknown") else "unknown"
    age = max(at - used.published_at, timedelta())
    said = (claims[ISSUER], claims[SUBJECT], colour, issued_at, age)
    return Checked(result, "paper" if colour is None else None, *said)


def _base45(signs: str) -> bytes:
    values = [SIGNS.find(sign) for sign in signs]
    whole, rest = divmod(len(values), 3)
    if rest == 1 or -1 in values:
        raise _Refused("not_a_pass")
    numbers = [(values[n] + 45 * values[n + 1] + 2025 * values[n + 2], 2) for n in range(0, 3 * whole, 3)]
    if rest:
        numbers.append((values[-2] + 45 * values[-1], 1))
    if any(number >= 1 << 8 * size for number, size in numbers):
        raise _Refused("not_a_pass")
    return b"".join(number.to_bytes(size, "big") for number, size in numbers)


def _parts(raw: bytes) -> tuple[bytes, bytes, bytes]:
    signed = cbor.decode(raw)
    parts = signed.value if isinstance(signed, cbor.Tag) and signed.number == COSE_SIGN1 else None
    if not isinstance(parts, list) or len(parts) != 4 or parts[1] != {}:
        raise _Refused("not_a_pass")
    protected, _, payload, signature = parts
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise _Refused("not_a_pass")
    return protected, payload, signature


def _key(protected: bytes, lists: Sequence[KeyList]) -> Key:
    header = cbor.decode(protected)
    if not isinstance(header, dict):
        raise _Refused("not_a_pass")
    if set(header) != {1, 4} or header[1] != EDDSA:
        raise _Refused("bad_signature", "unknown_algorithm")
    key = next((one.keys[header[4]] for one in lists if isinstance(header[4], bytes) and header[4] in one.keys), None)
    if key is None:
        raise _Refused("unknown_key")
    if key.compromised:
        raise _Refused("bad_signature", "compromised_key")
    return key


def _claims(payload: bytes, kind: Kind) -> dict[Any, Any]:
    claims = cbor.decode(payload)
    if not isinstance(claims, dict) or set(claims) != kind.claims:
        raise _Refused("not_a_pass")
    if not all(isinstance(claims[name], str) for name in (ISSUER, SUBJECT)):
        raise _Refused("not_a_pass")
    if not all(type(claims[name]) is int and 0 <= claims[name] < 2**33 for name in (ISSUED, EXPIRES)):
        raise _Refused("not_a_pass")
    if claims[AUDIENCE] != kind.audience:
        raise _Refused("not_a_pass", "wrong_audience")
    colour = claims.get(COLOUR, 0)
    if type(colour) is not int or not 0 <= colour < len(COLOURS):
        raise _Refused("not_a_pass")
    return claims


def _check_times(issued_at: datetime, expires_at: datetime, kind: Kind, key: Key, at: datetime) -> None:
    if not timedelta() < expires_at - issued_at <= kind.lifetime:
        raise _Refused("not_a_pass")
    if at >= expires_at + CLOCKS_DIFFER:
        raise _Refused("expired")
    if at < issued_at - CLOCKS_DIFFER:
        raise _Refused("not_yet_valid")
    if key.retired_at is not None and issued_at > key.retired_at + CLOCKS_DIFFER:
        raise _Refused("bad_signature", "retired_key")
