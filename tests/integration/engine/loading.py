"""Puts an oracle's world into the city the connection is in, past the intake."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Model

from codes import models
from regions.sources.models import Batch, Source
from tests.integration.engine.rows import insert_rows
from tests.oracle import CheckIn, FactRef, Origin, RecordKey, World

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_KEY = 1_000_000
FIRST_PROVIDER = 100
"""Of the keys that are given here, so that they meet none that the city gave itself; a city has few providers."""

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Loaded:
    """Keys of what was loaded: the oracle's names → primary keys, and back for facts."""

    sources: dict[str, int]
    providers: dict[str, int]
    citizens: dict[str, int]
    facts: dict[int, FactRef]

    def fact_key(self, ref: FactRef) -> int:
        return next(key for key, known in self.facts.items() if known == ref)


def load_world(world: World, *, known_at: datetime) -> Loaded:
    """Store everything of the world as the city has it at an instant; horizons are left to the product to derive."""
    loaded = Loaded(
        sources={one.code: FIRST_KEY + n for n, one in enumerate(world.sources)},
        providers={one.code: FIRST_PROVIDER + n for n, one in enumerate(world.providers)},
        citizens={name: FIRST_KEY + n for n, name in enumerate(world.citizens)},
        facts={FIRST_KEY + n: fact.ref for n, fact in enumerate(world.facts)},
    )
    insert_rows(_rows(world, loaded, known_at))
    return loaded


def hits_of(hits: list[dict[str, Any]], facts: dict[int, FactRef]) -> set[tuple[str, FactRef, date]]:
    """A stored verdict's hits in the oracle's words."""
    return {(hit["rule"], facts[hit["fact_id"]], date.fromisoformat(hit["anchor"])) for hit in hits}


def _rows(world: World, loaded: Loaded, known_at: datetime) -> Iterator[Model]:
    yield from _sources(world, loaded)
    yield from _rule_sets(world)
    yield from _providers(world, loaded)
    yield from _citizens(world, loaded)
    yield from _facts(world, loaded)
    yield from _check_ins(world, loaded)
    yield from _suppressions(world, loaded)
    yield from _rulings(world, loaded, known_at)


def _sources(world: World, loaded: Loaded) -> Iterator[Model]:
    for one in world.sources:
        hours = one.max_age / timedelta(hours=1)
        yield Source(
            pk=loaded.sources[one.code],
            code=one.code,
            kind="police_database",
            title_zh=one.code,
            title_en=one.code,
            max_age_hours=hours,
        )
    key = FIRST_KEY
    for one in world.sources:
        for batch in one.batches:
            yield Batch(
                pk=(key := key + 1),
                source_id=loaded.sources[one.code],
                state=Batch.State.ACCEPTED,
                as_of=batch.as_of,
                started_at=batch.accepted_at,
                received_at=batch.accepted_at,
                closed_at=batch.accepted_at,
            )


def _rule_set_keys(world: World) -> dict[str, int]:
    return {code: FIRST_KEY + n for n, code in enumerate(dict.fromkeys(one.code for one in world.rule_sets))}


def _rule_sets(world: World) -> Iterator[Model]:
    keys = _rule_set_keys(world)
    editions = list(enumerate(world.rule_sets, start=FIRST_KEY))
    yield from (models.RuleSet(pk=key, code=code) for code, key in keys.items())
    for key, edition in editions:
        yield models.RuleSetVersion(
            pk=key,
            rule_set_id=keys[edition.code],
            version=edition.version,
            effective_from=edition.effective_from,
            digest="-",
            created_by="test",
            created_at=LONG_AGO,
        )
    rules = [(key, rule) for key, edition in editions for rule in edition.rules]
    for number, (key, rule) in enumerate(rules, start=FIRST_KEY):
        yield models.Rule(
            pk=number,
            version_id=key,
            code=rule.code,
            kind=rule.kind,
            area_levels=list(rule.area_levels) or None,
            colour=rule.colour,
            anchor=rule.anchor,
            hold_days=rule.hold_days,
            checkin_days=rule.checkin_days,
            tests=rule.tests,
            test_gap_days=rule.test_gap_days,
            cleared_by=list(rule.cleared_by),
        )
    areas = [(key, area) for key, edition in editions for area in edition.risk_areas]
    for number, (key, area) in enumerate(areas, start=FIRST_KEY):
        yield models.RiskArea(
            pk=number, version_id=key, area=area.area, level=area.level, from_day=area.from_day, to_day=area.to_day
        )


