"""A QR code as an inline SVG."""

from functools import lru_cache
from itertools import groupby
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4  # modules of white around it, as the standard wants
# The pattern laid over the data, which every reader finds in the code itself. Trying out all eight for the best takes ten times as
# long as drawing one; of tokens, which are evenly mixed already, this one has the fewest places that are hard to read.
MASK = 2

# Modules that are drawn by one look into a table.
STEP = 7


def qr_svg(text: str, title: str) -> SafeString:
    """The code of the text, called ``title`` for those who cannot see it: a line for each row, as thick as a module is high."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    size = len(code.modules) + 2 * QUIET_ZONE
    rows = "".join(
        [f"M{QUIET_ZONE} {y}.5{_row(bytes(map(bool, row)))}" for y, row in enumerate(code.modules, QUIET_ZONE)]
    )
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#ffffff" d="M0 0h{}v{}H0z"></path><path fill="none" stroke="#000000" d="{}"></path></svg>',
        *(title, size, size, size, size, rows),
    )


def _row(modules: bytes) -> str:
    return "".join([_piece(modules[start : start + STEP]) for start in range(0, len(modules), STEP)])


@lru_cache(maxsize=1024)
def _piece(modules: bytes) -> str:
    """Path commands that go to the right over these modules: drawing over the dark ones."""
    runs = ((dark, len(list(run))) for dark, run in groupby(modules))
    return "".join(f"h{width}" if dark else f"m{width} 0" for dark, width in runs)
