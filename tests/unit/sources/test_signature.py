"""The signature of a request, against the contract's sentence put into code as plainly as possible."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from regions.sources.connectors.big_data_centre import sign

FIELDS = ("app_id", "cursor", "limit", "nonce", "since", "timestamp")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def hmac_by_hand(key: bytes, message: bytes) -> str:
    """RFC 2104, written out."""
    key = hashlib.sha256(key).digest() if len(key) > 64 else key
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest().upper()


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100), values=st.tuples(*[TEXT] * 6)
)
def test_the_signature_is_what_the_contract_says(secret: str, values: tuple[str, ...]) -> None:
    fields = dict(zip(FIELDS, values, strict=True))
    text = ""
    for name in FIELDS:
        if fields[name]:
            text += f"&{name}={fields[name]}"
    expected = hmac_by_hand(secret.encode(), text.removeprefix("&").encode())
    shuffled = dict(reversed(fields.items()))
    assert sign(secret, shuffled) == expected


def test_a_known_request() -> None:
    fields = {
        "app_id": "chengdu",
        "limit": "1000",
        "nonce": "n",
        "since": "2026-11-20T00:00:00+00:00",
        "timestamp": "1",
    }
    text = "app_id=chengdu&limit=1000&nonce=n&since=2026-11-20T00:00:00+00:00&timestamp=1"
    assert sign("s", {**fields, "cursor": ""}) == hmac_by_hand(b"s", text.encode())
