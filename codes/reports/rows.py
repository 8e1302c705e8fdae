"""Reading a report's rows as they are written, so that memory does not grow with the city."""

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
# What share of the rows the planner is told will be read, when only the first of them will be.
FIRST_FEW = 0.0001
_first: ContextVar[int | None] = ContextVar("how many of a report's rows will be read", default=None)


@contextmanager
def first_rows(count: int) -> Iterator[None]:
    """Inside, reports are read for their first rows only: a page that shows twenty does not wait for a million to be sorted."""
    before = _first.set(count)
    try:
        yield
    finally:
        _first.reset(before)


def stream(statement: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The statement's rows through a server-side cursor. Call, and consume, inside one transaction.

    The statement sees one instant, whatever is written meanwhile. Raises ``TransactionManagementError`` outside a
    transaction, where the server would first make a copy of everything.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a report is streamed inside a transaction")
    first = _first.get()
    with connection.cursor() as cursor:
        # Where all rows will be read, the plan for the first ones would be the slower one.
        cursor.execute("SELECT set_config('cursor_tuple_fraction', %s, true)", [str(FIRST_FEW if first else 1)])
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        size = first or ROWS_AT_A_TIME
        while rows := cursor.fetchmany(size):
            yield from rows
            # The reader may pass most of them over: then the first few are far apart.
            size = min(4 * size, ROWS_AT_A_TIME)


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

    def of(self, citizen: int, ref: str, encrypted: bytes, full_name: str) -> tuple[str, str, str]:
        """The three cells; ``encrypted`` is the number. Raises ``CannotDecrypt``."""
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
        """Ids of the citizens whose full name and number were given."""
        return (citizen for citizen, shown in enumerate(self._revealed) if shown)

    def _mark(self, citizen: int) -> None:
        if citizen >= len(self._revealed):
            self._revealed.extend(bytes(citizen + 1 - len(self._revealed)))
        self._revealed[citizen] = 1


DAYS_NAMED = 10


def settled_runs(*, first: date | None, last: date | None) -> Sequence[Run]:
    """The last settled run of each day from ``first`` to ``last``, oldest first; without days, the newest one of all.

    A day that was computed again as history after it had settled is told by what was kept of it then. Raises ``CannotExport`` when
    there is none, with the days that there are.
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
    """The run with this number of those that settled or were kept on the day; its last without one. None when there is none."""
    of_day = (Run.objects.settled() | Run.objects.kept()).filter(day=day)
    return (of_day if number is None else of_day.filter(sequence=number)).order_by("-sequence").first()


def describe_runs(runs: Sequence[Run]) -> dict[str, Any]:
    """The runs as a manifest names them, with the day or days they are of."""
    each = [
        {"run": run.pk, "day": run.day.isoformat(), "sequence": run.sequence, "as_of": run.as_of.isoformat()}
        | ({"history": True} if run.history else {})
        for run in runs
    ]
    return {**named(runs[0].day, runs[-1].day), "runs": each}


def _no_runs(first: date | None, last: date | None) -> CannotExport:
    there = Run.objects.settled() | Run.objects.kept()
    days = list(there.order_by("-day").values_list("day", flat=True).distinct())
    if not days:
        return CannotExport(ExportFault.NO_RUN)
    asked = str(first) if first == last else f"the days from {first or 'the first'} to {last or 'the last'}"
    named = ", ".join(map(str, days[:DAYS_NAMED]))
    more = f" and {len(days) - DAYS_NAMED} more, the first on {days[-1]}" if len(days) > DAYS_NAMED else ""
    return CannotExport(ExportFault.NO_RUN_OF_DAYS, asked=asked, days=f"{named}{more}")
