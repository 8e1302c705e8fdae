"""Administrative divisions of GB/T 2260: how a code is called, and which code lies inside which.

The table holds every province and prefecture, the counties that no prefecture governs, and the districts of the cities
whose files are shipped; other counties are called by their prefecture and their code.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "divisions.csv"
_CODE = re.compile(r"[0-9]{6}")


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


def is_division_code(code: str) -> bool:
    """Six ASCII digits. Whether such a division exists is not asked: codes come and go every year."""
    return _CODE.fullmatch(code) is not None


def covers(area: str, other: str) -> bool:
    """Whether `other` is `area` or lies inside it: …0000 covers its province, …00 its prefecture, others themselves."""
    if area.endswith("0000"):
        return other[:2] == area[:2]
    if area.endswith("00"):
        return other[:4] == area[:4]
    return other == area


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
