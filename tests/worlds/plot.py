"""One person about whom two providers know the same, until a cause is planted on one side.

Every cause uses its own kinds, so that two causes planted together interact only through their factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from tests.oracle import (
    Batch,
    CheckIn,
    Declaration,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Source,
    World,
    facts_of_check_ins,
    facts_of_declarations,
)
from tests.worlds.calendar import NOW, TODAY, ZONE, day, tick
from tests.worlds.dice import Dice
from tests.worlds.records import Event
from tests.worlds.scenes import Scene

CITIZEN = "c0"
BYSTANDER = "c1"


@dataclass(frozen=True)
class Told:
    """An event as a source records it. Instants are ticks."""

    event: Event
    recorded: int
    received: int = NOW


@dataclass
class Side:
    """The data by which one provider judges. Days and instants are numbers."""

    provider: str
    source: str
    rule_set: str
    rules: list[Rule] = field(default_factory=list)
    risk_areas: list[RiskArea] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    contact: Literal["yes", "no"] = "no"
    healthy: set[int] = field(default_factory=set)
    complete: int = NOW - 1

    def tells(self, event: Event, recorded: int | None = None, received: int = NOW) -> str:
        """Add a record of the event, recorded on its first day unless specified otherwise, and return the record id."""
        self.told.append(Told(event, event.started * 3 + 1 if recorded is None else recorded, received))
        return self._id(len(self.told))

    def _id(self, number: int) -> str:
        return f"{self.source}-{number}"

    def records(self) -> Iterator[FactVersion]:
        for number, told in enumerate(self.told, start=1):
            yield FactVersion(
                origin=Origin("source", self.source),
                record_id=self._id(number),
                version=1,
                citizen=CITIZEN,
                kind=told.event.kind,
                area=told.event.area,
                started_on=day(told.event.started),
                ended_on=None if told.event.ended is None else day(told.event.ended),
                recorded_at=tick(told.recorded),
                received_at=tick(told.received),
            )

    def delivered(self) -> Source:
        return Source(self.source, timedelta(days=30), (Batch(tick(NOW), tick(self.complete)),))

    def version(self) -> RuleSetVersion:
        return RuleSetVersion(self.rule_set, 1, day(-90), tuple(self.rules), tuple(self.risk_areas))

    def declared(self) -> Declaration:
        at = tick(TODAY * 3 - 14)
        return Declaration(CITIZEN, self.provider, f"{self.provider}-1", at, at, contact=self.contact)

    def check_ins(self) -> list[CheckIn]:
        return [CheckIn(CITIZEN, self.provider, day(n), True, tick(n * 3 + 2)) for n in sorted(self.healthy)]


@dataclass
class Plot:
    dice: Dice
    a: Side
    b: Side
    kinds: list[str]

    def fresh_kind(self) -> str:
        return self.kinds.pop()

    def both_hold(self, rule: Rule) -> None:
        self.a.rules.append(rule)
        self.b.rules.append(rule)

    def both_tell(self, event: Event, recorded: int | None = None) -> None:
        self.a.tells(event, recorded)
        self.b.tells(event, recorded)


def new_plot(dice: Dice) -> Plot:
    """Return a plot with equal data on both sides. Which of the two providers is A is random."""
    a, b = dice.pick((("alipay", "wechat"), ("wechat", "alipay")))
    kinds = ["close_contact", "spacetime_overlap", "positive_test", "co_traveller", "secondary_contact"]
    plot = Plot(dice, Side(a, "bigdata", "national"), Side(b, "police", "local"), kinds)
    plot.both_tell(Event("negative_test", None, TODAY - dice.number(6, 12), None))
    common_days = set(range(dice.number(5, 10), dice.number(11, TODAY)))
    if dice.once_in(2):
        plot.both_hold(Rule("C1", "suspected_case", "red", cleared_by=("case_excluded",), hold_days=None))
        plot.both_tell(Event("suspected_case", None, TODAY - 10, None))
        plot.both_tell(Event("case_excluded", None, TODAY - dice.number(6, 9), None))
    if dice.once_in(2):
        plot.a.healthy |= common_days
        plot.b.healthy |= common_days
    return plot


def staged(plot: Plot) -> Scene:
    """Return the plot as a scene. In half of the cases, sides with equal sources or equal rules share source or rule set."""
    a, b = plot.a, plot.b
    if a.told == b.told and a.complete == b.complete and plot.dice.once_in(2):
        b.source = a.source
    if a.rules == b.rules and a.risk_areas == b.risk_areas and plot.dice.once_in(2):
        b.rule_set = a.rule_set
    sides = sorted((a, b), key=lambda side: side.provider)
    check_ins = [check_in for side in sides for check_in in side.check_ins()]
    declarations = tuple(side.declared() for side in sides)
    records = {fact.ref: fact for side in sides for fact in side.records()}
    world = World(
        providers=tuple(Provider(side.provider, side.source, side.rule_set) for side in sides),
        sources=tuple({side.source: side.delivered() for side in sides}.values()),
        rule_sets=tuple({side.rule_set: side.version() for side in sides}.values()),
        citizens=(CITIZEN, BYSTANDER),
        facts=(*records.values(), *facts_of_declarations(declarations, ZONE), *facts_of_check_ins(check_ins, ZONE)),
        check_ins=tuple(check_ins),
        registrations=tuple(
            Registration(citizen, side.provider, tick(0)) for citizen in (CITIZEN, BYSTANDER) for side in sides
        ),
        zone=ZONE,
    )
    return Scene(world, day(TODAY), tick(NOW), declarations)
