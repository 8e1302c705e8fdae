"""The causes that can be planted: each makes provider A stricter than B and returns the root cause.

Days are relative to the judged day: an event of 8 to 10 days ago is still held by a rule of 14 days and released by one
of 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.oracle import RiskArea, Rule
from tests.oracle.diagnosis import Factor
from tests.oracle.rules import Anchor
from tests.worlds.calendar import NOW, TODAY, day
from tests.worlds.plot import Plot
from tests.worlds.records import Event

CHECKED_FROM = TODAY - 10
"""The common anchor of the causes that need a run of check-ins, so that two of them can use the same run."""


@dataclass(frozen=True)
class RootCause:
    """The parameter that differs and its values for A and B. A value is None if that side has none."""

    cause: str
    factor: Factor
    parameter: str
    on_a: str | int | tuple[str, ...] | None
    on_b: str | int | tuple[str, ...] | None


def recent_event(plot: Plot, kind: str, area: str | None = None) -> Event:
    return Event(kind, area, TODAY - plot.dice.number(8, 10), None)


def held(code: str, kind: str) -> Rule:
    return Rule(code, kind, "red")


def differ_by_rule(plot: Plot, rule_a: Rule, rule_b: Rule, event: Event, recorded: int | None = None) -> None:
    plot.a.rules.append(rule_a)
    plot.b.rules.append(rule_b)
    plot.both_tell(event, recorded)


def late_record(plot: Plot) -> RootCause:
    """B's source is days behind: it does not contain the record, or delivers it only after the run."""
    event = recent_event(plot, plot.fresh_kind())
    plot.both_hold(held("F1", event.kind))
    recorded = NOW - plot.dice.number(1, 5)
    plot.b.complete = NOW - plot.dice.number(6, 12)
    record_id = plot.a.tells(event, recorded)
    if plot.dice.once_in(2):
        plot.b.tells(event, recorded, received=NOW + 3)
    return RootCause("late_record", "freshness", "record", record_id, None)


def missing_record(plot: Plot) -> RootCause:
    event = recent_event(plot, plot.fresh_kind())
    plot.both_hold(held("S1", event.kind))
    return RootCause("missing_record", "source", "record", plot.a.tells(event), None)


def other_date(plot: Plot) -> RootCause:
    """B's source has the same event with a date so long ago that the hit is released."""
    event = recent_event(plot, plot.fresh_kind())
    earlier = replace(event, started=TODAY - plot.dice.number(15, 19))
    plot.both_hold(held("S2", event.kind))
    plot.a.tells(event)
    plot.b.tells(earlier)
    return RootCause("other_date", "source", "started_on", str(day(event.started)), str(day(earlier.started)))


def hold_days(plot: Plot) -> RootCause:
    event = recent_event(plot, plot.fresh_kind())
    rule = held("R1", event.kind)
    differ_by_rule(plot, rule, replace(rule, hold_days=7), event)
    return RootCause("hold_days", "rules", "hold_days", 14, 7)


def colour(plot: Plot) -> RootCause:
    event = recent_event(plot, plot.fresh_kind())
    rule = held("R2", event.kind)
    differ_by_rule(plot, rule, replace(rule, colour="yellow"), event)
    return RootCause("colour", "rules", "colour", "red", "yellow")


def anchor(plot: Plot) -> RootCause:
    """The event started more than 14 days ago, but ended or was recorded less than 14 days ago."""
    counted_from: Anchor = plot.dice.pick(("ended", "recorded"))
    event = Event(plot.fresh_kind(), None, TODAY - plot.dice.number(15, 18), TODAY - plot.dice.number(8, 10))
    rule = held("R3", event.kind)
    late_entry = (TODAY - 9) * 3
    differ_by_rule(plot, replace(rule, anchor=counted_from), rule, event, late_entry)
    return RootCause("anchor", "rules", "anchor", counted_from, "started")


def area_level(plot: Plot) -> RootCause:
    risk_area = RiskArea(plot.dice.pick(("510104", "510100")), "medium", day(0))
    plot.a.risk_areas.append(risk_area)
    plot.b.risk_areas.append(risk_area)
    rule = replace(held("R4", "area_stay"), area_levels=("high",))
    stricter = replace(rule, area_levels=("high", "medium"))
    differ_by_rule(plot, stricter, rule, recent_event(plot, "area_stay", "510104"))
    return RootCause("area_level", "rules", "area_levels", ("high", "medium"), ("high",))


def checkin_days(plot: Plot) -> RootCause:
    """There are eight healthy days in a row: enough for seven check-in days, not for fourteen."""
    event = Event(plot.fresh_kind(), None, CHECKED_FROM, None)
    rule = replace(held("R5", event.kind), hold_days=7)
    differ_by_rule(plot, replace(rule, checkin_days=14), replace(rule, checkin_days=7), event)
    plot.a.healthy = set(range(CHECKED_FROM, CHECKED_FROM + 8))
    plot.b.healthy = set(plot.a.healthy)
    return RootCause("checkin_days", "rules", "checkin_days", 14, 7)


def rule_missing(plot: Plot) -> RootCause:
    event = recent_event(plot, plot.fresh_kind())
    plot.a.rules.append(held("R6", event.kind))
    plot.both_tell(event)
    return RootCause("rule_missing", "rules", "rule", "R6", None)


def risk_list(plot: Plot) -> RootCause:
    """B's risk list does not contain the area, or only until before the stay."""
    plot.both_hold(replace(held("R7", "area_stay"), area_levels=("high",)))
    plot.a.risk_areas.append(RiskArea("420100", "high", day(0)))
    if plot.dice.once_in(2):
        plot.b.risk_areas.append(RiskArea("420100", "high", day(0), day(TODAY - 11)))
    plot.both_tell(recent_event(plot, "area_stay", "420104"))
    return RootCause("risk_list", "rules", "risk_areas", "420100", None)


def declared_answer(plot: Plot) -> RootCause:
    plot.both_hold(held("D1", "contact_with_case"))
    plot.a.contact = "yes"
    return RootCause("declared_answer", "declaration", "contact", "yes", "no")


def checkin_gap(plot: Plot) -> RootCause:
    """There are eight healthy days in a row with B; with A, the fourth of them is missing."""
    event = Event(plot.fresh_kind(), None, CHECKED_FROM, None)
    plot.both_hold(replace(held("D2", event.kind), hold_days=7, checkin_days=7))
    plot.both_tell(event)
    plot.b.healthy = set(range(CHECKED_FROM, CHECKED_FROM + 8))
    plot.a.healthy = plot.b.healthy - {CHECKED_FROM + 3}
    return RootCause("checkin_gap", "declaration", "longest_run", 4, 8)


CAUSES: dict[str, Callable[[Plot], RootCause]] = {
    cause.__name__: cause
    for cause in (
        late_record,
        missing_record,
        other_date,
        hold_days,
        colour,
        anchor,
        area_level,
        checkin_days,
        rule_missing,
        risk_list,
        declared_answer,
        checkin_gap,
    )
}
"""The causes by name, in the order of planting: `checkin_gap` is last because it removes a day from an existing run."""
