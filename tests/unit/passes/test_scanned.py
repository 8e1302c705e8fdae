"""What a scanner spoils is read as the one pass that was signed, and nothing else is read into it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from codes.passes.checking import verify_scanned
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import SIGNS
from tests.unit.passes.test_token import AT, KEYS, OTHER, SAID, token

# What the signs of base45 come out as where the scanner is set to a US keyboard and the computer to another.
GERMAN = str.maketrans("YZ*+-/:", "ZY(`\u00df-\u00d6")
FRENCH = str.maketrans(
    "AQZWM1234567890$%*-./:",
    "QAWZ?&\u00e9\"'(-\u00e8_\u00e7\u00e0458):!M",
)
CHINESE = str.maketrans("./:$", "\u3002\u3001\uff1a\uffe5")
WIDE = {ord(sign): ord(sign) + 0xFEE0 if sign != " " else 0x3000 for sign in SIGNS}

# Together they show every sign of base45.
PASSES = [(said, token(said)) for said in (replace(SAID, pseudonym=f"{nth:02}CDEFGHIJKLMNOP") for nth in range(10, 30))]


def german(text: str) -> str:
    """With the dead key, which joins the vowel behind it."""
    for vowel, joined in zip("AEIOU", "\u00c0\u00c8\u00cc\u00d2\u00d9", strict=True):
        text = text.replace(f"+{vowel}", f"\x00{joined}")
    return text.translate(GERMAN).replace("\x00", "")


def spaced(text: str) -> str:
    return f"{text[:60]} {text[60:120]} {text[120:]}"


SPOILT: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "white space around": lambda text: f" \t{text}\r\n",
    "marks nobody sees": lambda text: f"\ufeff{text[:9]}\u200b{text[9:]}",
    "broken lines": lambda text: f"{text[:70]}\r\n{text[70:140]}\n{text[140:]}",
    "spaces between": spaced,
    "spaces that do not break": lambda text: text.replace(" ", "\u00a0"),
    "small letters": str.lower,
    "wide letters": lambda text: text.translate(WIDE),
    "a Chinese input method": lambda text: text.translate(CHINESE),
    "a German keyboard": german,
    "a French keyboard": lambda text: text.translate(FRENCH),
    "small letters on a French keyboard": lambda text: text.translate(FRENCH).replace("?", ",").lower(),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_a_scanner_spoils_is_read_all_the_same(spoil: Callable[[str], str]) -> None:
    assert set(SIGNS) <= set("".join(text for _, text in PASSES))
    for said, text in PASSES:
        assert verify_scanned(spoil(text), KEYS, at=AT) == said


def found(text: str) -> tuple[CheckResult, Detail | None]:
    with pytest.raises(BadPass) as refused:
        verify_scanned(text, KEYS, at=AT)
    return refused.value.result, refused.value.detail


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_forged_or_expired_pass_stays_one_however_it_is_typed(spoil: Callable[[str], str]) -> None:
    assert found(spoil(token(secret=OTHER)))[0] is CheckResult.BAD_SIGNATURE
    old = replace(SAID, issued_at=AT - 10 * (SAID.expires_at - AT), expires_at=AT - 9 * (SAID.expires_at - AT))
    assert found(spoil(token(old))) == (CheckResult.EXPIRED, None)


@pytest.mark.parametrize("more", ["X", "0", "BB8", "A A", "-", "\x00", token(), "HCP1:", "http://x"], ids=repr)
def test_nothing_is_read_in_front_of_behind_or_inside_a_pass(more: str) -> None:
    genuine = token()
    for text in (
        genuine + more,
        more + genuine,
        f"{more} {genuine}",
        f"{genuine} {more}",
        genuine[:50] + more + genuine[50:],
    ):
        assert found(text)[0] in (CheckResult.NOT_A_PASS, CheckResult.BAD_SIGNATURE)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", None),
        ("https://example.cn/code", None),
        ("TICKET1:330100:abc", None),
        (token()[:-4], Detail.INCOMPLETE),
        (token()[:30], Detail.INCOMPLETE),
        (german(token())[:-4], Detail.KEYBOARD),
        (token().replace(":", ";"), Detail.KEYBOARD),
        (token().replace("HCP1", "HCP!"), Detail.KEYBOARD),
        ("HCP1:" + " " * 900, Detail.INCOMPLETE),
        ("HCP1:" + "0" * 9000, Detail.INCOMPLETE),
    ],
)
def test_what_cannot_be_read_is_explained_where_it_can_be(text: str, detail: Detail | None) -> None:
    assert found(text) == (CheckResult.NOT_A_PASS, detail)
