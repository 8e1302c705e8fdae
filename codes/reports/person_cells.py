"""A citizen in a row of a report: masked, unless the export is an identified one."""

from collections.abc import Iterator

from regions.keys.sealing import open_number
from regions.masking import mask_name, mask_number


class PersonCells:
    """Gives (reference, ID number, full name), and knows afterwards whose data it revealed.

    Rows of one citizen stand together, so the last one is remembered.
    """

    def __init__(self, *, identified: bool) -> None:
        self._identified = identified
        self._last: int | None = None
        self._cells = ("", "", "")
        # One byte for each id up to the highest: a city's ids are dense, and a set of them is fifty times larger.
        self._revealed = bytearray()

    def of(self, citizen: int, ref: str, sealed: bytes, full_name: str) -> tuple[str, str, str]:
        """The three cells; ``sealed`` is the encrypted number. Raises ``CannotDecrypt``."""
        if citizen != self._last:
            number = open_number(sealed)
            if self._identified:
                self._mark(citizen)
                self._cells = (ref, number, full_name)
            else:
                self._cells = (ref, mask_number(number), mask_name(full_name))
            self._last = citizen
        return self._cells

    def revealed(self) -> Iterator[int]:
        """Ids of the citizens whose full name and number were given."""
        return (citizen for citizen, shown in enumerate(self._revealed) if shown)

    def _mark(self, citizen: int) -> None:
        if citizen >= len(self._revealed):
            self._revealed.extend(bytes(citizen + 1 - len(self._revealed)))
        self._revealed[citizen] = 1
