"""People whose providers disagree for known causes: one cause, two at once, or an interaction.

The expected causes follow from how the worlds are built, never from the oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Literal

from tests.oracle import Rule, World
from tests.oracle.diagnosis import Factor
from tests.worlds.calendar import TODAY
from tests.worlds.causes import CAUSES, CHECKED_FROM, RootCause
from tests.worlds.dice import SeededDice
from tests.worlds.plot import CITIZEN, Plot, new_plot, staged
from tests.worlds.records import Event
from tests.worlds.scenes import Scene

INTERACTION = "interaction"
PAIRS = tuple(combinations(CAUSES, 2))
PRIMARY_OF_TWO: tuple[Factor, ...] = ("rules", "declaration", "source", "freshness")
"""The order in which the primary cause of two planted causes is chosen.

Each of the two, swapped alone, turns B red, so ties are broken in the order of the semantics. Freshness is the exception:
B's source does not contain the late record, so B stays green with A's horizon. A with B's horizon loses the late record,
but stays red by the other cause.
"""


@dataclass(frozen=True)
class Injected:
    """A disagreement with known causes. Provider `a` is the stricter one; `root_causes` has one for each planted cause."""

    scene: Scene
    citizen: str
    a: str
    b: str
    causes: tuple[str, ...]
    primary_cause: Factor | Literal["interaction"]
    root_causes: tuple[RootCause, ...]

    @property
    def world(self) -> World:
        return self.scene.world

    @property
    def day(self) -> date:
        return self.scene.day

    @property
    def as_of(self) -> datetime:
        return self.scene.as_of


def injected(cause: str | tuple[str, ...], seed: int) -> Injected:
    """Build a disagreement. `cause` is one of CAUSES, one of PAIRS, or INTERACTION.

    The seed determines the dates, which provider is the stricter one, and what the two share.
    """
    causes = (cause,) if isinstance(cause, str) else cause
    plot = new_plot(SeededDice(f"{causes} {seed}"))
    if causes == (INTERACTION,):
        plant_interaction(plot)
        return Injected(staged(plot), CITIZEN, plot.a.provider, plot.b.provider, causes, "interaction", ())
    root_causes = tuple(CAUSES[name](plot) for name in CAUSES if name in causes)
    primary = min((piece.factor for piece in root_causes), key=PRIMARY_OF_TWO.index)
    return Injected(staged(plot), CITIZEN, plot.a.provider, plot.b.provider, causes, primary, root_causes)


def plant_interaction(plot: Plot) -> None:
    """Plant three hits of A. Each depends on two of source, rules and declaration, so no swap of one factor changes a colour."""
    first, third = plot.fresh_kind(), plot.fresh_kind()
    plot.a.rules += [Rule("I1", first, "red"), Rule("I2", "contact_with_case", "red")]
    plot.a.tells(Event(first, None, TODAY - 9, None))
    plot.a.contact = "yes"
    plot.both_hold(Rule("I3", third, "red", hold_days=7, checkin_days=7))
    plot.a.tells(Event(third, None, CHECKED_FROM, None))
    plot.a.healthy = set()
    plot.b.healthy = set(range(CHECKED_FROM, CHECKED_FROM + 8))
