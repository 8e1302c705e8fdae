"""A QR code as part of the page: black squares on white, one path, no script and no picture to fetch."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET = 4  # modules of white around it, as the standard wants


def qr_svg(text: str, title: str) -> SafeString:
    """The code of the text as an inline SVG, called ``title`` for those who cannot see it."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows) + 2 * QUIET
    dots = "".join(_runs(row, y + QUIET) for y, row in enumerate(rows))
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#ffffff" d="M0 0h{}v{}H0z"></path><path fill="#000000" d="{}"></path></svg>',
        title,
        size,
        size,
        size,
        size,
        dots,
    )


def _runs(row: list[bool], y: int) -> str:
    """Path commands for the dark runs of a row: fewer than one a module."""
    commands, start = [], None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            commands.append(f"M{start + QUIET} {y}h{x - start}v1h-{x - start}z")
            start = None
    return "".join(commands)
