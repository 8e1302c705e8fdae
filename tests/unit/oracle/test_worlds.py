"""What worlds are drawn for occurs in them, often enough to be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

from tests.oracle import (
    QUESTIONS,
    CheckIn,
    FactVersion,
    Hit,
    Inputs,
    Origin,
    Rule,
    World,
    effective,
    forecast,
    inputs_of,
    verdict,
)
from tests.oracle.areas import SUCCESSORS
from tests.oracle.hits import cleared, goes_on, hits, is_area_rule
from tests.oracle.seen import recorded_on, seen_facts
from tests.worlds import FORESEEABLE_DAYS, Scene, random_world

SEEDS = range(60)
LEAST = 8


def test_what_a_colour_can_hang_on_occurs() -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        scene = random_world(seed, people=25)
        found.update(entered(scene))
        for citizen in scene.world.citizens:
            found.update(f"effective: {one}" for one in effective(scene.world, citizen, scene.day, scene.as_of)[1:])
            for provider in scene.world.providers:
                found.update(told(scene, citizen, provider.code))
    assert {what: found[what] for what in WANTED if found[what] < LEAST} == {}


WANTED = (
    "no version in force",
    "planned end",
    "stay that goes on",
    "stay whose listing is over",
    "say when you left",
    "recorded again",
    "said before, and ruled wrong",
    "older version received later",
    "excluded before it was recorded",
    "test of the same day",
    "successor",
    "turns green",
    "effective: ruling",
    "effective: agreement",
    "effective: policy",
    "effective: held",
    "effective: unknown",
    "ruling that was ended",
    "declared in part",
    "declared by a fast clock",
    "an answer taken back alone",
    "late check-in",
    "healthy replaced",
    "unhealthy replaced",
    "unhealthy, then healthy but late",
)


def entered(scene: Scene) -> Iterator[str]:
    """What was entered with providers or ruled, whoever is judged by it."""
    for ruling in scene.world.rulings:
        if ruling.approved_at and ruling.ended_at and ruling.approved_at < ruling.ended_at <= scene.as_of:
            yield "ruling that was ended"
    for one in scene.declarations:
        if 0 < len(one.answered) < len(QUESTIONS):
            yield "declared in part"
        if one.submitted_at > one.received_at:
            yield "declared by a fast clock"
    declared = [fact for fact in scene.world.facts if not fact.record_id.startswith("check-in")]
    by_entry: dict[tuple[Origin, str, str], set[bool]] = defaultdict(set)
    for fact in declared:
        if fact.origin.kind == "provider":
            last = max(one.version for one in scene.world.records[fact.key])
            by_entry[fact.origin, fact.citizen, fact.record_id.rpartition(":")[0]].add(last > 1)
    yield from ["an answer taken back alone"] * sum(len(revoked) == 2 for revoked in by_entry.values())
    by_day: dict[tuple[str, str, date], list[CheckIn]] = defaultdict(list)
    for entry in scene.world.check_ins:
        by_day[entry.citizen, entry.provider, entry.day].append(entry)
    for said in by_day.values():
        yield from said_of_a_day(sorted(said, key=lambda one: one.order), scene.world)


def said_of_a_day(said: list[CheckIn], world: World) -> Iterator[str]:
    late = [one.is_late(world.zone) for one in said]
    if any(late):
        yield "late check-in"
    for (before, after), after_is_late in zip(pairwise(said), late[1:], strict=True):
        if not before.healthy and after.healthy:
            yield "unhealthy, then healthy but late" if after_is_late else "unhealthy replaced"
        if before.healthy and not before.is_late(world.zone) and not after.healthy:
            yield "healthy replaced"


def told(scene: Scene, citizen: str, provider: str) -> Iterator[str]:
    world = scene.world
    inputs = inputs_of(world, provider, scene.day, scene.as_of)
    state = verdict(world, citizen, provider, scene.day, scene.as_of).state
    if inputs is None:
        yield "no version in force" if world.source(world.provider(provider).source).batches else "no batch"
        return
    if any(excluded_early(world, citizen, inputs, rule) for rule in inputs.rule_set_version.rules):
        yield "excluded before it was recorded"
    if state not in ("red", "yellow"):
        return
    coming = forecast(world, citizen, provider, scene.day, scene.as_of, days_ahead=FORESEEABLE_DAYS)
    if coming.turns_green_on:
        yield "turns green"
    if any(one.act == "left" for one in coming.missing):
        yield "say when you left"
    for hit in hits(world, citizen, inputs):
        yield from told_of(world, inputs, citizen, hit)


def told_of(world: World, inputs: Inputs, citizen: str, hit: Hit) -> Iterator[str]:
    version = inputs.rule_set_version
    rule = next(one for one in version.rules if one.code == hit.rule_code)
    fact = next(one for one in world.facts if one.ref == hit.fact)
    if hit.anchor > inputs.day:
        yield "planned end"
    if goes_on(rule, fact):
        yield "stay that goes on" if hit.anchor == inputs.day else "stay whose listing is over"
    if rule.anchor == "recorded" and recorded_on(world, fact, inputs) < fact.recorded_at.astimezone(world.zone).date():
        yield "recorded again"
    if rule.anchor == "recorded" and recorded_on(replace(world, suppressions=()), fact, inputs) < recorded_on(
        world, fact, inputs
    ):
        yield "said before, and ruled wrong"
    if counts_before(world, fact, inputs):
        yield "older version received later"
    seen = seen_facts(world, citizen, inputs)
    if any(one.kind == "negative_test" and one.started_on == hit.anchor for one in seen) and needs_tests(rule):
        yield "test of the same day"
    if depends_on_successor(world, citizen, inputs, rule, fact):
        yield "successor"


def counts_before(world: World, fact: FactVersion, inputs: Inputs) -> bool:
    """Another version came later and was recorded before."""
    known = [one for one in world.records[fact.key] if one.received_at <= inputs.known_at]
    return any(one.received_at > fact.received_at and one.recorded_at < fact.recorded_at for one in known)


def excluded_early(world: World, citizen: str, inputs: Inputs, rule: Rule) -> bool:
    """A fact that counts from its recording was excluded before that, and not again later."""
    seen = seen_facts(world, citizen, inputs)
    for fact in seen if rule.anchor == "recorded" else ():
        anchor = recorded_on(world, fact, inputs)
        early = replace(rule, anchor="started")
        if (
            fact.kind == rule.kind
            and cleared(rule, fact, anchor, seen, inputs.day)
            and not cleared(early, fact, anchor, seen, inputs.day)
        ):
            return True
    return False


def needs_tests(rule: Rule) -> bool:
    return rule.tests > 0 or "negative_test" in rule.cleared_by


def depends_on_successor(world: World, citizen: str, inputs: Inputs, rule: Rule, fact: FactVersion) -> bool:
    if not is_area_rule(rule, fact) or fact.area not in SUCCESSORS:
        return False
    elsewhere = tuple(
        replace(one, area="990000") if one.area == "500157" else one for one in inputs.rule_set_version.risk_areas
    )
    other = replace(inputs, rule_set_version=replace(inputs.rule_set_version, risk_areas=elsewhere))
    return (rule.code, fact.ref) not in {(one.rule_code, one.fact) for one in hits(world, citizen, other)}
