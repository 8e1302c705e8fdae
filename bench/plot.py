"""A bar chart as SVG, logarithmic, readable without colour."""

import math
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 34, 300, 110, 60


def bars(path: Path, title: str, unit: str, values: Sequence[tuple[str, float]]) -> None:
    """Draw one bar per line; its length is the logarithm of its value relative to half of the smallest value."""
    least = min(value for _, value in values) / 2
    longest = math.log10(max(value for _, value in values) / least)
    height = TOP + ROW * len(values) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="20" y="28" font-size="18" font-weight="600">{escape(title)}</text>',
        f'<text x="20" y="48" font-size="13" fill="#555">{escape(unit)}, logarithmic</text>',
    ]
    for number, (label, value) in enumerate(values):
        y = TOP + ROW * number
        length = math.log10(value / least) / longest * (WIDTH - LEFT - RIGHT)
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 20}" font-size="14" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LEFT}" y="{y + 5}" width="{length:.1f}" height="{ROW - 12}" fill="#33608c"/>',
            f'<text x="{LEFT + length + 8:.1f}" y="{y + 20}" font-size="14">{value:,.3g}</text>',
        ]
    path.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")
