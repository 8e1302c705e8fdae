"""Split the text of a page into pieces, each with the language in which it must be.

What is marked as data (``<code>``, ``<kbd>``, ``translate="no"``) has no language. An element with ``lang`` has that
language, or an unknown one if ``lang`` is empty.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

CHINESE, ENGLISH = "zh-Hans", "en"
# Language → what belongs to the other language. Full-width punctuation is Chinese.
FOREIGN = {
    CHINESE: re.compile(r"[A-Za-z][A-Za-z'’]+"),
    ENGLISH: re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+"),
}
FORMATS = {"CSV", "JPEG", "JSON", "JSONL", "PDF", "PNG", "QR", "TOML", "XLSX"}
STANDARDS = {"ASCII", "Cookie", "GB", "HCP", "HTTP", "RFC", "SHA", "SQL", "UTF", "https"}
ALLOWED = {CHINESE: FORMATS | STANDARDS, ENGLISH: set[str]()}

UNREAD = frozenset({"script", "style", "svg", "textarea"})
DATA = frozenset({"code", "kbd"})
WITHOUT_END = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
READ_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
INLINE = re.compile(r"</?(?:a|b|code|em|kbd|q|small|span|strong|time)\b[^>]*>")
# A full-width punctuation mark includes its space: another space after it leaves a gap in the line.
HOLE = re.compile(r"[^<>]{0,20}[。，；：！？、）]\s+(?=[^\s<])[^<>]{0,20}")


# Attributes that a browser or the portal reads. They cannot parse a number with thousand separators.
FOR_MACHINES = re.compile(r'\b(?:value|min|max|maxlength|name|id|href|action|data-[a-z-]+|hx-[a-z]+)="([^"]*)"')
GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")


def grouped_for_machines(page: str) -> list[str]:
    """Return the attributes for machines that contain a number with thousand separators."""
    return [found[0] for found in FOR_MACHINES.finditer(page) if GROUPED.search(found[1])]


@dataclass(frozen=True)
class Piece:
    language: str
    text: str


@dataclass(frozen=True)
class _Element:
    tag: str
    language: str
    is_unread: bool
    is_data: bool


@dataclass
class _Reader(HTMLParser):
    language: str
    pieces: list[Piece] = field(default_factory=list)
    data: set[str] = field(default_factory=set)
    _open: list[_Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open.append(_Element("", self.language, is_unread=False, is_data=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around, given = self._open[-1], {name: value or "" for name, value in attrs}
        element = _Element(
            tag,
            given.get("lang", around.language),
            is_unread=around.is_unread or tag in UNREAD or given.get("lang") == "",
            is_data=tag in DATA or given.get("translate", "no" if around.is_data else "yes") == "no",
        )
        texts = [given[name] for name in READ_ATTRIBUTES if name in given]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            texts.append(given.get("value", ""))
        for text in texts:
            self._add(element, text)
        if tag not in WITHOUT_END:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and any(element.tag == tag for element in self._open):
            if self._open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self._add(self._open[-1], data)

    def _add(self, element: _Element, text: str) -> None:
        text = " ".join(text.split())
        if not text or element.is_unread:
            return
        if element.is_data:
            self.data.add(text)
        else:
            self.pieces.append(Piece(element.language, text))


def foreign_words(page: str, language: str, names: Iterable[str] = ()) -> set[tuple[str, str]]:
    """Return the words in another language than their element's, each with its text.

    What the page marks as data once is data everywhere on it, and so are ``names``: a title or an attribute cannot contain
    markup, and a sentence may repeat a name.
    """
    reader = _Reader(language)
    reader.feed(page)
    known = sorted(reader.data.union(names), key=len, reverse=True)
    data = re.compile("|".join(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" for name in known) or "(?!)")
    return {
        (word, piece.text)
        for piece in reader.pieces
        for word in FOREIGN[piece.language].findall(data.sub(" ", piece.text))
        if word not in ALLOWED[piece.language]
    }


def holes(page: str) -> set[str]:
    """Return the spaces after full-width punctuation marks, each with the text around it, across inline elements."""
    read = re.sub(r"<(script|style|svg|textarea|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    return {" ".join(found.split()) for found in HOLE.findall(INLINE.sub("", read))}
