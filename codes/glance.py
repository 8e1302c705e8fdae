"""Read in one short query whether a citizen's code page shows more than the colour. It is the page that is opened most often.

Nearly everybody is green by agreement and has no hit. Their pages differ only in the name and the pass, so the part about providers
is computed once for all of them (``docs/adr/0040-showing-a-code.md``).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from codes.effective import CODE_OF_ONE, WITH_LAST, CurrentCode, code_of, code_parameters
from codes.models import Run
from codes.models.case import CaseState
from codes.vocabulary import Because, State
from regions.keys.models import Purpose
from regions.prepared import Prepared
from regions.sql import compose
from regions.tenancy import current_city

READ = Prepared(
    "glance",
    compose(Path(__file__).with_suffix(".sql"), with_last=WITH_LAST, code=CODE_OF_ONE),
    settled=list(Run.SETTLED),
    purpose=Purpose.PASS.value,
    not_told=[CaseState.WITHDRAWN.value, CaseState.CONVERGED.value],
)
# How long a decision is shown at the top of the page, and a late check-in below it.
OUTCOME_TOLD = timedelta(days=14)
LATE_TOLD = timedelta(days=14)


class Glance(NamedTuple):
    """The data of a citizen on which the code page depends.

    ``sides`` is equal for two people only if everything shown about their providers is equal. ``is_held``: a provider holds
    them, or two providers differ. ``cases`` are the ids of their open cases and of those decided lately. ``entered``: they
    declared something that does not count yet. ``acts`` changes with everything done about them since the run.
    ``key_number`` is the id of the city's current key for passes.
    """

    run_day: date | None
    sides: str
    is_held: bool
    cases: list[int]
    entered: bool
    acts: str
    key_number: int

    def is_plain(self, code: CurrentCode) -> bool:
        """Return whether the person is green because all their providers agree, and there is nothing else to explain."""
        is_green = (code.colour, code.because) == (State.GREEN, Because.AGREEMENT)
        return is_green and not (self.is_held or self.cases or self.entered)


def late_shown_since(today: date) -> date:
    """Return the first day whose late check-ins are shown."""
    return today - LATE_TOLD


def code_and_glance(citizen_id: int, *, now: datetime) -> tuple[CurrentCode, Glance]:
    """Return a citizen's effective code and glance. One query reads both, since they depend on the same rows."""
    (row,) = READ.rows({"citizen": citizen_id, **glance_parameters(now)})
    code, glance, _ = code_and_glance_of(row, now=now)
    return code, glance


def glance_parameters(now: datetime) -> dict[str, Any]:
    """Return the parameters of ``READ``, except the citizen."""
    since = {"told_since": now - OUTCOME_TOLD, "late_since": late_shown_since(current_city().day_of(now))}
    return {**code_parameters(now), **since}


def code_and_glance_of(row: Sequence[Any], *, now: datetime) -> tuple[CurrentCode, Glance, list[Any]]:
    """Return the code and glance of a row that begins with the columns of ``READ``, and the values of its other columns."""
    code, rest = code_of(row, now=now)
    width = len(Glance._fields)
    return code, Glance(*rest[:width]), rest[width:]
