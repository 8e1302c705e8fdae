"""Drawn records of sources and of the city: events, recorded by each source in its own versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.oracle import CITY, FactVersion, Origin, RecordKey, RiskArea, Rule, RuleSetVersion, Suppression
from tests.oracle.areas import covers
from tests.worlds.calendar import NOW, TODAY, day, tick
from tests.worlds.dice import Dice
from tests.worlds.rules import AREAS, DIVIDED, draw_area

EVENT_KINDS = (
    "close_contact",
    "area_stay",
    "area_stay",
    "negative_test",
    "positive_test",
    "arrival",
    "isolation_completed",
    "contact_excluded",
)
FOLLOWING_KINDS = ("negative_test", "negative_test", "negative_test", "isolation_completed", "contact_excluded")
RULED_KINDS = ("false_declaration", "contact_excluded", "close_contact")


@dataclass(frozen=True)
class Event:
    """An event. Days are numbers; `ended` may be in the future, and None means that no end is recorded."""

    kind: str
    area: str | None
    started: int
    ended: int | None


def draw_event(dice: Dice, kinds: Sequence[str]) -> Event:
    kind = dice.pick(kinds)
    started = TODAY - dice.number(-3, dice.pick((TODAY, 4)))
    lasted = dice.pick((None, None, 0, 4, 12) if kind == "area_stay" else (None, 0, 4, 12))
    if lasted is not None and dice.once_in(6):
        lasted = TODAY - started + dice.pick((1, 0, 3, 9))  # a planned end
    area = draw_area(dice) if kind == "area_stay" or dice.once_in(6) else None
    return Event(kind, area, started, None if lasted is None else started + max(lasted, 0))


def draw_held_event(dice: Dice, rule: Rule, risk_areas: Sequence[RiskArea]) -> Event:
    """Draw an event of the rule's kind; with area levels, if possible in an area that the risk list has at one of them."""
    event = draw_event(dice, (rule.kind,))
    listed = [one.area for one in risk_areas if one.level in rule.area_levels]
    if not listed or rule.kind != "area_stay":
        return event
    within = dice.pick(listed)
    return replace(event, area=dice.pick([area for area in (within, *AREAS, *DIVIDED) if covers(within, area)]))


def draw_story(dice: Dice, versions: Sequence[RuleSetVersion]) -> Iterator[Event]:
    """Draw a person's events, each followed by tests and clearing facts from the day before on.

    Two of three events match the kind of a rule; otherwise most worlds would be entirely green.
    """
    held = [(rule, version.risk_areas) for version in versions for rule in version.rules]
    for _ in dice.up_to(3):
        following: tuple[str, ...] = FOLLOWING_KINDS
        if held and not dice.once_in(3):
            rule, risk_areas = dice.pick(held)
            event = draw_held_event(dice, rule, risk_areas)
            following = (*rule.cleared_by, *following)
        else:
            event = draw_event(dice, EVENT_KINDS)
        yield event
        since = dice.pick((event.started, event.ended or event.started, TODAY))
        for _ in dice.up_to(4):
            yield Event(dice.pick(following), None, since + dice.pick((1, 0, 2, 3, -1, 5)), None)


def draw_versions(
    dice: Dice, origin: Origin, record_id: str, citizen: str, event: Event, citizens: Sequence[str]
) -> Iterator[FactVersion]:
    """Draw the versions of one record: received late, not in the order of recording, revoked or repeated.

    A first version that would be recorded after the run is mostly recorded before it, and so before its day.
    """
    recorded = event.started * 3 + dice.pick((1, 0, 2, 6, 24))
    if recorded > NOW:
        recorded = NOW - dice.pick((30, 12, 1, -2))
    received = recorded + dice.pick((0, 1, 4, 24))
    fact = FactVersion(
        origin=origin,
        record_id=record_id,
        version=1,
        citizen=citizen,
        kind=event.kind,
        area=event.area,
        started_on=day(event.started),
        ended_on=None if event.ended is None else day(event.ended),
        recorded_at=tick(recorded),
        received_at=tick(received),
    )
    yield fact
    told = [fact]
    while len(told) < 5 and dice.once_in(4 if len(told) == 1 else 2):
        recorded += dice.pick((1, 9, 0, -1, -6))
        received = max(received, recorded) + dice.pick((1, 0, 3, 12))
        told.append(
            replace(
                draw_amendment(dice, told, citizens),
                version=len(told) + 1,
                recorded_at=tick(recorded),
                received_at=tick(received),
            )
        )
        yield told[-1]


