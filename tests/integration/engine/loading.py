"""Puts an oracle's world into the city the connection is in, table by table, past the intake."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db import connection

from codes import models
from regions.sources.models import Batch, Source
from tests.oracle import FactRef, World


@dataclass(frozen=True)
class Loaded:
    """Keys of what was loaded: oracle's names → rows."""

    citizens: dict[str, int]
    providers: dict[str, models.Provider]
    facts: dict[int, FactRef]


def load_world(world: World) -> Loaded:
    """Store everything of the world; what the oracle derives (horizons, healthy days) is left to the product to derive."""
    sources = {one.code: _source(one) for one in world.sources}
    rule_sets = _rule_sets(world)
    providers = {
        one.code: models.Provider.objects.create(
            code=one.code, title_zh=one.code, title_en=one.code, source=sources[one.source], rule_set=rule_sets[one.rule_set]
        )
        for one in world.providers
    }
    citizens = {name: _citizen(name).pk for name in world.citizens}
    facts = _facts(world, citizens, sources, providers)
    for (citizen, provider), at in world.registered_at.items():
        models.Registration.objects.create(citizen_id=citizens[citizen], provider=providers[provider], registered_at=at)
    _check_ins(world, citizens, providers)
    _suppressions(world, sources, providers)
    return Loaded(citizens, providers, facts)


def _source(one) -> Source:
    row = Source.objects.create(
        code=one.code, kind="police_database", title_zh=one.code, title_en=one.code, max_age_hours=one.max_age.total_seconds() / 3600
    )
    for batch in one.batches:
        Batch.objects.create(
            source=row,
            state="accepted",
            as_of=batch.as_of,
            started_at=batch.accepted_at,
            received_at=batch.accepted_at,
            closed_at=batch.accepted_at,
        )
    return row


def _rule_sets(world: World) -> dict[str, models.RuleSet]:
    found = {code: models.RuleSet.objects.create(code=code) for code in {one.code for one in world.rule_sets}}
    for edition in world.rule_sets:
        version = models.RuleSetVersion.objects.create(
            rule_set=found[edition.code],
            version=edition.version,
            effective_from=edition.effective_from,
            digest="-",
            created_by="test",
            created_at=datetime.fromisoformat("2000-01-01T00:00:00Z"),
        )
        models.Rule.objects.bulk_create(
            models.Rule(
                version=version,
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
            for rule in edition.rules
        )
        models.RiskArea.objects.bulk_create(
            models.RiskArea(version=version, area=r.area, level=r.level, from_day=r.from_day, to_day=r.to_day)
            for r in edition.risk_areas
        )
    return found


def _citizen(name: str) -> models.Citizen:
    return models.Citizen.objects.create(
        ref=name, id_type="99", id_hash=name.encode(), id_encrypted=b"-", known_since=datetime.fromisoformat("2000-01-01T00:00:00Z")
    )


def _facts(world: World, citizens, sources, providers) -> dict[int, FactRef]:
    last = {}
    for fact in world.facts:
        last[fact.key] = max(fact.version, last.get(fact.key, 0))
    rows = models.Fact.objects.bulk_create(
        models.Fact(
            citizen_id=citizens[fact.citizen],
            origin=fact.origin.kind,
            source=sources[fact.origin.code] if fact.origin.kind == "source" else None,
            provider=providers[fact.origin.code] if fact.origin.kind == "provider" else None,
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
        )
        for fact in world.facts
    )
    return {row.pk: fact.ref for row, fact in zip(rows, world.facts, strict=True)}


def _check_ins(world: World, citizens, providers) -> None:
    for number, one in enumerate(world.check_ins):
        models.Entry.objects.create(
            provider=providers[one.provider],
            entry_id=f"check-in-{number}",
            type="check_in",
            citizen_id=citizens[one.citizen],
            day=one.day,
            healthy=one.healthy,
            received_at=one.received_at,
            digest=b"-",
        )
    healthy = sorted((one.citizen, one.provider, one.day, one.received_at) for one in world.check_ins if one.healthy)
    with connection.cursor() as cursor:
        for (citizen, provider), days in groupby(healthy, key=lambda row: row[:2]):
            found = list(days)
            cursor.execute(
                "INSERT INTO codes_checkindays (citizen_id, provider_id, days, complete_at)"
                " SELECT %s, %s, range_agg(daterange(day, day, '[]')), %s FROM unnest(%s::date[]) AS day",
                [citizens[citizen], providers[provider].pk, max(row[3] for row in found), [row[2] for row in found]],
            )


def _suppressions(world: World, sources, providers) -> None:
    for one in world.suppressions:
        models.Suppression.objects.create(
            source=sources[one.origin.code] if one.origin.kind == "source" else None,
            provider=providers[one.origin.code] if one.origin.kind == "provider" else None,
            record_id=one.record_id,
            state="ended" if one.until else "approved",
            reason_code="wrong_record",
            proposed_by="li",
            proposed_at=one.from_instant,
            decided_by="wang",
            decided_at=one.from_instant,
            ended_at=one.until,
        )


def hits_of(hits: list[dict], facts: dict[int, FactRef]) -> set[tuple[str, FactRef, date]]:
    """A stored verdict's hits in the oracle's words."""
    return {(hit["rule"], facts[hit["fact_id"]], date.fromisoformat(hit["anchor"])) for hit in hits}
