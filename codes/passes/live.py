"""A genuine pass read live: whose it is, and the colour that they have now, whatever it was made with (``docs/adr/0039-gates.md``).

A gate of the city and a city that is asked by another one read it here, so that both say the same.
"""

from datetime import datetime
from typing import NamedTuple

from codes.effective import effective_code
from codes.passes.issuing import citizen_of
from codes.passes.paper import Paper, holder
from codes.passes.token import Pass
from codes.vocabulary import State
from regions.tenancy import current_city


class Live(NamedTuple):
    """``citizen``: the number of whoever it is for; none for nobody. ``colour``: of now; empty where the city cannot say."""

    citizen: int | None
    colour: str


def read_live(said: Pass | Paper, *, now: datetime) -> Live:
    """Of a pass or paper that the current city signed. Raises ``BadPass`` for paper that was withdrawn."""
    if isinstance(said, Paper):
        citizen: int | None = holder(said).pk
    else:
        citizen = citizen_of(said.pseudonym, day=current_city().day_of(said.issued_at))
    state = State(effective_code(citizen, now=now).colour) if citizen is not None else State.UNKNOWN
    return Live(citizen, "" if state.colour is None else state.value)
