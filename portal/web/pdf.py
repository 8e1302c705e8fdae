"""A part of a page as a PDF for printing and filing: the same text in the same order, in black on white, with the font embedded.

What has no use on paper (forms, collapsed parts, icons) is left out; all other content of the HTML is included.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

from fpdf import FPDF
from fpdf.enums import TextMode
from pylopdf_fonts_zh_cn import sans_path

# fontTools logs the glyphs of each font subset, which are the document's content.
logging.getLogger("fontTools").setLevel(logging.WARNING)

FONT = "Noto Sans SC"
# Replaces a character that the font lacks, as Chinese printers do.
NO_PICTURE = "〓"
LEFT, TOP, BOTTOM, WIDTH = 20.0, 18.0, 22.0, 170.0
TERM_WIDTH = 42.0
FIRST_CHINESE = 0x2E80
NOT_FIRST = "，。、：；！？）》」』】”’…·,.!?;:)]}%％"
NOT_LAST = "（《「『【“‘([{"

LEFT_OUT = frozenset({"button", "details", "form", "nav", "script", "style", "svg"})
BLOCKS = frozenset(
    {"article", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "header", "li", "ol", "p", "section", "ul"}
)
SIZES = {"h1": 17.0, "h2": 13.0, "h3": 11.5, "lead": 10.5, "kicker": 9.0, "timeline-at": 8.5}
SPACE_BEFORE = {
    "h1": 1.0,
    "h2": 6.0,
    "h3": 4.0,
    "h4": 2.5,
    "p": 1.0,
    "lead": 1.0,
    "timeline-title": 2.5,
    "timeline-at": 0.0,
}
HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
# Paragraphs whose class says more than their element.
TOLD_BY_CLASS = ("lead", "kicker", "timeline-title", "timeline-at")
STRONG, SOFT_KINDS = HEADINGS | {"timeline-title"}, frozenset({"dt", "kicker", "timeline-at"})
USUAL_SIZE, LINE = 9.5, 1.6
INK, SOFT, RULE, MARKED = (0, 0, 0), (90, 90, 90), (190, 190, 190), (255, 240, 160)
POINT = 25.4 / 72


class Style(NamedTuple):
    strong: bool = False
    soft: bool = False
    marked: bool = False


class Run(NamedTuple):
    text: str
    style: Style


@dataclass
class Block:
    """A paragraph, heading, term or list item."""

    kind: str
    runs: list[Run] = field(default_factory=list)


class _Reader(HTMLParser):
    """Reads HTML into blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._open: list[tuple[str, str]] = []
        self._left_out = 0
        self._kinds: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._left_out or tag in LEFT_OUT:
            self._left_out += tag in LEFT_OUT
        elif tag == "br":
            self._add("\n")
        elif tag in BLOCKS:
            classes = (dict(attrs).get("class") or "").split()
            self._kinds.append(next((one for one in TOLD_BY_CLASS if one in classes), tag))
            self._begin()
        elif tag not in ("input", "use", "img", "link"):
            self._open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in LEFT_OUT:
            self._left_out -= 1
        elif self._left_out:
            return
        elif tag in BLOCKS:
            if self._kinds:
                self._kinds.pop()
            self._begin()
        elif self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._add(data)

    def _begin(self) -> None:
        self.blocks.append(Block(self._kinds[-1] if self._kinds else "p"))

    def _add(self, text: str) -> None:
        if not self.blocks:
            self._begin()
        tags, classes = {tag for tag, _ in self._open}, " ".join(named for _, named in self._open).split()
        style = Style("strong" in tags or "badge-word" in classes, "soft" in classes, "mark" in tags)
        self.blocks[-1].runs.append(Run(text, style))


