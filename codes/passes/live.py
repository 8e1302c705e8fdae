"""A genuine pass read live: whose it is, and the colour that they have now, whatever it was made with (``docs/adr/0039-gates.md``).

A gate of the city and a city that is asked by another one read it here, so that both say the same. A pass that was exchanged for
one of another city never stands for less than that city said.
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
    if state.colour is None:
        return Live(citizen, "")
    return Live(citizen, strictest([state.colour, *_said_elsewhere(said)]).value)


def keep_exchanged(content: Pass, there: str, *, now: datetime) -> None:
    """Keep what the other city said of its holder as long as the pass lives, for all processes: the pass itself cannot say it."""
    cache.set(_exchanged(content), there, timeout=(content.expires_at + CLOCKS_DIFFER - now).total_seconds())


def _said_elsewhere(said: Pass | Paper) -> list[Colour]:
    """Nothing but for an exchanged pass. Asked for only where passes are exchanged."""
    if isinstance(said, Paper) or Recognition(current_city().recognition) is not Recognition.CONVERT:
        return []
    there = cache.get(_exchanged(said))
    return [] if there is None else [Colour(there)]


def _exchanged(content: Pass) -> str:
    named = f"{content.pseudonym}|{content.issued_at.timestamp()}|{content.colour}"
    return f"exchanged:{lookup_hash(named, use='exchanged_pass').hex()}"