def draw_amendment(dice: Dice, told: Sequence[FactVersion], citizens: Sequence[str]) -> FactVersion:
    """Draw the next version of a record: another spelling, the first content again, other content, or revoked.

    A later version of a revoked record is not revoked.
    """
    fact = told[-1]
    what = dice.pick(("revoked", "spelling", "started", "first", "ended", "kind", "area", "citizen"))
    if what == "first":
        return replace(told[0], detail=(("note", "again"),))
    if what == "revoked":
        return replace(fact, revoked=not fact.revoked)
    if what == "started":
        shift = day(dice.number(1, 12)) - day(0)
        return replace(fact, revoked=False, started_on=fact.started_on - shift)
    if what == "ended":
        return replace(fact, revoked=False, ended_on=max(fact.started_on, day(TODAY + dice.number(-4, 6))))
    if what == "kind" and fact.kind != "area_stay":
        return replace(fact, revoked=False, kind=dice.pick(EVENT_KINDS[3:]))
    if what == "area" and fact.area:
        return replace(fact, revoked=False, area=draw_area(dice))
    if what == "citizen":
        return replace(fact, revoked=False, citizen=dice.pick(citizens))
    return replace(fact, revoked=False, detail=(("note", str(fact.version)),))


def draw_records(
    dice: Dice, citizens: Sequence[str], sources: Sequence[str], versions: Sequence[RuleSetVersion]
) -> Iterator[FactVersion]:
    """Draw the records of everybody: each event in some of the sources, sometimes with another date, and facts of the city."""
    for citizen in citizens:
        for number, event in enumerate(draw_story(dice, versions)):
            for source in sources:
                if dice.once_in(3):
                    continue
                shift = dice.pick((0, 0, 0, 1, -8))
                told = replace(
                    event, started=event.started + shift, ended=None if event.ended is None else event.ended + shift
                )
                record_id = f"{citizen}-{number}"
                yield from draw_versions(dice, Origin("source", source), record_id, citizen, told, citizens)
        if dice.once_in(5):
            yield from draw_versions(dice, CITY, f"{citizen}-r", citizen, draw_event(dice, RULED_KINDS), citizens)


def draw_suppressions(dice: Dice, facts: Sequence[FactVersion]) -> Iterator[Suppression]:
    """Draw suppressions of some records. Some of them are over or not yet in force."""
    for key in dict.fromkeys(RecordKey(fact.origin, fact.record_id) for fact in facts):
        if dice.once_in(12):
            yield _draw_suppression(dice, key)


def draw_wrong_versions(dice: Dice, facts: Sequence[FactVersion]) -> Iterator[Suppression]:
    """Draw suppressions of single versions, of records that have several."""
    told_again = {fact.key for fact in facts if fact.version > 1}
    for fact in facts:
        if fact.key in told_again and dice.once_in(2):
            yield _draw_suppression(dice, fact.key, fact.version)


def _draw_suppression(dice: Dice, key: RecordKey, version: int | None = None) -> Suppression:
    start = NOW - dice.number(-3, 12)
    lasts = dice.pick((None, 3, 9))
    until = None if lasts is None else tick(start + lasts)
    return Suppression(key.origin, key.record_id, tick(start), until, version)
