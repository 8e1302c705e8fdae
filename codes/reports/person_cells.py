"""A citizen in a row of a report: masked, unless the export is an identified one."""

from regions.keys.sealing import open_number
from regions.masking import mask_name, mask_number


class PersonCells:
    """Gives (reference, ID number, full name). Rows of one citizen stand together, so the last one is remembered."""

    def __init__(self, *, identified: bool) -> None:
        self._identified = identified
        self._last: int | None = None
        self._cells = ("", "", "")

    def of(self, citizen: int, ref: str, sealed: bytes, full_name: str) -> tuple[str, str, str]:
        """The three cells; ``sealed`` is the encrypted number. Raises ``CannotDecrypt``."""
        if citizen != self._last:
            number = open_number(sealed)
            shown = (number, full_name) if self._identified else (mask_number(number), mask_name(full_name))
            self._last, self._cells = citizen, (ref, *shown)
        return self._cells
