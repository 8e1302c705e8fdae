"""QR codes as inline SVG."""

from functools import lru_cache
from itertools import groupby
from math import isqrt
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
# Modules that are drawn by one look into a table.
STEP = 10
PIECES = 2_000
DARK, LIGHT = 0, 255


def qr_svg(text: str, title: str) -> SafeString:
    """The code of what is printed or shown once, with the best of all patterns, called ``title`` for those who cannot see it."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return _svg([bytes(DARK if dark else LIGHT for dark in row) for row in code.modules], title)


def pass_svg(token: str, title: str) -> SafeString:
    """The code of a pass, which is drawn anew every minute (``docs/adr/0061-what-showing-takes.md``)."""
    code = zxingcpp.create_barcode(token, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=MASK)
    picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    dots = bytes(memoryview(picture))
    side = isqrt(len(dots))
    return _svg([dots[start : start + side] for start in range(0, len(dots), side)], title)


def _svg(rows: list[bytes], title: str) -> SafeString:
    """A line for each row, as thick as a module is high."""
    lines = "".join([f"M{QUIET_ZONE} {y}.5{_row(row)}" for y, row in enumerate(rows, QUIET_ZONE)])
    size = len(rows) + 2 * QUIET_ZONE
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#ffffff" d="M0 0h{}v{}H0z"></path><path fill="none" stroke="#000000" d="{}"></path></svg>',
        *(title, size, size, size, size, lines),
    )


def _row(modules: bytes) -> str:
    return "".join([_piece(modules[start : start + STEP]) for start in range(0, len(modules), STEP)])


@lru_cache(maxsize=PIECES)
def _piece(modules: bytes) -> str:
    """Path commands that go to the right over these modules: drawing over the dark ones."""
    runs = ((dot == DARK, len(list(run))) for dot, run in groupby(modules))
    return "".join(f"h{width}" if dark else f"m{width} 0" for dark, width in runs)
