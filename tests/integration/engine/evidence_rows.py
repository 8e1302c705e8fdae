"""The rows of people's data: registrations, facts, check-ins, suppressions, rulings."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Model

from codes import models
from tests.integration.engine.keys import FIRST_KEY, LONG_AGO, Keys
from tests.oracle import CheckIn, World
from tests.oracle.seen import healthy_days

ONE_DAY = timedelta(days=1)


def citizens(world: World, keys: Keys) -> Iterator[Model]:
    for name, key in keys.citizens.items():
        yield models.Citizen(
            pk=key, ref=name, id_type="99", id_hash=name.encode(), id_encrypted=b"-", known_since=LONG_AGO
        )
    for key, ((citizen, provider), at) in zip(keys.registrations, world.registered_at.items(), strict=True):
        yield models.Registration(
            pk=key,
            citizen_id=keys.citizens[citizen],
            provider_id=keys.providers[provider],
            registered_at=at,
        )


def facts(world: World, keys: Keys) -> Iterator[Model]:
    latest = {
        key: max(versions, key=lambda one: (one.recorded_at, one.received_at, one.version)).version
        for key, versions in world.records.items()
    }
    for key, fact in zip(keys.facts, world.facts, strict=True):
        yield models.Fact(
            pk=key,
            citizen_id=keys.citizens[fact.citizen],
            origin=fact.origin.kind,
            **keys.origin(fact.origin),
            record_id=fact.record_id,
            version=fact.version,
            superseded=fact.version != latest[fact.key],
            revoked=fact.revoked,
            kind=fact.kind,
            area=fact.area,
            started_on=fact.started_on,
            ended_on=fact.ended_on,
            recorded_at=fact.recorded_at,
            received_at=fact.received_at,
            detail=dict(fact.detail),
        )


def check_ins(world: World, keys: Keys) -> Iterator[Model]:
    """Yield check-ins with keys in the order received, which is the order of check-ins of one instant."""
    for number, one in enumerate(sorted(world.check_ins, key=_as_received), start=FIRST_KEY):
        yield models.Entry(
            pk=number,
            provider_id=keys.providers[one.provider],
            entry_id=f"check-in-{number}",
            type="check_in",
            citizen_id=keys.citizens[one.citizen],
            day=one.day,
            healthy=one.healthy,
            submitted_at=one.submitted_at,
            received_at=one.received_at,
            instant=one.instant,
            late=one.is_late(world.zone),
            digest=b"-",
        )
    for number, ((citizen, provider), said) in enumerate(world.check_ins_of.items(), start=FIRST_KEY):
        complete_at = max(one.received_at for one in said)
        days = ",".join(f"[{day},{day + ONE_DAY})" for day in sorted(healthy_days(said, complete_at, world.zone)))
        yield models.CheckInDays(
            pk=number,
            citizen_id=keys.citizens[citizen],
            provider_id=keys.providers[provider],
            days=f"{{{days}}}",
            complete_at=complete_at,
        )


def _as_received(one: CheckIn) -> tuple[datetime, str]:
    return one.received_at, one.entry_id


def suppressions(world: World, keys: Keys) -> Iterator[Model]:
    for number, one in enumerate(world.suppressions, start=FIRST_KEY):
        yield models.Suppression(
            pk=number,
            **keys.origin(one.origin),
            record_id=one.record_id,
            version=one.version,
            state="ended" if one.until else "approved",
            reason_code="wrong_record",
            proposed_by="li",
            proposed_at=one.from_instant,
            decided_by="wang",
            decided_at=one.from_instant,
            ended_at=one.until,
        )


def rulings(world: World, keys: Keys, known_at: datetime) -> Iterator[Model]:
    """A citizen has one at a time. What is approved or ended later is not yet so."""
    facts = {ref: key for key, ref in keys.facts.items()} if world.rulings else {}
    for number, one in enumerate(world.rulings, start=FIRST_KEY):
        approved_at = one.approved_at if one.approved_at and one.approved_at <= known_at else None
        ended_at = one.ended_at if approved_at and one.ended_at and one.ended_at <= known_at else None
        yield models.Ruling(
            pk=number,
            citizen_id=keys.citizens[one.citizen],
            colour=one.colour,
            state="ended" if ended_at else "approved" if approved_at else "proposed",
            reason_code="reviewed",
            evidence=["a document"],
            weighed=[[hit.content.rule_code, facts[hit.fact]] for hit in sorted(one.weighed)],
            weighed_colours=[hit.content.colour for hit in sorted(one.weighed)],
            expires_on=one.ends_on + ONE_DAY,
            proposed_by="li",
            proposed_at=LONG_AGO,
            decided_by="wang" if approved_at else "",
            decided_at=approved_at,
            ended_at=ended_at,
        )
