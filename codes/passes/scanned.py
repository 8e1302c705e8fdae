"""Undoing what a scanner, a keyboard or a clipboard did to a pass: every token that a text can have been.

Base45 uses capitals and the plain space. A scanner types like a keyboard, so other characters arrive if an input method
is on or the layout differs. Nothing in front of, behind or inside the token is tolerated: each reading is one whole
token.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from codes.passes.results import Detail

PREFIXES = ("HCP1:", "HPP1:")
MAX_CHARACTERS = 2000
# A space may belong to the pass or come from a broken line. Up to three of at most twenty are left out, in every
# combination.
MAX_LEFT_OUT, MAX_SPACES = 3, 20

_INVISIBLE = "\t\n\r\v\f\u200b\u200c\u200d\u2060\ufeff"
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_CHINESE = {"。": ".", "、": "/", "\uffe5": "$", "\u00a5": "$", "\u3000": " ", "\u00a0": " "}
_CLEAN = str.maketrans({**_FULL_WIDTH, **_CHINESE, **dict.fromkeys(_INVISIBLE, "")})
_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
# The characters that arrive for base45 if the scanner types as on a US keyboard. German `+` is a dead key: it combines
# with a vowel.
_GERMAN = str.maketrans(
    {
        **dict(zip("yzYZ(ßẞ-Öö`", "zyZY*--/::+", strict=True)),
        **{joined: f"+{vowel}" for joined, vowel in zip("ÀÈÌÒÙàèìòù", "AEIOUAEIOU", strict=True)},
    }
)
_FRENCH = str.maketrans("aqzwAQZW?,&é\"'(-è_çà458):!Mm", "qawzQAWZMM1234567890$%*-./::")
_SHAPE_OF_PREFIX = re.compile("H[CP]P.[^A-Z0-9]")


def readings(text: str) -> Iterator[str]:
    """Yield the possible readings, the most likely first; nothing for a text that cannot be a pass."""
    if len(text) > MAX_CHARACTERS:
        return
    plain = _plain(text)
    for typed in (plain,) if plain.startswith(PREFIXES) else _other_layouts(text):
        if not typed.startswith(PREFIXES):
            continue
        yield typed
        places = [place for place, sign in enumerate(typed) if sign == " "]
        if len(places) <= MAX_SPACES:
            for count in range(1, MAX_LEFT_OUT + 1):
                for left_out in combinations(places, count):
                    yield "".join(sign for place, sign in enumerate(typed) if place not in left_out)


def hint(text: str) -> Detail | None:
    """Return why a text without a valid reading resembles a pass, or ``None``."""
    plain = _plain(text[:MAX_CHARACTERS])
    if plain.startswith(PREFIXES):
        return Detail.INCOMPLETE
    if _SHAPE_OF_PREFIX.match(plain) or any(typed.startswith(PREFIXES) for typed in _other_layouts(text)):
        return Detail.KEYBOARD
    return None


def _plain(text: str) -> str:
    return text.translate(_CLEAN).strip().translate(_CAPITALS)


def _other_layouts(text: str) -> Iterator[str]:
    clean = text.translate(_CLEAN).strip()
    for keyboard in (_GERMAN, _FRENCH):
        yield clean.translate(keyboard).translate(_CAPITALS)