def blocks_of(html: str) -> list[Block]:
    """Return the blocks in the HTML without empty ones, with white space collapsed as by a browser."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found = []
    for block in reader.blocks:
        runs, before = [], "\n"
        for text, style in block.runs:
            collapsed = text if text == "\n" else _collapsed(text)
            if before[-1] in " \n" and collapsed != "\n":
                collapsed = collapsed.lstrip(" ")
            if collapsed:
                runs.append(Run(collapsed, style))
                before = collapsed
        if any(run.text.strip() for run in runs):
            found.append(Block(block.kind, runs))
    return found


def _collapsed(text: str) -> str:
    words = " ".join(text.split())
    return f"{' ' * text[:1].isspace()}{words}{' ' * (text[-1:].isspace() and bool(words))}"


class Paper(FPDF):
    """An A4 document in one font. ``foot`` is printed at the bottom of every page with its number."""

    def __init__(self, *, title: str, language: str, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.set_title(title)
        self.set_lang(language)
        self.add_font(FONT, fname=sans_path())
        self.pictures = self.fonts[FONT.lower()].cmap  # type: ignore[union-attr]  # a font that was added
        self.set_margins(LEFT, TOP, 210 - LEFT - WIDTH)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.add_page()

    def footer(self) -> None:
        self.set_draw_color(*RULE)
        self.line(LEFT, 297 - 15, LEFT + WIDTH, 297 - 15)
        self.set_font(FONT, size=8)
        self.set_text_color(*SOFT)
        self.set_xy(LEFT, 297 - 13)
        self.cell(WIDTH - 20, 5, self.printable(self.foot))
        self.cell(20, 5, f"{self.page_no()} / {{nb}}", align="R")

    def printable(self, text: str) -> str:
        """Return the text with a mark for each character that the font lacks; citizens' texts may contain any."""
        return "".join(one if ord(one) in self.pictures or one in " \n" else NO_PICTURE for one in text)

    def say(self, html: str) -> None:
        """Add the content of the HTML."""
        beside: tuple[int, float] | None = None
        for block in blocks_of(html):
            if block.kind == "dd" and beside and beside[0] == self.page:
                bottom, self.y = self.y, beside[1]
                self._block(block, indent=TERM_WIDTH, space=False)
                self.y = max(bottom, self.y)
                beside = None
                continue
            width = TERM_WIDTH - 3 if block.kind == "dt" else WIDTH
            if block.kind in HEADINGS and self.y > 297 - BOTTOM - 22:
                self.add_page()
            at = self._block(block, indent=TERM_WIDTH if block.kind == "dd" else 0.0, width=width)
            beside = (self.page, at) if block.kind == "dt" else None

    def lines_to_write_on(self, labels: Sequence[str]) -> None:
        """Add a line to write on for each label, side by side."""
        if self.y > 297 - BOTTOM - 30:
            self.add_page()
        self.y += 18
        share = WIDTH / len(labels)
        self.set_draw_color(*INK)
        for place, label in enumerate(labels):
            self.line(LEFT + place * share, self.y, LEFT + (place + 1) * share - 8, self.y)
            self._set(8.5, Style(soft=True))
            self.set_xy(LEFT + place * share, self.y + 1)
            self.cell(share - 8, 5, self.printable(label))
            self.y -= 1

    def _block(self, block: Block, *, indent: float = 0.0, width: float = WIDTH, space: bool = True) -> float:
        """Write one block. Return the vertical position of its first line."""
        size = SIZES.get(block.kind, USUAL_SIZE)
        height = size * LINE * POINT
        strong = block.kind in STRONG
        if block.kind == "li":
            indent += 3.5
        if space and self.y > TOP:
            self.y += SPACE_BEFORE.get(block.kind, 0.4)
        if block.kind == "h2":
            self.set_draw_color(*RULE)
            self.line(LEFT, self.y - 1, LEFT + WIDTH, self.y - 1)
        first = None
        for line in self._lines(block, size, min(width, WIDTH - indent), strong=strong):
            if self.y + height > 297 - BOTTOM:
                self.add_page()
            if first is None:
                first = self.y
                if block.kind == "li":
                    self.set_fill_color(*SOFT)
                    self.ellipse(LEFT + 0.6, self.y + height / 2 - 0.5, 1, 1, style="F")
            self.set_xy(LEFT + indent, self.y)
            for run in line:
                self._set(size, run.style)
                self.cell(self.get_string_width(run.text), height, run.text, fill=run.style.marked)
            self.y += height
        return self.y if first is None else first

    def _set(self, size: float, style: Style) -> None:
        ink = SOFT if style.soft else INK
        self.set_font(FONT, size=size)
        self.set_text_color(*ink)
        # The font has one weight; a thin outline of the letters serves as bold.
        self.set_draw_color(*ink)
        self.set_line_width(0.012 * size)
        self.text_mode = TextMode.FILL_STROKE if style.strong else TextMode.FILL
        self.set_fill_color(*MARKED)

    def _lines(self, block: Block, size: float, width: float, *, strong: bool) -> Iterator[list[Run]]:
        """Yield the block's runs in lines that fit."""
        soft = block.kind in SOFT_KINDS
        runs = [
            Run(self.printable(text), style._replace(strong=style.strong or strong, soft=style.soft or soft))
            for text, style in block.runs
        ]
        self.set_font(FONT, size=size)
        line: list[Run] = []
        used = 0.0
        for piece in _pieces(runs):
            text = "".join(run.text for run in piece)
            wide = self.get_string_width(text.rstrip(" ")) if text != "\n" else 0.0
            if text == "\n" or (line and used + wide > width):
                yield _joined(line)
                line, used = [], 0.0
            if text == "\n" or (not line and not text.strip()):
                continue
            line += piece
            used += self.get_string_width(text)
        if line:
            yield _joined(line)


def _pieces(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Yield pieces that are not broken at the end of a line: a word with its space, a Chinese character with its punctuation."""
    piece: list[Run] = []
    for text, style in runs:
        for one in text:
            if piece and _may_part(piece[-1].text[-1], one):
                yield piece
                piece = []
            piece.append(Run(one, style))
    if piece:
        yield piece


def _may_part(before: str, after: str) -> bool:
    if "\n" in (before, after):
        return True
    if after == " " or after in NOT_FIRST or before in NOT_LAST:
        return False
    return before == " " or ord(before) >= FIRST_CHINESE or ord(after) >= FIRST_CHINESE


def _joined(line: list[Run]) -> list[Run]:
    """Join adjacent runs of the same style."""
    joined: list[Run] = []
    for run in line:
        if joined and joined[-1].style == run.style:
            joined[-1] = Run(joined[-1].text + run.text, run.style)
        else:
            joined.append(run)
    return joined
