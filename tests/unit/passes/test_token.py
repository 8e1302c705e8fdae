"""A pass is genuine or refused with its reason; nothing in it is the token's own to choose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis.strategies import binary, integers

from codes.passes import token as base45
from codes.passes.checking import check_off_line
from codes.passes.key_list import BadKeyList, KeyList, PublishedKey, pass_keys, read_list, write_list
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import PREFIX, Pass, verify_token, write_token
from health_code_verifier.keys import BadKeyList as TheirBadKeyList
from health_code_verifier.keys import read_list as their_list

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
SAID = Pass("510100", "ABCDEFGHIJKLMNOP", "green", AT, AT + timedelta(seconds=60))


def published(secret: Ed25519PrivateKey = SECRET, **changes: Any) -> KeyList:
    public = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = replace(PublishedKey("510100", public, AT - timedelta(days=1), None), **changes)
    return {key.key_id: key}


KEYS = published()
(KEY_ID,) = KEYS


def token(content: Pass = SAID, secret: Ed25519PrivateKey = SECRET, key_id: bytes = KEY_ID) -> str:
    return write_token(content, key_id=key_id, sign=secret.sign)


def forged(header: object | None = None, claims: object | None = None, outer: object = None, tag: int = 18) -> str:
    """A token of any shape, properly signed by the city's key."""
    genuine = cbor2.loads(base45.decode(token().removeprefix(PREFIX))).value
    protected = cbor2.dumps(header) if header is not None else genuine[0]
    payload = cbor2.dumps({**cbor2.loads(genuine[2]), **claims}) if isinstance(claims, dict) else genuine[2]
    signature = SECRET.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    body = cbor2.CBORTag(tag, [protected, {} if outer is None else outer, payload, signature])
    return PREFIX + base45.encode(cbor2.dumps(body))


def fault_of(text: str, keys: KeyList = KEYS, at: datetime = AT) -> CheckResult | Detail:
    with pytest.raises(BadPass) as refused:
        verify_token(text, keys, at=at)
    return refused.value.detail or refused.value.result


@pytest.mark.parametrize("colour", ["green", "yellow", "red", "unknown"])
def test_a_pass_says_what_was_signed(colour: str) -> None:
    said = replace(SAID, colour=colour)
    assert verify_token(token(said), KEYS, at=AT) == said


def test_what_a_compromised_key_signed_counts_for_nothing() -> None:
    """Also before that was known: whoever holds it chooses the instant."""
    later = published(retired_at=AT + timedelta(days=1), compromised_at=AT + timedelta(days=1))
    assert fault_of(token(), later) is Detail.COMPROMISED_KEY


