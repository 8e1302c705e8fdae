"""Administrative divisions of GB/T 2260: which exist, their names, which contains which, and the successors of dissolved ones.

Every division that exists or was dissolved since 2009 is known (``docs/adr/0022-divisions.md``). The dissolved ones and a few newer
than the table have no name; they are shown as their code with the name of the division that contains them.
"""

import csv
from collections import Counter
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
    """Return the table by code, in the order of the codes. It is read once."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {row["code"]: Division(**row) for row in csv.DictReader(rows)}


@cache
def dissolved() -> dict[str, tuple[str, ...]]:
    """Map each dissolved division to its sorted successors, including the successors of those that were dissolved in turn."""
    direct: dict[str, set[str]] = {}
    with _SUCCESSORS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            direct.setdefault(row["code"], set()).add(row["successor"])

    def following(code: str, known: frozenset[str]) -> set[str]:
        further = direct.get(code, set()) - known
        return further.union(*(following(one, known | further) for one in further))

    return {code: tuple(sorted(following(code, frozenset({code})))) for code in direct}


def successors(code: str) -> tuple[str, ...]:
    """Return all successors of a dissolved division; empty for one that exists."""
    return dissolved().get(code, ())


def is_dissolved(code: str) -> bool:
    """Return whether the division was dissolved. Stays may still name it; a new entry of a risk list should name its successors."""
    return code in dissolved()


@cache
def _codes() -> frozenset[str]:
    return frozenset({*divisions(), *_WITHOUT_NAMES.read_text(encoding="utf-8").split(), *dissolved()})


def is_division_code(code: str) -> bool:
    """Return whether the division exists or existed. …01, the districts of a city taken together, counts as a division."""
    prefecture, place = code[:4], code[4:]
    return code in _codes() or (place == "01" and prefecture[2:] != "00" and f"{prefecture}00" in _codes())


def covers(area: str, other: str) -> bool:
    """Return whether ``other`` is ``area`` or lies inside it: …0000 covers its province, …00 its prefecture, others themselves."""
    if area.endswith("0000"):
        return other[:2] == area[:2]
    if area.endswith("00"):
        return other[:4] == area[:4]
    return other == area


def covering(code: str) -> tuple[str, str, str]:
    """Return the division, its prefecture and its province: a risk area that is one of these covers it."""
    return code, code[:4] + "00", code[:2] + "0000"


def above(code: str) -> tuple[str, ...]:
    """Return the named divisions that contain a division, the largest first."""
    higher = code[:2] + "0000", code[:4] + "00"
    return tuple(one for one in higher if one != code and one in divisions())


@cache
def _bearers() -> Counter[str]:
    """Count the divisions with each name, in either language."""
    return Counter(name for one in divisions().values() for name in {one.zh, one.en})


def full_title(code: str, lang: str) -> str:
    """Return a division's name with those of all that contain it: 湖北省武汉市江岸区, Jiang'an District, Wuhan, Hubei."""
    if code not in divisions():
        return division_title(code, lang)
    return _joined((*above(code), code), is_zh=lang.lower().startswith("zh"))


def _joined(codes: tuple[str, ...], *, is_zh: bool) -> str:
    named = [divisions()[one] for one in codes]
    return "".join(one.zh for one in named) if is_zh else ", ".join(one.en for one in reversed(named))


def division_title(code: str, lang: str) -> str:
    """Return a division's name, in Chinese for any ``zh…``.

    A name that several divisions share is prefixed by the division that contains it. An unknown code is shown with the name of the
    nearest division above it.
    """
    is_zh = lang.lower().startswith("zh")
    table = divisions()
    for known in (code, code[:4] + "00", code[:2] + "0000"):
        if known in table:
            title = table[known].zh if is_zh else table[known].en
            if known == code:
                is_shared = not code.endswith("00") and _bearers()[title] > 1
                return _joined((*above(code)[-1:], code), is_zh=is_zh) if is_shared else title
            return f"{title}（{code}）" if is_zh else f"{title} ({code})"
    return code
