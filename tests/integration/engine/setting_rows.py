"""The rows of a city's settings: sources with their batches, rule sets, providers."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Model

from codes import models
from regions.sources.models import Batch, Source
from tests.integration.engine.keys import FIRST_KEY, LONG_AGO, Keys
from tests.oracle import World


def sources(world: World, keys: Keys) -> Iterator[Model]:
    for one in world.sources:
        hours = one.max_age / timedelta(hours=1)
        yield Source(
            pk=keys.sources[one.code],
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
                source_id=keys.sources[one.code],
                state=Batch.State.ACCEPTED,
                as_of=batch.as_of,
                started_at=batch.accepted_at,
                received_at=batch.accepted_at,
                closed_at=batch.accepted_at,
            )


def rule_sets(world: World, keys: Keys) -> Iterator[Model]:
    versions = list(enumerate(world.rule_sets, start=FIRST_KEY))
    yield from (models.RuleSet(pk=key, code=code) for code, key in keys.rule_sets.items())
    for key, version in versions:
        yield models.RuleSetVersion(
            pk=key,
            rule_set_id=keys.rule_sets[version.code],
            version=version.version,
            effective_from=version.effective_from,
            digest="-",
            created_by="test",
            created_at=LONG_AGO,
        )
    rules = [(key, rule) for key, version in versions for rule in version.rules]
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
    areas = [(key, area) for key, version in versions for area in version.risk_areas]
    for number, (key, area) in enumerate(areas, start=FIRST_KEY):
        yield models.RiskArea(
            pk=number, version_id=key, area=area.area, level=area.level, from_day=area.from_day, to_day=area.to_day
        )


def providers(world: World, keys: Keys) -> Iterator[Model]:
    for one in world.providers:
        yield models.Provider(
            pk=keys.providers[one.code],
            code=one.code,
            title_zh=one.code,
            title_en=one.code,
            source_id=keys.sources[one.source],
            rule_set_id=keys.rule_sets[one.rule_set],
        )
