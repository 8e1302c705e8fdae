"""The QR code on the page is the one the library makes, square by square."""

import re

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from portal.citizen.code.views import QUIET_ZONE, qr_svg


def test_every_dark_square_is_drawn_and_no_other() -> None:
    text = "HCP1:" + "A1B2" * 40
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=0)  # type: ignore[type-arg]  # of no picture class
    code.add_data(text)
    code.make(fit=True)
    wanted = {(x, y) for y, row in enumerate(code.get_matrix()) for x, dark in enumerate(row) if dark}
    drawn = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", qr_svg(text, "t")):
        drawn |= {(int(x) - QUIET_ZONE + step, int(y) - QUIET_ZONE) for step in range(int(width))}
    assert drawn == wanted


def test_its_title_is_escaped() -> None:
    assert "&lt;b&gt;" in qr_svg("x", "<b>")
