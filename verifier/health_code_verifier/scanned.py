"""What a scanner, a keyboard or a clipboard did to a pass: every token that the text can have been.

Base45 knows capitals and the plain space, and a scanner types as a keyboard does: with an input method on, or a layout other than its own,
other signs arrive. Undoing that leaves nothing in front, behind or inside: each reading is one whole token, or none.
"""

import re
from collections.abc import Iterator
from itertools import combinations

PREFIXES = ("HCP1:", "HPP1:")
MAX_CHARACTERS = 2000
# A space may be the pass's own or put in where a line was broken: so many are left out of so many, in every way.
MAX_LEFT_OUT, MAX_SPACES = 3, 20

_INVISIBLE = "\t\n\r\v\f\u200b\u200c\u200d\u2060\ufeff"
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_CHINESE = {"。": ".", "、": "/", "\uffe5": "$", "\u00a5": "$", "\u3000": " ", "\u00a0": " "}
_CLEAN = str.maketrans({**_FULL_WIDTH, **_CHINESE, **dict.fromkeys(_INVISIBLE, "")})
_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
# What arrives for the signs of base45 when the scanner types as on a US keyboard. German `+` is a dead key: it joins a vowel.
_GERMAN = str.maketrans(
    {
        **dict(zip("yzYZ(ßẞ-Öö`", "zyZY*--/::+", strict=True)),
        **{joined: f"+{vowel}" for joined, vowel in zip("ÀÈÌÒÙàèìòù", "AEIOUAEIOU", strict=True)},
    }
)
_FRENCH = str.maketrans("aqzwAQZW?,&é\"'(-è_çà458):!Mm", "qawzQAWZMM1234567890$%*-./::")
_SHAPE_OF_PREFIX = re.compile("H[CP]P.[^A-Z0-9]")


def readings(text: str) -> Iterator[str]:
    """The likeliest first; none for what cannot be a pass."""
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


def hint(text: str) -> str | None:
    """Why a text of which no reading is a pass looks like one all the same."""
    plain = _plain(text[:MAX_CHARACTERS])
    if plain.startswith(PREFIXES):
        return "incomplete"
    if _SHAPE_OF_PREFIX.match(plain) or any(typed.startswith(PREFIXES) for typed in _other_layouts(text)):
        return "keyboard"
    return None


def _plain(text: str) -> str:
    return text.translate(_CLEAN).strip().translate(_CAPITALS)


def _other_layouts(text: str) -> Iterator[str]:
    clean = text.translate(_CLEAN).strip()
    for keyboard in (_GERMAN, _FRENCH):
        yield clean.translate(keyboard).translate(_CAPITALS)
