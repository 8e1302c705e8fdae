"""Displayed colours that are wrong (semantics §7), for people without rulings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from tests.oracle.effective import Settled, effective, effective_when_asked
from tests.oracle.verdicts import verdict
from tests.oracle.world import World


class Wrong(NamedTuple):
    """A displayed colour that is wrong. ``since`` is the last instant at which it was right, or None if it never was."""

    expected: str
    since: datetime | None


class _Stood(NamedTuple):
    """The colours that were right to show from ``first`` to ``last``, both included."""

    first: datetime
    last: datetime
    right: frozenset[str]


def displayed_wrongly(
    world: World,
    citizen: str,
    provider: str,
    runs: Sequence[Settled],
    *,
    colour: str,
    shown_at: datetime,
    delay: timedelta,
    now: datetime,
) -> Wrong | None:
    """Return what is wrong, or None if the colour was right at some instant from ``shown_at - delay`` until ``now``."""
    stood = _history(world, citizen, provider, runs, now)
    low = shown_at - delay
    times = [one for one in stood if colour in one.right]
    if any(one.first <= now and one.last >= low for one in times):
        return None
    code = effective_when_asked(world, citizen, runs[-1] if runs else None, now).colour
    own = [one for one in stood if one.first <= now <= one.last]
    mine = _verdict(world, citizen, provider, runs[-1]) if runs and own and code != "unknown" else None
    return Wrong(mine or code, max((one.last for one in times), default=None))


def _history(world: World, citizen: str, provider: str, runs: Sequence[Settled], now: datetime) -> list[_Stood]:
    """Return, for each run, the colours that were right until the next run.

    Both ends of each interval are included, so a colour that is shown for exactly the permitted delay is not yet wrong.
    """
    ends = [after.as_of for _, after in pairwise(runs)] + [now]
    return [
        _Stood(run.as_of, end, _right(world, citizen, provider, run))
        for run, end in zip(runs, ends, strict=len(runs) > 0)
    ]


def _right(world: World, citizen: str, provider: str, run: Settled) -> frozenset[str]:
    code, mine = effective(world, citizen, run.day, run.as_of).colour, _verdict(world, citizen, provider, run)
    return frozenset({code, mine or code} - {"unknown"})


def _verdict(world: World, citizen: str, provider: str, run: Settled) -> str | None:
    found = verdict(world, citizen, provider, run.day, run.as_of)
    return str(found.state) if found.has_colour else None
