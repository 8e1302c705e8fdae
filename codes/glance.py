"""Whether anything is to be told about a person beyond their colour: one short query, for the page that is opened most of all.

Nearly everybody is green by agreement and held by nothing. Their pages differ by nothing but the name and the pass, so what is shown
of their providers is read once for all of them (``docs/adr/0040-showing-a-code.md``).
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
# So long a decision is told of on top of the page, and a check-in that came too late below it.
OUTCOME_TOLD = timedelta(days=14)
LATE_TOLD = timedelta(days=14)


class Glance(NamedTuple):
    """``sides``: equal for two people only if everything that is shown of their providers is.

    ``is_held``: some provider holds them, or two differ. ``cases`` are the ids of their open matters and of those decided lately;
    ``entered``: whether they declared something that no run has counted yet. ``acts``: changes with whatever was done about them
    since the run. ``key_number`` is that of the city's key for passes in use.
    """

    run_day: date | None
    sides: str
    is_held: bool
    cases: list[int]
    entered: bool
    acts: str
    key_number: int

    def is_plain(self, code: CurrentCode) -> bool:
        """Whether the person is green because all their providers say so, and nothing is left to explain."""
        is_green = (code.colour, code.because) == (State.GREEN, Because.AGREEMENT)
        return is_green and not (self.is_held or self.cases or self.entered)


def late_shown_since(today: date) -> date:
    """The first day of the check-ins that are told of as too late."""
    return today - LATE_TOLD


def code_and_glance(citizen_id: int, *, now: datetime) -> tuple[CurrentCode, Glance]:
    """Both by one query: what they rest on is the same."""
    (row,) = READ.rows({"citizen": citizen_id, **glance_parameters(now)})
    code, glance, _ = code_and_glance_of(row, now=now)
    return code, glance


def glance_parameters(now: datetime) -> dict[str, Any]:
    """What ``READ`` is given beside whose code it is."""
    since = {"told_since": now - OUTCOME_TOLD, "late_since": late_shown_since(current_city().day_of(now))}
    return {**code_parameters(now), **since}


def code_and_glance_of(row: Sequence[Any], *, now: datetime) -> tuple[CurrentCode, Glance, list[Any]]:
    """Both, as a row says that begins with the columns of ``READ``; and what it has beside them."""
    code, beside = code_of(row, now=now)
    width = len(Glance._fields)
    return code, Glance(*beside[:width]), beside[width:]
