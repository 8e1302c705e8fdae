"""QR codes as inline SVG."""

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import groupby
from math import isqrt
from operator import itemgetter
from typing import Any

import zxingcpp
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4  # modules of white around it, as the standard wants
# The pattern laid over the data, which every reader finds in the code itself. Trying out all eight for the best takes seven times as
# long as drawing one; of tokens, which are evenly mixed already, this one has the fewest places that are hard to read.
MASK = 2
# Modules of a row that are drawn by one look into a table.
STEP = 11
DARK, LIGHT = 0, 255
PLACE = "{}"


def qr_svg(text: str, title: str) -> SafeString:
    """The code of what is printed or shown once, with the best of all patterns, called ``title`` for those who cannot see it."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return _svg(bytes(DARK if dark else LIGHT for row in code.modules for dark in row), title)


def pass_svg(token: str, title: str) -> SafeString:
    """The code of a pass, which is drawn anew every minute (``docs/adr/0061-what-showing-takes.md``)."""
    code = zxingcpp.create_barcode(token, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=MASK)
    picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    return _svg(bytes(memoryview(picture)), title)


class Pieces(dict[bytes, str]):
    """Modules side by side → path commands that go to the right over them: drawing over the dark ones. Each is worked out once."""

    def __missing__(self, modules: bytes) -> str:
        runs = ((dot == DARK, len(list(run))) for dot, run in groupby(modules))
        self[modules] = "".join(f"h{width}" if dark else f"m{width} 0" for dark, width in runs)
        return self[modules]


PIECES = Pieces()


def _svg(dots: bytes, title: str) -> SafeString:
    """A line for each row, as thick as a module is high."""
    side = isqrt(len(dots))
    cut, lines = _rows(side)
    drawn = lines.format(*map(PIECES.__getitem__, cut(dots)))
    return format_html('{}{}"></path></svg>', _before(side, title), drawn)


@cache
def _rows(side: int) -> tuple[Callable[[bytes], tuple[bytes, ...]], str]:
    """What cuts a picture into pieces, and the path with a place for each of them."""
    starts = range(0, side, STEP)
    cuts = [slice(y * side + x, y * side + min(x + STEP, side)) for y in range(side) for x in starts]
    rows = (f"M{QUIET_ZONE} {y}.5{PLACE * len(starts)}" for y in range(QUIET_ZONE, QUIET_ZONE + side))
    return itemgetter(*cuts), "".join(rows)


@lru_cache(maxsize=256)
def _before(side: int, title: str) -> SafeString:
    """What stands before the path."""
    size = side + 2 * QUIET_ZONE
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#ffffff" d="M0 0h{}v{}H0z"></path><path fill="none" stroke="#000000" d="',
        *(title, size, size, size, size),
    )
