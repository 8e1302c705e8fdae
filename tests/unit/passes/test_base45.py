"""Base45 against the examples of RFC 9285."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, text

from codes.passes.token import SIGNS, decode, encode


@pytest.mark.parametrize(
    ("raw", "signs"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"", "")]
)
def test_the_examples_of_the_standard(raw: bytes, signs: str) -> None:
    assert encode(raw) == signs
    assert decode(signs) == raw


def test_the_standards_decoding_example() -> None:
    assert decode("QED8WEX0") == b"ietf!"


@pytest.mark.parametrize("bad", ["GGW", ":::", "A", "BB8A", "bb8", "BB8::", "é00"])
def test_what_nothing_encodes_to_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="base45"):
        decode(bad)


@given(binary(max_size=300))
def test_what_is_encoded_is_decoded(raw: bytes) -> None:
    assert decode(encode(raw)) == raw


@given(text(alphabet=SIGNS, max_size=40))
def test_there_is_one_spelling_of_anything(signs: str) -> None:
    try:
        raw = decode(signs)
    except ValueError:
        return
    assert encode(raw) == signs
