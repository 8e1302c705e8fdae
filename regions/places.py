"""Finding the divisions a text can mean (武汉, 海淀区, 北京市海淀区, 香港, Haidian, Beijing), the likeliest first."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache

from regions.divisions import Division, above, divisions, is_division_code

MOST_FOUND = 8
LONGEST = 80
# Words for a division's kind and autonomy, which people leave out in short forms; longer ones before their parts.
_PEOPLES = (
    "土家族|布依族|哈尼族|傈僳族|拉祜族|纳西族|景颇族|达斡尔族|仫佬族|布朗族|撒拉族|毛南族|仡佬族|锡伯族|普米族|保安族|裕固族"
    "|独龙族|朝鲜族|东乡族|哈萨克族|蒙古族|维吾尔|哈萨克|柯尔克孜|塔吉克|蒙古|锡伯"
    "|壮族|回族|满族|苗族|彝族|藏族|侗族|瑶族|白族|傣族|黎族|佤族|畲族|水族|土族|羌族|怒族|各族"
)
_AUTONOMOUS = "自治区|自治州|自治县|自治旗"
_KINDS = "特别行政区|地区|新区|林区|特区|省|市|区|县|盟|旗"
_ENDING_ZH = re.compile(rf"(?<=..)(?:(?:{_PEOPLES})*(?:{_AUTONOMOUS})|{_KINDS})$")
_ENDING_EN = re.compile(
    r" (?:autonomous (?:county|banner|prefecture|region)|(?:special |forestry )?district|new area|county|banner|prefecture|city|province)$"
)
_ACCENT = re.compile("[\u0300-\u036f]")
_NO_LETTER = re.compile(r"[\W_]+")


class Likeness(IntEnum):
    """How well a text fits a place, the best first."""

    NAME = 0
    SHORT_NAME = 1
    BEGINNING = 2
    WITHIN = 3
    LIES_IN = 4
    ADDRESS = 5


@dataclass(frozen=True, slots=True)
class Written:
    """The spellings of a division: whole names, and names without the word for its kind."""

    whole: frozenset[str]
    short: frozenset[str]
    joined: str
    beginnings: tuple[str, ...]


def find_places(text: str, *, most: int = MOST_FOUND) -> list[str]:
    """Return the codes of what the text can mean. For an address, these are the places it begins with, the smallest first."""
    wanted = _plain(text[:LONGEST])
    if is_division_code(wanted):
        return [wanted]
    return [code for _likeness, code in _likely(wanted)[:most]]


def place_meant(text: str) -> str:
    """Return the code of the only place that the text names, or an empty string if it names none or several."""
    wanted = _plain(text[:LONGEST])
    if is_division_code(wanted):
        return wanted
    found = _likely(wanted)
    named = [code for likeness, code in found if likeness == found[0][0] and likeness <= Likeness.SHORT_NAME]
    return named[0] if len(named) == 1 else ""


@lru_cache(maxsize=500)
def _likely(wanted: str) -> list[tuple[Likeness, str]]:
    """Return each place that fits with its best likeness, also after removing the names of containing places on either side."""
    best: dict[str, Likeness] = {}
    for higher, codes in _by_above().items() if wanted else ():
        for left, lies_in in set(_without_above(wanted, higher)):
            for code in codes:
                fit = _fit(left, _written(code)) if left else Likeness.LIES_IN if lies_in else None
                if fit is not None and fit < best.get(code, len(Likeness)):
                    best[code] = fit
    return sorted(((fit, code) for code, fit in best.items()), key=_order)


def _order(found: tuple[Likeness, str]) -> tuple[int, int, str]:
    likeness, code = found
    return likeness, -len(above(code)) if likeness is Likeness.ADDRESS else 0, code


@cache
def _by_above() -> dict[tuple[str, ...], list[str]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for code in divisions():
        groups.setdefault(above(code), []).append(code)
    return groups


def _fit(text: str, own: Written) -> Likeness | None:
    if text in own.whole:
        return Likeness.NAME
    if text in own.short:
        return Likeness.SHORT_NAME
    if own.joined.startswith(text) or f"/{text}" in own.joined:
        return Likeness.BEGINNING
    if len(text) > 1 and text in own.joined:
        return Likeness.WITHIN
    if text.startswith(own.beginnings):
        return Likeness.ADDRESS
    return None


def _without_above(text: str, higher: tuple[str, ...], *, lies_in: bool = False) -> Iterator[tuple[str, bool]]:
    yield text, lies_in
    for place, code in enumerate(higher):
        for name in _written(code).beginnings:
            if text.startswith(name):
                yield from _without_above(text[len(name) :], higher[place + 1 :], lies_in=True)
            if text.endswith(name) and text != name and name.isascii():
                yield from _without_above(text[: -len(name)], higher[:place] + higher[place + 1 :], lies_in=True)


@cache
def _written(code: str) -> Written:
    one: Division = divisions()[code]
    whole = {one.zh, one.en.casefold()}
    short = {_ENDING_ZH.sub("", one.zh), _ENDING_EN.sub("", one.en.casefold())}
    names = frozenset(map(_plain, whole)), frozenset(map(_plain, short - whole))
    every = sorted(frozenset().union(*names))
    return Written(*names, "/".join(every), tuple(name for name in every if len(name) > 1))


def _plain(text: str) -> str:
    """Remove spaces, punctuation and accents, and the differences of width and case."""
    return _NO_LETTER.sub("", _ACCENT.sub("", unicodedata.normalize("NFKD", text)).casefold())
