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

QUIET_ZONE = 4  # modules of white around it, as the standard requires
# The mask pattern, which every reader finds in the code itself. Trying all eight for the best takes seven times as long as drawing
# one; for tokens, whose bits are random, this one has the fewest patterns that are hard to read.
MASK = 2
DARK, LIGHT = 0, 255
AS_DIGITS = bytes.maketrans(bytes([DARK, LIGHT]), b"10")


def qr_svg(text: str, title: str) -> SafeString:
    """Return a QR code with the best mask, for text that is printed or shown once; ``title`` describes it to screen readers."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return _svg(bytes(DARK if dark else LIGHT for row in code.modules for dark in row), title)


def pass_svg(token: str, title: str) -> SafeString:
    """Return the QR code of a pass, which is drawn again every minute (``docs/adr/0061-what-showing-takes.md``)."""
    code = zxingcpp.create_barcode(token, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=MASK)
    picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    return _svg(bytes(memoryview(picture)), title)


def _piece(byte: int) -> str:
    """Return the path commands for eight modules from left to right: lines over the dark ones (bits 1), moves over the others."""
    runs = ((digit == "1", len(list(run))) for digit, run in groupby(f"{byte:08b}"))
    return "".join(f"h{width}" if dark else f"m{width} 0" for dark, width in runs)


# All 256, computed once.
PIECES = [_piece(byte) for byte in range(256)]


def _svg(dots: bytes, title: str) -> SafeString:
    """Return the SVG with one line per row, as thick as a module."""
    side = isqrt(len(dots))
    cut, fill, lines = _rows(side)
    digits = fill.join([*cut(dots.translate(AS_DIGITS)), b""])
    row, drawn = (side + len(fill)) // 8, list(lines)
    octets = int(digits, 2).to_bytes(side * row, "big")
    for place in range(row):
        drawn[place + 1 :: row + 1] = map(PIECES.__getitem__, octets[place::row])
    return format_html('{}{}"></path></svg>', _before(side, title), "".join(drawn))


@cache
def _rows(side: int) -> tuple[Callable[[bytes], tuple[bytes, ...]], bytes, list[str]]:
    """Return a function that cuts a picture into rows, the padding of a row to whole bytes, and the path parts with empty places.

    Each row's part begins with its move command; the places are filled with pieces.
    """
    fill = b"0" * (-side % 8)
    cuts = [slice(y * side, (y + 1) * side) for y in range(side)]
    places = [""] * ((side + len(fill)) // 8)
    lines = [part for y in range(side) for part in (f"M{QUIET_ZONE} {QUIET_ZONE + y}.5", *places)]
    return itemgetter(*cuts), fill, lines


@lru_cache(maxsize=256)
def _before(side: int, title: str) -> SafeString:
    """Return the SVG up to the path's commands."""
    size = side + 2 * QUIET_ZONE
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#ffffff" d="M0 0h{}v{}H0z"></path><path fill="none" stroke="#000000" d="',
        *(title, size, size, size, size),
    )
