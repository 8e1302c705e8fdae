"""A pass as bytes: a CWT (RFC 8392) in a COSE_Sign1 (RFC 9052) with EdDSA, in base45 (``docs/adr/0007-pass-token.md``).

This module does not use the database: a checkpoint verifies off-line with a list of published keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import pack, unpack
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from codes.passes.key_list import KeyList, PublishedKey
from codes.passes.results import BadPass, CheckResult, Detail

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_TWO_SIGNS = [SIGNS[number % 45] + SIGNS[number // 45] for number in range(45**2)]
_NO_VALUE = 255
_VALUES = bytes(SIGNS.find(chr(byte)) % 256 for byte in range(256))


def encode(raw: bytes) -> str:
    """Return the base45 text. Two bytes become three characters, a last single byte two."""
    even = len(raw) & ~1
    numbers = unpack(f">{even // 2}H", raw[:even])
    last = _TWO_SIGNS[raw[even]] if len(raw) > even else ""
    return "".join([_TWO_SIGNS[number % 45**2] + SIGNS[number // 45**2] for number in numbers]) + last


def decode(text: str) -> bytes:
    """Return the bytes of a base45 text. Raises ``ValueError`` for any text that ``encode`` cannot have produced."""
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError as error:
        raise ValueError("not base45") from error
    whole, rest = divmod(len(values), 3)
    if rest == 1 or _NO_VALUE in values:
        raise ValueError("not base45")
    threes = zip(*(values[place : 3 * whole : 3] for place in range(3)), strict=True)
    numbers = [low + 45 * high + 45**2 * last for low, high, last in threes]
    single = [values[-2] + 45 * values[-1]] if rest else []
    if max(numbers, default=0) > 0xFFFF or max(single, default=0) > 0xFF:
        raise ValueError("not base45")
    return pack(f">{whole}H", *numbers) + bytes(single)


PREFIX = "HCP1:"
LIFETIME = timedelta(seconds=60)
CLOCKS_DIFFER = timedelta(seconds=5)
AUDIENCE = "checkpoint"
MAX_CHARACTERS = 1000

COSE_SIGN1 = 18
ALGORITHM, KEY_ID = 1, 4  # header parameters
EDDSA = -8
ISSUER, SUBJECT, AUDIENCE_OF, EXPIRES, ISSUED = 1, 2, 3, 4, 6  # CWT claims
COLOUR = -70001  # a private claim, in the range for private use
COLOURS = ("green", "yellow", "red", "unknown")

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Pass:
    """The content of a pass. ``pseudonym`` identifies one citizen on one day in one city, and nobody elsewhere."""

    division: str
    pseudonym: str
    colour: str
    issued_at: datetime
    expires_at: datetime


def write_token(content: Pass, *, key_id: bytes, sign: Sign) -> str:
    """Return the token of a pass. ``sign`` makes an Ed25519 signature with the key of ``key_id``."""
    claims = {
        ISSUER: content.division,
        SUBJECT: content.pseudonym,
        AUDIENCE_OF: AUDIENCE,
        EXPIRES: int(content.expires_at.timestamp()),
        ISSUED: int(content.issued_at.timestamp()),
        COLOUR: COLOURS.index(content.colour),
    }
    return write_signed(claims, prefix=PREFIX, key_id=key_id, sign=sign)


def write_signed(claims: dict[int, Any], *, prefix: str, key_id: bytes, sign: Sign) -> str:
    """Return claims as a signed token."""
    protected = cbor2.dumps({ALGORITHM: EDDSA, KEY_ID: key_id})
    payload = cbor2.dumps(claims)
    return prefix + encode(_sealed(protected, payload, sign(_signed_bytes(protected, payload))))


def verify_token(token: str, keys: KeyList, *, at: datetime) -> Pass:
    """Return the content of a genuine, unexpired pass. Raises ``BadPass`` with the reason if it is not one.

    The algorithm is fixed and never chosen by the token. A key is valid only for the city that published it; a retired
    key is valid only for what it signed before; a compromised key is invalid for everything, regardless of the claimed
    time.
    """
    claims, key = read_signed(token, keys, prefix=PREFIX)
    content = _content(claims)
    check_issuer(content.division, key)
    check_times(content.issued_at, content.expires_at, key, at, lifetime=LIFETIME)
    return content


def read_signed(token: str, keys: KeyList, *, prefix: str) -> tuple[dict[Any, Any], PublishedKey]:
    """Return the claims of a signed token, and the key that signed it. Raises ``BadPass``."""
    protected, payload, signature = _parts(token, prefix)
    key = _key_of(protected, keys)
    try:
        _verifier(key.public_key).verify(signature, _signed_bytes(protected, payload))
    except InvalidSignature as error:
        raise BadPass(CheckResult.BAD_SIGNATURE) from error
    return _map(payload), key


@lru_cache(maxsize=256)
def _verifier(public_key: bytes) -> Ed25519PublicKey:
    """Cached, because creating the object from its bytes takes a third of a verification."""
    return Ed25519PublicKey.from_public_bytes(public_key)


def claimed_issuer(token: str, *, prefix: str) -> str:
    """Return the division that a token names, without checking whether the token is genuine. Raises ``BadPass``."""
    division = _claimed(token, prefix, ISSUER)
    if not isinstance(division, str):
        raise BadPass(CheckResult.NOT_A_PASS)
    return division


def claimed_end(token: str, *, prefix: str) -> datetime:
    """Return the time at which a token claims to expire, without checking whether it is genuine. Raises ``BadPass``."""
    time = _claimed(token, prefix, EXPIRES)
    if type(time) is not int or not 0 <= time < 2**33:
        raise BadPass(CheckResult.NOT_A_PASS)
    return datetime.fromtimestamp(time, UTC)


def _claimed(token: str, prefix: str, claim: int) -> Any:
    _, payload, _ = _parts(token, prefix)
    return _map(payload).get(claim)


def _parts(token: str, prefix: str) -> tuple[bytes, bytes, bytes]:
    if not token.startswith(prefix) or len(token) > MAX_CHARACTERS:
        raise BadPass(CheckResult.NOT_A_PASS)
    try:
        raw = decode(token.removeprefix(prefix))
        signed = cbor2.loads(raw)
    except (ValueError, cbor2.CBORDecodeError, RecursionError) as error:
        raise BadPass(CheckResult.NOT_A_PASS) from error
    parts = signed.value if isinstance(signed, cbor2.CBORTag) and signed.tag == COSE_SIGN1 else None
    if not isinstance(parts, list | tuple) or len(parts) != 4 or parts[1] != {}:
        raise BadPass(CheckResult.NOT_A_PASS)
    protected, _, payload, signature = parts
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise BadPass(CheckResult.NOT_A_PASS)
    # The signature covers two of the parts. The encoding around them must be canonical; otherwise a pass could carry
    # unsigned data.
    if _sealed(protected, payload, signature) != raw:
        raise BadPass(CheckResult.NOT_A_PASS)
    return protected, payload, signature


def _key_of(protected: bytes, keys: KeyList) -> PublishedKey:
    header = _map(protected)
    if set(header) != {ALGORITHM, KEY_ID} or header[ALGORITHM] != EDDSA:
        raise BadPass(Detail.UNKNOWN_ALGORITHM)
    key = keys.get(header[KEY_ID]) if isinstance(header[KEY_ID], bytes) else None
    if key is None:
        raise BadPass(CheckResult.UNKNOWN_KEY)
    if key.compromised_at is not None:
        raise BadPass(Detail.COMPROMISED_KEY)
    return key


def _content(claims: dict[Any, Any]) -> Pass:
    issued_at, expires_at = instants_of(claims, audience=AUDIENCE, others={COLOUR})
    if type(claims[COLOUR]) is not int or not 0 <= claims[COLOUR] < len(COLOURS):
        raise BadPass(CheckResult.NOT_A_PASS)
    return Pass(claims[ISSUER], claims[SUBJECT], COLOURS[claims[COLOUR]], issued_at, expires_at)


def instants_of(claims: dict[Any, Any], *, audience: str, others: set[int]) -> tuple[datetime, datetime]:
    """Return the times of issue and expiry of a token with exactly these claims. Raises ``BadPass``."""
    if set(claims) != {ISSUER, SUBJECT, AUDIENCE_OF, EXPIRES, ISSUED, *others}:
        raise BadPass(CheckResult.NOT_A_PASS)
    if not all(isinstance(claims[name], str) for name in (ISSUER, SUBJECT)):
        raise BadPass(CheckResult.NOT_A_PASS)
    times = (claims[ISSUED], claims[EXPIRES])
    if not all(type(time) is int and 0 <= time < 2**33 for time in times):
        raise BadPass(CheckResult.NOT_A_PASS)
    if claims[AUDIENCE_OF] != audience:
        raise BadPass(Detail.WRONG_AUDIENCE)
    issued_at, expires_at = (datetime.fromtimestamp(time, UTC) for time in times)
    return issued_at, expires_at


def check_issuer(division: str, key: PublishedKey) -> None:
    if division != key.division:
        raise BadPass(Detail.WRONG_CITY)


def check_times(
    issued_at: datetime, expires_at: datetime, key: PublishedKey, at: datetime, *, lifetime: timedelta
) -> None:
    """Raise ``BadPass`` for a token whose lifetime is too long, that has expired or is not valid yet, or whose key was
    retired before.
    """
    if not timedelta() < expires_at - issued_at <= lifetime:
        raise BadPass(CheckResult.NOT_A_PASS)
    if at >= expires_at + CLOCKS_DIFFER:
        raise BadPass(CheckResult.EXPIRED)
    if at < issued_at - CLOCKS_DIFFER:
        raise BadPass(CheckResult.NOT_YET_VALID)
    if key.retired_at is not None and issued_at > key.retired_at + CLOCKS_DIFFER:
        raise BadPass(Detail.RETIRED_KEY)


def _map(encoded: bytes) -> dict[Any, Any]:
    try:
        decoded = cbor2.loads(encoded)
    except (ValueError, cbor2.CBORDecodeError, RecursionError) as error:
        raise BadPass(CheckResult.NOT_A_PASS) from error
    if not isinstance(decoded, dict):
        raise BadPass(CheckResult.NOT_A_PASS)
    return decoded


def _sealed(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return bytes(cbor2.dumps(cbor2.CBORTag(COSE_SIGN1, [protected, {}, payload, signature])))


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052."""
    return bytes(cbor2.dumps(["Signature1", protected, b"", payload]))
