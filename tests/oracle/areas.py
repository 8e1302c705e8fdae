"""Division codes: which division covers which, and the successors of dissolved divisions (semantics §3)."""

from __future__ import annotations

SUCCESSORS = {"500105": ("500157",), "500112": ("500157",)}
"""Dissolved division → its successors: those that the semantics name. Test worlds contain no stays in others."""


def lies_in(area: str, entry_area: str) -> bool:
    """Return whether the entry's area covers the area: 510000 covers its province, 510100 its city, 510104 only itself."""
    if entry_area.endswith("0000"):
        return area[:2] == entry_area[:2]
    if entry_area.endswith("00"):
        return area[:4] == entry_area[:4]
    return area == entry_area


def covers(entry_area: str, area: str) -> bool:
    """Return whether the entry matches a stay in the area. Entries for a dissolved division's successor match it, too.

    An entry for a dissolved division does not match a stay in its successor. The dates of the stay and the last day of
    the division make no difference: §3 does not mention them.
    """
    return any(lies_in(one, entry_area) for one in (area, *SUCCESSORS.get(area, ())))
