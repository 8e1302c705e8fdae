"""Whether two spellings of a name can be one person's. Names do not identify; clearly different ones are shown to an official.

No alarm is better than a false one: what only looks different because of a keyboard, a font or a custom is the same, and what
cannot be compared is left alone (``docs/adr/0016-one-person.md``).
"""

import csv
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "private_use_characters.csv"
# Signs that stand for characters somebody hid, or that a font or a code page did not have. A name with one is not compared.
HIDDEN = frozenset("*＊?？□○●〇◯〓■▇█×✕#＃�")
HIDDEN_SYLLABLE = "某"
# Words that systems write where they have no name.
NO_NAMES = frozenset(
    {"无", "無", "无名", "无名氏", "未知", "不详", "不詳", "匿名", "null", "none", "nil", "na", "unknown"}
)


def clearly_different(names: Iterable[str]) -> bool:
    """Whether any two of the names cannot be one person's name in two spellings."""
    comparable = {parts for name in names if (parts := _parts(name))}
    return any(not _alike(one, other) for one, other in combinations(sorted(comparable), 2))


def _parts(name: str) -> tuple[str, ...]:
    """The name's parts without case, accents and the signs between them; empty for a name that says nothing."""
    if HIDDEN & set(name) or HIDDEN_SYLLABLE in name[1:]:
        return ()
    plain = unicodedata.normalize("NFKC", "".join(_private_use().get(one, one) for one in name))
    kept = []
    for one in unicodedata.normalize("NFD", plain.casefold()):
        category = unicodedata.category(one)
        if category in ("Mn", "Cf"):  # accents, variation selectors, marks that are not seen
            continue
        kept.append(one if category[0] in "LNMC" else " ")
    parts = tuple("".join(kept).split())
    return () if "".join(parts) in NO_NAMES else parts


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """The same parts in any order; or the same letters when one name begins later and goes on with its beginning.

    The latter is the family name first or last, however many parts it has and whether they are set apart or not.
    """
    if sorted(one) == sorted(other):
        return True
    letters, others = "".join(one), "".join(other)
    return len(letters) == len(others) and any(
        _same_letters(letters[start:] + letters[:start], others) for start in range(len(letters))
    )


def _same_letters(one: str, other: str) -> bool:
    """A character that only some vendor's font has can be any character."""
    return all(a == b or "Co" in map(unicodedata.category, (a, b)) for a, b in zip(one, other, strict=True))


@cache
def _private_use() -> dict[str, str]:
    """Private-use characters in which GBK and GB 18030 kept what Unicode did not have yet; ``since`` says until when."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {chr(int(row["private_use"], 16)): chr(int(row["character"], 16)) for row in csv.DictReader(rows)}
