"""Divisions as far as the semantics speak of them: what covers what, and what became of dissolved ones (§3)."""

from __future__ import annotations

SUCCESSORS = {"500105": ("500157",), "500112": ("500157",)}
"""Those that the semantics name. Worlds write stays in no other dissolved division."""


def lies_in(area: str, entry_area: str) -> bool:
    """510000 covers its province, 510100 its city, 510104 only itself."""
    if entry_area.endswith("0000"):
        return area[:2] == entry_area[:2]
    if entry_area.endswith("00"):
        return area[:4] == entry_area[:4]
    return area == entry_area


def covers(entry_area: str, area: str) -> bool:
    """A stay in a dissolved division also matches entries for its successor, not the other way round.

    Whenever the stay and whatever the division's last day was: the semantics ask for neither (§3).
    """
    return any(lies_in(one, entry_area) for one in (area, *SUCCESSORS.get(area, ())))
