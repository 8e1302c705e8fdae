"""Reading a genuine pass live: its citizen, and the citizen's current colour, regardless of the colour in the pass
(``docs/adr/0039-gates.md``).

Both the city's own gates and look-ups by other cities use this module, so that they give the same answer. A pass that
was exchanged for one of another city never has a less severe colour than that city gave.
"""

from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache

from codes.effective import effective_code
from codes.passes.issuing import citizen_of
from codes.passes.paper import Paper, holder
from codes.passes.token import CLOCKS_DIFFER, Pass
from codes.vocabulary import Colour, State, strictest
from regions.keys.encryption import lookup_hash
from regions.tenancy import current_city
from regions.vocabulary import Recognition


class Live(NamedTuple):
    """``citizen``: the primary key of the pass's citizen; ``None`` if there is none.

    ``colour``: the current colour; empty if the city has none.
    """

    citizen: int | None
    colour: str


def read_live(content: Pass | Paper, *, now: datetime) -> Live:
    """Read a pass or paper that the current city signed. Raises ``BadPass`` for paper that was withdrawn."""
    if isinstance(content, Paper):
        citizen: int | None = holder(content).pk
    else:
        citizen = citizen_of(content.pseudonym, day=current_city().day_of(content.issued_at))
    state = State(effective_code(citizen, now=now).colour) if citizen is not None else State.UNKNOWN
    if state.colour is None:
        return Live(citizen, "")
    return Live(citizen, strictest([state.colour, *_colours_elsewhere(content)]).value)


def keep_exchanged(content: Pass, there: str, *, now: datetime) -> None:
    """Store the other city's colour for the lifetime of the pass, for all processes, because the pass itself cannot contain it."""
    cache.set(_exchanged(content), there, timeout=(content.expires_at + CLOCKS_DIFFER - now).total_seconds())


def _colours_elsewhere(content: Pass | Paper) -> list[Colour]:
    """Return the colour that another city gave for an exchanged pass, else an empty list.

    The cache is read only in cities that exchange passes.
    """
    if isinstance(content, Paper) or Recognition(current_city().recognition) is not Recognition.CONVERT:
        return []
    there = cache.get(_exchanged(content))
    return [] if there is None else [Colour(there)]


def _exchanged(content: Pass) -> str:
    named = f"{content.pseudonym}|{content.issued_at.timestamp()}|{content.colour}"
    return f"exchanged:{lookup_hash(named, use='exchanged_pass').hex()}"
