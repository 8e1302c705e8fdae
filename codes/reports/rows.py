"""Read a report's rows while they are written, so that memory use does not grow with the size of the city."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

from codes.models import ExportFault, Run
from codes.reports.request import CannotExport, named
from regions.keys.encryption import decrypt_number
from regions.masking import mask_name, mask_number

ROWS_AT_A_TIME = 4000
# The share of the rows that the planner assumes will be read, if only the first rows are needed.
FIRST_FEW = 0.0001
_first: ContextVar[int | None] = ContextVar("how many of a report's rows will be read", default=None)


@contextmanager
def first_rows(count: int) -> Iterator[None]:
    """Read reports for their first rows only within the block: a page that shows twenty need not wait for a million to be sorted."""
    before = _first.set(count)
    try:
        yield
    finally:
        _first.reset(before)


def stream(statement: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the statement's rows through a server-side cursor. Call and consume it within one transaction.

    The statement sees one snapshot, whatever is written meanwhile. Raises ``TransactionManagementError`` outside a transaction, where
    the server would first copy all rows.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a report is streamed inside a transaction")
    first = _first.get()
    with connection.cursor() as cursor:
        # If all rows will be read, a plan for the first rows would be slower.
        cursor.execute("SELECT set_config('cursor_tuple_fraction', %s, true)", [str(FIRST_FEW if first else 1)])
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        size = first or ROWS_AT_A_TIME
        while rows := cursor.fetchmany(size):
            yield from rows
            # The reader may skip most rows, so that even a few results require reading many.
            size = min(4 * size, ROWS_AT_A_TIME)


class PersonCells:
    """Makes the cells (reference, ID number, full name), and records whose data it has revealed.

    The rows of a citizen are adjacent, so the last citizen's cells are cached.
    """

    def __init__(self, *, identified: bool) -> None:
        self._identified = identified
        self._last: int | None = None
        self._cells = ("", "", "")
        # One byte for each id up to the highest: a city's ids are dense, and a set would be fifty times larger.
        self._revealed = bytearray()

    def of(self, citizen: int, ref: str, encrypted: bytes, full_name: str) -> tuple[str, str, str]:
        """Return the three cells; ``encrypted`` is the encrypted ID number. Raises ``CannotDecrypt``."""
        if citizen != self._last:
            number = decrypt_number(encrypted)
            if self._identified:
                self._mark(citizen)
                self._cells = (ref, number, full_name)
            else:
                self._cells = (ref, mask_number(number), mask_name(full_name))
            self._last = citizen
        return self._cells

    def revealed(self) -> Iterator[int]:
        """Return the ids of the citizens whose full name and number were returned."""
        return (citizen for citizen, shown in enumerate(self._revealed) if shown)

    def _mark(self, citizen: int) -> None:
        if citizen >= len(self._revealed):
            self._revealed.extend(bytes(citizen + 1 - len(self._revealed)))
        self._revealed[citizen] = 1


DAYS_NAMED = 10


def settled_runs(*, first: date | None, last: date | None) -> Sequence[Run]:
    """Return the last settled run of each day from ``first`` to ``last``, the oldest first; without days, that of the newest day.

    For a day that was recomputed as history after it had settled, it is the run of history. Raises ``CannotExport`` with the available
    days if there is none.
    """
    settled = Run.objects.settled()
    asked = settled | Run.objects.kept()
    if first is None and last is None:
        asked = asked.filter(day=settled.order_by("-pk").values("day")[:1])
    if first is not None:
        asked = asked.filter(day__gte=first)
    if last is not None:
        asked = asked.filter(day__lte=last)
    runs = list(asked.order_by("day", "-sequence").distinct("day"))
    if not runs:
        raise _no_runs(first, last)
    return runs


def run_of(day: date, number: int | None = None) -> Run | None:
    """Return the settled or kept run of the day with this number, or the last one without a number; ``None`` if there is none."""
    of_day = (Run.objects.settled() | Run.objects.kept()).filter(day=day)
    return (of_day if number is None else of_day.filter(sequence=number)).order_by("-sequence").first()


def describe_runs(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the runs and their days in the form used in manifests."""
    each = [
        {"run": run.pk, "day": run.day.isoformat(), "sequence": run.sequence, "as_of": run.as_of.isoformat()}
        | ({"history": True} if run.history else {})
        for run in runs
    ]
    return {**named(runs[0].day, runs[-1].day), "runs": each}


def _no_runs(first: date | None, last: date | None) -> CannotExport:
    available = Run.objects.settled() | Run.objects.kept()
    days = list(available.order_by("-day").values_list("day", flat=True).distinct())
    if not days:
        return CannotExport(ExportFault.NO_RUN)
    asked = str(first) if first == last else f"the days from {first or 'the first'} to {last or 'the last'}"
    named = ", ".join(map(str, days[:DAYS_NAMED]))
    more = f" and {len(days) - DAYS_NAMED} more, the first on {days[-1]}" if len(days) > DAYS_NAMED else ""
    return CannotExport(ExportFault.NO_RUN_OF_DAYS, asked=asked, days=f"{named}{more}")
