"""Administrative divisions of GB/T 2260: which there are, how a code is called, what lies inside what, what became of what.

Every division that exists or was dissolved since 2009 is known (``docs/adr/0022-divisions.md``). Called by name are provinces,
prefectures, the counties that no prefecture governs, and the districts of the cities whose files are shipped; other
counties are called by their prefecture and their code.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"
_TABLE = _DATA / "divisions.csv"
_WITHOUT_NAMES = _DATA / "division_codes.txt"
_SUCCESSORS = _DATA / "division_successors.csv"


@dataclass(frozen=True, slots=True)
class Division:
    code: str
    zh: str
    en: str


@cache
def divisions() -> dict[str, Division]:
    """The table by code, in the order of the codes; read once."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {row["code"]: Division(**row) for row in csv.DictReader(rows)}


@cache
def dissolved() -> dict[str, tuple[str, ...]]:
    """Dissolved division → those that took its place, sorted; of one that was dissolved in turn, its successors as well."""
    direct: dict[str, set[str]] = {}
    with _SUCCESSORS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            direct.setdefault(row["code"], set()).add(row["successor"])

    def following(code: str, known: frozenset[str]) -> set[str]:
        further = direct.get(code, set()) - known
        return further.union(*(following(one, known | further) for one in further))

    return {code: tuple(sorted(following(code, frozenset({code})))) for code in direct}


def successors(code: str) -> tuple[str, ...]:
    """The divisions that took the place of a dissolved one, whenever; none of one that exists."""
    return dissolved().get(code, ())


def is_dissolved(code: str) -> bool:
    """Whether the division is no more. Stays in it are known still; a new entry of a risk list should name its successors."""
    return code in dissolved()


@cache
def _codes() -> frozenset[str]:
    return frozenset({*divisions(), *_WITHOUT_NAMES.read_text(encoding="utf-8").split(), *dissolved()})


def is_division_code(code: str) -> bool:
    """Whether there is or was such a division. The districts of a city taken together are one of its own: …01."""
    prefecture, place = code[:4], code[4:]
    return code in _codes() or (place == "01" and prefecture[2:] != "00" and f"{prefecture}00" in _codes())


def covers(area: str, other: str) -> bool:
    """Whether `other` is `area` or lies inside it: …0000 covers its province, …00 its prefecture, others themselves."""
    if area.endswith("0000"):
        return other[:2] == area[:2]
    if area.endswith("00"):
        return other[:4] == area[:4]
    return other == area


def covering(code: str) -> tuple[str, str, str]:
    """The division, its prefecture and its province: a risk area of one of these covers it."""
    return code, code[:4] + "00", code[:2] + "0000"


def division_title(code: str, lang: str) -> str:
    """What people call a division, in Chinese for any `zh…`; an unknown code by the nearest division above it and the code."""
    is_zh = lang.lower().startswith("zh")
    table = divisions()
    for known in (code, code[:4] + "00", code[:2] + "0000"):
        if known in table:
            title = table[known].zh if is_zh else table[known].en
            if known == code:
                return title
            return f"{title}（{code}）" if is_zh else f"{title} ({code})"
    return code