def test_a_pass_fits_a_small_qr_code() -> None:
    assert len(token()) <= 220
    assert set(token()) <= set(base45.SIGNS)


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        (-6, CheckResult.NOT_YET_VALID),
        (-5, None),
        (0, None),
        (59, None),
        (64, None),
        (65, CheckResult.EXPIRED),
        (3600, CheckResult.EXPIRED),
    ],
)
def test_a_pass_lives_for_a_minute_and_clocks_may_differ_a_little(
    seconds: int, fault: CheckResult | Detail | None
) -> None:
    at = AT + timedelta(seconds=seconds)
    if fault is None:
        assert verify_token(token(), KEYS, at=at) == SAID
    else:
        assert fault_of(token(), at=at) is fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", CheckResult.NOT_A_PASS),
        ("hello", CheckResult.NOT_A_PASS),
        (PREFIX, CheckResult.NOT_A_PASS),
        (PREFIX + "BB8", CheckResult.NOT_A_PASS),
        (PREFIX + "0" * 2000, CheckResult.NOT_A_PASS),
        ("HC1:" + token().removeprefix(PREFIX), CheckResult.NOT_A_PASS),
        (token().lower(), CheckResult.NOT_A_PASS),
        (forged(tag=17), CheckResult.NOT_A_PASS),
        (forged(outer={1: -7}), CheckResult.NOT_A_PASS),
        (forged(header={1: -8}), Detail.UNKNOWN_ALGORITHM),
        (forged(header={1: -7, 4: KEY_ID}), Detail.UNKNOWN_ALGORITHM),
        (forged(header={1: 5, 4: KEY_ID}), Detail.UNKNOWN_ALGORITHM),
        (forged(header={1: -8, 4: KEY_ID, 2: [99], 99: 1}), Detail.UNKNOWN_ALGORITHM),
        (forged(header={1: -8, 4: b"nobody's"}), CheckResult.UNKNOWN_KEY),
        (forged(header={1: -8, 4: "text"}), CheckResult.UNKNOWN_KEY),
        (forged(header=[1]), CheckResult.NOT_A_PASS),
        (forged(claims={1: "310000"}), Detail.WRONG_CITY),
        (forged(claims={3: "bank"}), Detail.WRONG_AUDIENCE),
        (forged(claims={4: int(AT.timestamp()) + 61}), CheckResult.NOT_A_PASS),
        (forged(claims={4: int(AT.timestamp())}), CheckResult.NOT_A_PASS),
        (forged(claims={4: 1e9}), CheckResult.NOT_A_PASS),
        (forged(claims={4: 10**30, 6: 10**30}), CheckResult.NOT_A_PASS),
        (forged(claims={-70001: 7}), CheckResult.NOT_A_PASS),
        (forged(claims={-70001: True}), CheckResult.NOT_A_PASS),
        (forged(claims={-70001: "green"}), CheckResult.NOT_A_PASS),
        (forged(claims={99: "more"}), CheckResult.NOT_A_PASS),
        (forged(claims={2: "A" * 800}), CheckResult.NOT_A_PASS),
        (token(secret=OTHER), CheckResult.BAD_SIGNATURE),
    ],
)
def test_what_is_no_pass_is_refused_with_why(text: str, fault: CheckResult | Detail) -> None:
    assert fault_of(text) is fault


