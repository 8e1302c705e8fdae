"""The QR code on the page is the one the library makes, square by square."""

import random
import re
from collections.abc import Callable

import pytest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import lost_point

from codes.passes.token import PREFIX, encode
from portal.web.qr import MASK, QUIET_ZONE, pass_svg, qr_svg

TOKEN_BYTES = 142
# What the standard has for codes with level M, and this mask, beside the first finder pattern.
FORMAT = f"{0b101111001111100:015b}"


def drawn(text: str, draw: Callable[[str, str], str] = pass_svg) -> set[tuple[int, int]]:
    """The dark squares of the picture, without the white around it."""
    found: set[tuple[int, int]] = set()
    (path,) = re.findall(r'stroke="#000000" d="([^"]+)"', draw(text, "t"))
    for row, (start, middle, steps) in enumerate(re.findall(r"M(\d+) (\d+)\.5([hm\d 0]*)", path)):
        x, y = int(start) - QUIET_ZONE, int(middle) - QUIET_ZONE
        assert y == row
        for command, width in re.findall(r"([hm])(\d+)", steps):
            found |= {(x + step, y) for step in range(int(width)) if command == "h"}
            x += int(width)
    return found


def made(text: str, mask: int | None) -> "QRCode":  # type: ignore[type-arg]  # of no picture class
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=mask)  # type: ignore[type-arg]
    code.add_data(text)
    code.make(fit=True)
    return code


@pytest.mark.parametrize(("draw", "mask"), [(pass_svg, MASK), (qr_svg, None)], ids=["pass", "paper"])
@pytest.mark.parametrize(("times", "over"), [(40, 5), (50, 1)], ids=["five modules over", "one module over"])
def test_every_dark_square_is_drawn_and_no_other(
    draw: Callable[[str, str], str], mask: int | None, times: int, over: int
) -> None:
    """Whatever is left of a row after its pieces of eight."""
    text = PREFIX + "A1B2" * times
    rows = made(text, mask).get_matrix()
    assert len(rows) % 8 == over
    assert drawn(text, draw) == {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


def test_the_code_says_which_mask_lies_over_it() -> None:
    """Or no reader could take it off: the fifteen places of the format, as ISO/IEC 18004 arranges them."""
    dark = drawn(PREFIX + "A1B2" * 40)
    places = [*((x, 8) for x in (0, 1, 2, 3, 4, 5, 7, 8)), *((8, y) for y in (7, 5, 4, 3, 2, 1, 0))]
    assert "".join(str(int(place in dark)) for place in places) == FORMAT


def test_no_mask_is_tried_out_and_the_one_is_hardly_worse_than_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages show a code per second and core less for each one that is tried; by the standard's own count of what is hard to read."""
    drawing = random.Random(1)
    tokens = [PREFIX + encode(drawing.randbytes(TOKEN_BYTES)) for _ in range(6)]
    ours = [lost_point(made(text, MASK).modules) for text in tokens]
    best = [lost_point(made(text, None).modules) for text in tokens]
    assert sum(ours) <= 1.15 * sum(best)
    monkeypatch.setattr(QRCode, "best_mask_pattern", None)
    assert drawn(tokens[0])


def test_its_title_is_escaped() -> None:
    assert "&lt;b&gt;" in qr_svg("x", "<b>")
    assert "&lt;b&gt;" in pass_svg("x", "<b>")