def _providers(world: World, loaded: Loaded) -> Iterator[Model]:
    rule_sets = _rule_set_keys(world)
    for one in world.providers:
        yield models.Provider(
            pk=loaded.providers[one.code],
            code=one.code,
            title_zh=one.code,
            title_en=one.code,
            source_id=loaded.sources[one.source],
            rule_set_id=rule_sets[one.rule_set],
        )


def _citizens(world: World, loaded: Loaded) -> Iterator[Model]:
    for name, key in loaded.citizens.items():
        yield models.Citizen(
            pk=key, ref=name, id_type="99", id_hash=name.encode(), id_encrypted=b"-", known_since=LONG_AGO
        )
    for number, ((citizen, provider), at) in enumerate(world.registered_at.items(), start=FIRST_KEY):
        yield models.Registration(
            pk=number,
            citizen_id=loaded.citizens[citizen],
            provider_id=loaded.providers[provider],
            registered_at=at,
        )


def _facts(world: World, loaded: Loaded) -> Iterator[Model]:
    last: dict[RecordKey, int] = defaultdict(int)
    for fact in world.facts:
        last[fact.key] = max(fact.version, last[fact.key])
    for key, fact in zip(loaded.facts, world.facts, strict=True):
        yield models.Fact(
            pk=key,
            citizen_id=loaded.citizens[fact.citizen],
            origin=fact.origin.kind,
            **_origin(fact.origin, loaded),
            record_id=fact.record_id,
            version=fact.version,
            superseded=fact.version < last[fact.key],
            revoked=fact.revoked,
            kind=fact.kind,
            area=fact.area,
            started_on=fact.started_on,
            ended_on=fact.ended_on,
            recorded_at=fact.recorded_at,
            received_at=fact.received_at,
            detail=dict(fact.detail),
        )


def _origin(origin: Origin, loaded: Loaded) -> dict[str, int | None]:
    return {
        "source_id": loaded.sources[origin.code] if origin.kind == "source" else None,
        "provider_id": loaded.providers[origin.code] if origin.kind == "provider" else None,
    }


def _check_ins(world: World, loaded: Loaded) -> Iterator[Model]:
    healthy: dict[tuple[int, int], list[CheckIn]] = defaultdict(list)
    for number, one in enumerate(world.check_ins, start=FIRST_KEY):
        holder = loaded.citizens[one.citizen], loaded.providers[one.provider]
        if one.healthy:
            healthy[holder].append(one)
        yield models.Entry(
            pk=number,
            provider_id=holder[1],
            entry_id=f"check-in-{number}",
            type="check_in",
            citizen_id=holder[0],
            day=one.day,
            healthy=one.healthy,
            received_at=one.received_at,
            digest=b"-",
        )
    for number, ((citizen, provider), said) in enumerate(healthy.items(), start=FIRST_KEY):
        days = ",".join(f"[{one.day},{one.day + ONE_DAY})" for one in said)
        yield models.CheckInDays(
            pk=number,
            citizen_id=citizen,
            provider_id=provider,
            days=f"{{{days}}}",
            complete_at=max(one.received_at for one in said),
        )


def _suppressions(world: World, loaded: Loaded) -> Iterator[Model]:
    for number, one in enumerate(world.suppressions, start=FIRST_KEY):
        yield models.Suppression(
            pk=number,
            **_origin(one.origin, loaded),
            record_id=one.record_id,
            state="ended" if one.until else "approved",
            reason_code="wrong_record",
            proposed_by="li",
            proposed_at=one.from_instant,
            decided_by="wang",
            decided_at=one.from_instant,
            ended_at=one.until,
        )


def _rulings(world: World, loaded: Loaded, known_at: datetime) -> Iterator[Model]:
    """A citizen has one at a time. What is approved later is a proposal still."""
    keys = {ref: key for key, ref in loaded.facts.items()} if world.rulings else {}
    for number, one in enumerate(world.rulings, start=FIRST_KEY):
        approved_at = one.approved_at if one.approved_at and one.approved_at <= known_at else None
        yield models.Ruling(
            pk=number,
            citizen_id=loaded.citizens[one.citizen],
            colour=one.colour,
            state="approved" if approved_at else "proposed",
            reason_code="reviewed",
            evidence=["a document"],
            weighed=[[hit.rule_code, keys[hit.fact]] for hit in sorted(one.weighed)],
            expires_on=one.ends_on + ONE_DAY,
            proposed_by="li",
            proposed_at=LONG_AGO,
            decided_by="wang" if approved_at else "",
            decided_at=approved_at,
        )
