"""What a provider sees (semantics §2): which version of a record counts, and the records of which origins it sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.oracle.facts import CITY, CheckIn, FactVersion, Origin
from tests.oracle.rules import RuleSetVersion
from tests.oracle.world import World


@dataclass(frozen=True)
class Inputs:
    """Everything that a citizen's colour depends on. For one citizen, equal inputs always give the same colour."""

    declared_with: str
    source: str
    rule_set_version: RuleSetVersion
    horizon: datetime
    known_at: datetime
    day: date
    assumed_healthy_from: date | None = None


def horizon_of(world: World, source: str, as_of: datetime) -> datetime | None:
    """Return the horizon of the source's last batch accepted by `as_of`, or None if there is no such batch."""
    accepted = [batch for batch in world.source(source).batches if batch.accepted_at <= as_of]
    return max(accepted, key=lambda batch: batch.accepted_at).as_of if accepted else None


def counted_versions(versions: Iterable[FactVersion], *, horizon: datetime, known_at: datetime) -> list[FactVersion]:
    """Return the versions received by `known_at` and, for a source's record, recorded up to `horizon`; the latest last.

    They are ordered by `recorded_at`, then `received_at`, then version number, which is the order in which they were
    received.
    """
    visible = [
        fact
        for fact in versions
        if fact.received_at <= known_at and (fact.origin.kind != "source" or fact.recorded_at <= horizon)
    ]
    return sorted(visible, key=lambda fact: (fact.recorded_at, fact.received_at, fact.version))


def counting_version(versions: Iterable[FactVersion], *, horizon: datetime, known_at: datetime) -> FactVersion | None:
    counted = counted_versions(versions, horizon=horizon, known_at=known_at)
    return counted[-1] if counted else None


def recorded_on(world: World, fact: FactVersion, inputs: Inputs) -> date:
    """Return the recording day: the one of the first counted version with the fact's kind, area and start, not revoked.

    As in §2 and §3, that version may name another person or differ in other fields, and the versions in between may
    have any content.
    """
    believed = without_wrong_versions(world, world.records[fact.key], inputs.known_at)
    counted = counted_versions(believed, horizon=inputs.horizon, known_at=inputs.known_at)
    said = (fact.kind, fact.area, fact.started_on)
    first = next(one for one in counted if not one.revoked and (one.kind, one.area, one.started_on) == said)
    return first.recorded_at.astimezone(world.zone).date()


def suppressed(world: World, fact: FactVersion, known_at: datetime) -> bool:
    """Return whether a ruling in force calls the whole record wrong and covers the fact's citizen.

    It covers those whom the versions named that had been received when it was decided (ADR 107).
    """
    return any(
        one.version is None
        and one.is_in_force(known_at)
        and any(
            said.citizen == fact.citizen and said.received_at <= one.from_instant for said in world.records[fact.key]
        )
        for one in world.suppressions_of.get(fact.key, ())
    )


def without_wrong_versions(world: World, versions: list[FactVersion], known_at: datetime) -> list[FactVersion]:
    """Return a record's versions without those that are suppressed singly, as if these had never been received.

    What such a version had revoked or replaced counts again (§4, a refused group).
    """
    rulings = world.suppressions_of.get(versions[0].key, ())
    wrong = {one.version for one in rulings if one.version is not None and one.is_in_force(known_at)}
    return [one for one in versions if one.version not in wrong] if wrong else versions


def seen_facts(world: World, citizen: str, inputs: Inputs) -> list[FactVersion]:
    """Return the counting versions about this citizen of the records that a provider with these inputs sees."""
    origins = {Origin("source", inputs.source), Origin("provider", inputs.declared_with), CITY}
    seen = []
    for versions in world.records_about.get(citizen, ()):
        believed = without_wrong_versions(world, versions, inputs.known_at)
        fact = counting_version(believed, horizon=inputs.horizon, known_at=inputs.known_at)
        if fact is None or fact.revoked or fact.citizen != citizen or fact.origin not in origins:
            continue
        if not suppressed(world, fact, inputs.known_at):
            seen.append(fact)
    return seen


def healthy_days(check_ins: Iterable[CheckIn], known_at: datetime, zone: ZoneInfo) -> frozenset[date]:
    """Return the days whose last check-in is healthy, of a citizen's check-ins with one provider.

    Only those count that were received by `known_at` and are not late.
    """
    last: dict[date, CheckIn] = {}
    for check_in in check_ins:
        if check_in.received_at <= known_at and not check_in.is_late(zone):
            before = last.get(check_in.day)
            if before is None or check_in.order > before.order:
                last[check_in.day] = check_in
    return frozenset(day for day, check_in in last.items() if check_in.healthy)


def checked_in_healthy(world: World, citizen: str, inputs: Inputs) -> frozenset[date]:
    """Return the days with a healthy check-in with the provider `inputs.declared_with`."""
    check_ins = world.check_ins_of.get((citizen, inputs.declared_with), ())
    return healthy_days(check_ins, inputs.known_at, world.zone)
