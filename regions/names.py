"""Whether two spellings of a name can be one person's. Names do not identify; clearly different ones are shown to an official.

A missed difference is better than a false alarm: spellings that differ only because of a keyboard, a font or a custom count as
equal, and what cannot be compared is ignored (``docs/adr/0016-one-person.md``).
"""

import csv
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "private_use_characters.csv"
# Signs for characters that were hidden, or were missing in a font or code page. A name with one of them is not compared.
HIDDEN = frozenset("*＊?？□○●〇◯〓■▇█×✕#＃�")
HIDDEN_SYLLABLE = "某"
# Words that systems write if they have no name.
NO_NAMES = frozenset(
    {"无", "無", "无名", "无名氏", "未知", "不详", "不詳", "匿名", "null", "none", "nil", "na", "unknown"}
)


def clearly_different(names: Iterable[str]) -> bool:
    """Return whether any two of the names cannot be spellings of one person's name."""
    comparable = {parts for name in names if (parts := _parts(name))}
    return any(not _alike(one, other) for one, other in combinations(sorted(comparable), 2))


def _parts(name: str) -> tuple[str, ...]:
    """Return the name's parts without case, accents and punctuation; empty for a name that cannot be compared."""
    if HIDDEN & set(name) or HIDDEN_SYLLABLE in name[1:]:
        return ()
    plain = unicodedata.normalize("NFKC", "".join(_private_use().get(one, one) for one in name))
    kept = []
    for one in unicodedata.normalize("NFD", plain.casefold()):
        category = unicodedata.category(one)
        if category in ("Mn", "Cf"):  # accents, variation selectors, invisible marks
            continue
        kept.append(one if category[0] in "LNMC" else " ")
    parts = tuple("".join(kept).split())
    return () if "".join(parts) in NO_NAMES else parts


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether the parts are equal in any order, or one name's letters are a rotation of the other's.

    A rotation moves the family name from first to last, whatever the number of parts and whether they are separated or not.
    """
    if sorted(one) == sorted(other):
        return True
    letters, others = "".join(one), "".join(other)
    return len(letters) == len(others) and any(
        _same_letters(letters[start:] + letters[:start], others) for start in range(len(letters))
    )


def _same_letters(one: str, other: str) -> bool:
    """Return whether the letters are equal. A private-use character can stand for any character."""
    return all(a == b or "Co" in map(unicodedata.category, (a, b)) for a, b in zip(one, other, strict=True))


@cache
def _private_use() -> dict[str, str]:
    """Map private-use characters of GBK and GB 18030 to the characters they stood for before Unicode had them."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {chr(int(row["private_use"], 16)): chr(int(row["character"], 16)) for row in csv.DictReader(rows)}