@given(integers(min_value=0), integers(min_value=1, max_value=255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    raw = bytearray(base45.decode(token().removeprefix(PREFIX)))
    raw[place % len(raw)] ^= change
    with pytest.raises(BadPass):
        verify_token(PREFIX + base45.encode(bytes(raw)), KEYS, at=AT)


def raw_token() -> bytes:
    return base45.decode(token().removeprefix(PREFIX))


@pytest.mark.parametrize("around", [b"\x00", b"\xf6", b"\xa0", b"hello", raw_token()], ids=repr)
def test_nothing_lies_before_or_after_what_is_signed(around: bytes) -> None:
    for raw in (raw_token() + around, around + raw_token()):
        assert fault_of(PREFIX + base45.encode(raw)) is CheckResult.NOT_A_PASS


@pytest.mark.parametrize("around", [" ", "\n", "\r\n", "\t", "\u200b", "\ufeff", "\x00", "%", "00", "BB8"], ids=repr)
def test_no_sign_lies_before_or_after_the_pass(around: str) -> None:
    for text in (token() + around, around + token(), PREFIX + around + token().removeprefix(PREFIX)):
        assert fault_of(text) is CheckResult.NOT_A_PASS


def test_another_spelling_of_the_same_parts_is_no_pass() -> None:
    """Longer heads, arrays and strings without a length, an outer tag: all are read alike by CBOR, and none is accepted."""
    protected, _, payload, signature = cbor2.loads(raw_token()).value
    parts = [cbor2.dumps(protected), b"\xa0", cbor2.dumps(payload), cbor2.dumps(signature)]
    long_head = b"\x59" + len(payload).to_bytes(2, "big") + payload
    spellings = [
        b"\xd2\x9f" + b"".join(parts) + b"\xff",
        b"\xd8\x12\x84" + b"".join(parts),
        b"\xd2\x98\x04" + b"".join(parts),
        b"\xd2\x84" + parts[0] + b"\xbf\xff" + parts[2] + parts[3],
        b"\xd2\x84" + parts[0] + b"\xb8\x00" + parts[2] + parts[3],
        b"\xd2\x84" + parts[0] + parts[1] + long_head + parts[3],
        b"\xd2\x84" + parts[0] + parts[1] + b"\x5f" + parts[2] + b"\xff" + parts[3],
        b"\xd9\xd9\xf7" + raw_token(),
    ]
    assert cbor2.loads(spellings[0]).value[2] == payload
    for raw in spellings:
        assert fault_of(PREFIX + base45.encode(raw)) is CheckResult.NOT_A_PASS


@given(binary(max_size=200))
def test_no_bytes_break_the_verifier(raw: bytes) -> None:
    with pytest.raises(BadPass):
        verify_token(PREFIX + base45.encode(raw), KEYS, at=AT)


def test_a_key_counts_for_its_own_city_only() -> None:
    assert fault_of(token(), published(division="310000")) is Detail.WRONG_CITY


def test_a_retired_key_verifies_what_it_signed_before_and_nothing_after() -> None:
    assert verify_token(token(), published(retired_at=AT), at=AT) == SAID
    assert fault_of(token(), published(retired_at=AT - timedelta(seconds=6))) is Detail.RETIRED_KEY


def list_text(keys: KeyList = KEYS, **changes: Any) -> str:
    signed_by = SIGNER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    said = {"division": "510100", "published_at": AT, "signed_by": signed_by, "sign": SIGNER.sign, **changes}
    return write_list(keys.values(), **said)


def test_a_key_list_is_read_as_it_was_written() -> None:
    keys = published(retired_at=AT)
    found = read_list(list_text(keys))
    assert pass_keys([found]) == keys
    assert (found.published_at, found.usable_until) == (AT, AT + timedelta(days=7))
    assert read_list(list_text(), pinned=found.signed_by).signed_by == found.signed_by
    with pytest.raises(BadKeyList, match="somebody else"):
        read_list(list_text(), pinned=KEYS[KEY_ID].public_key)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"version": 2', '"version": 1'),
        ('"offline_days": 7', '"offline_days": 70'),
        ('"use": "pass"', '"use": "message"'),
        ('"retired_at": null', '"retired_at": "2026-01-01T00:00:00+00:00"'),
        ('"signature"', '"no"'),
        ("{", ""),
    ],
)
def test_a_changed_key_list_is_refused(before: str, after: str) -> None:
    text = list_text()
    assert before in text
    with pytest.raises(BadKeyList):
        read_list(text.replace(before, after, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"division": "310000"},
        {"offline_days": 0},
        {"published_at": AT.replace(tzinfo=None)},
        {"published_at": datetime.max.replace(tzinfo=UTC)},
    ],
    ids=str,
)
def test_a_list_that_says_too_little_or_too_much_is_refused_though_it_is_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadKeyList):
        read_list(list_text(**changes))
    if "division" not in changes:
        with pytest.raises(TheirBadKeyList):
            their_list(list_text(**changes))


@pytest.mark.parametrize(
    ("days", "result", "detail"),
    [
        (-1, CheckResult.NOT_YET_VALID, Detail.LIST_TO_COME),
        (0, CheckResult.OK, None),
        (7, CheckResult.OK, None),
        (7.01, CheckResult.UNKNOWN_KEY, Detail.OLD_LIST),
    ],
)
def test_an_old_list_says_how_old_it_is_and_ends(days: float, result: CheckResult, detail: Detail | None) -> None:
    age = timedelta(days=days)
    found = check_off_line(token(), [read_list(list_text(published_at=AT - age))], at=AT)
    assert (found.result, found.detail) == (result, detail)
    assert found.list_age == (age if result is CheckResult.OK else None)


def test_nobody_is_green_whom_the_city_calls_unknown() -> None:
    found = check_off_line(token(replace(SAID, colour="unknown")), [read_list(list_text())], at=AT)
    assert found.result is CheckResult.UNKNOWN
