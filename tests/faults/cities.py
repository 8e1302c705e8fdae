"""Three cities with 20,000 people in all, or ``FAULTS_PEOPLE``, and the oracle's results for each of them.

A thousand people, or all if there are fewer, are drawn with facts, entries and rulings; the others are only registered. The
sources are police databases in SQLite files, which the run collects. They are complete up to the horizon of the last batch and
contain no new records.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.db import transaction

from codes.models import Citizen, RuleSet, RuleSetDraft
from codes.rule_sets import drafts
from regions.identity import Identity
from regions.keys.encryption import create_keys, encrypt_number
from regions.models import City
from regions.schemas import create_schema, prepare_database
from regions.sources.collect import address_of
from regions.sources.models import Batch, Source
from regions.staff.roles import Role
from regions.tenancy import as_owner, in_city
from regions.vocabulary import IdType
from tests.integration.engine.keys import Keys
from tests.integration.engine.loading import load_world
from tests.integration.outsider.sources import write_police_database
from tests.integration.review.desk import hire
from tests.integration.runs.conftest import decided_by_then
from tests.integration.runs.five_checks import Told
from tests.oracle import Registration, World
from tests.worlds import NOW, TODAY, Scene, day, random_world, tick

# A minute after one instant of the drawn worlds, and hours before the next.
BEGINS = tick(NOW) + timedelta(minutes=1)
RULE_MANAGER = "gu"


@dataclass(frozen=True)
class Size:
    """The numbers of people with drawn data (``drawn``) and of people who are only registered (``plain``)."""

    seed: int
    drawn: int
    plain: int


DRAWN = {"north": (1, 500), "middle": (10, 300), "south": (2, 200)}
PEOPLE = int(os.environ.get("FAULTS_PEOPLE", "20000"))
DRAWN_PEOPLE = sum(drawn for _, drawn in DRAWN.values())
SIZES = {
    city: Size(seed, drawn=min(people, drawn), plain=max(people - drawn, 0))
    for city, (seed, drawn) in DRAWN.items()
    for people in [PEOPLE * drawn // DRAWN_PEOPLE]
}


@dataclass(frozen=True)
class Built:
    """A city in the database: its keys, and the draft of a version that can be rehearsed."""

    schema: str
    keys: Keys
    draft: int


def scene_of(size: Size) -> Scene:
    """Return the city's world, drawn and plain people in random order, as of the instant at which the plans begin."""
    drawn = random_world(size.seed, size.drawn)
    plain = [f"p{number}" for number in range(size.plain)]
    people = [*drawn.world.citizens, *plain]
    Random(size.seed).shuffle(people)
    registered = [Registration(name, provider.code, tick(0)) for name in plain for provider in drawn.world.providers]
    world = replace(
        drawn.world,
        citizens=tuple(people),
        registrations=(*drawn.world.registrations, *registered),
        # Leave out batches that are accepted after that instant: they would be in the future.
        sources=tuple(
            replace(one, batches=tuple(batch for batch in one.batches if batch.accepted_at <= BEGINS))
            for one in drawn.world.sources
        ),
    )
    return decided_by_then(replace(drawn, world=world, day=day(TODAY), as_of=BEGINS))


def told_by_oracle() -> dict[str, Told]:
    """Return city → the oracle's results."""
    return {schema: Told.of(scene_of(size)) for schema, size in SIZES.items()}


def write_sources(folder: Path, sizes: Mapping[str, Size] = SIZES) -> dict[str, str]:
    """Write the files of the police databases. Return the environment variables with their URLs."""
    urls = {}
    for schema, size in sizes.items():
        for source in scene_of(size).world.sources:
            complete = max(batch.as_of for batch in source.batches)
            file = folder / f"{schema}-{source.code}.sqlite"
            urls[_variable(schema, source.code)] = write_police_database(file, [], as_of=complete)
    return urls


def build(sizes: Mapping[str, Size] = SIZES) -> list[Built]:
    """Prepare the database and create the cities. Call it outside of any city."""
    with as_owner():
        prepare_database()
    return [_build(schema, size) for schema, size in sizes.items()]


def _build(schema: str, size: Size) -> Built:
    scene = scene_of(size)
    made = City(schema_name=schema, name_zh=schema, name_en=schema, division="510900", created_at=tick(0))
    made.interim_policy = scene.world.interim_policy
    with as_owner(), transaction.atomic():
        made.save()  # type: ignore[no-untyped-call]  # django-tenants has no types
        create_schema(made)
    with in_city(schema), transaction.atomic():
        create_keys(now=tick(0))
        keys = load_world(scene.world, known_at=scene.as_of)
        # Reports decrypt the number. Which number it is does not matter here.
        Citizen.objects.update(id_encrypted=encrypt_number(Identity(IdType.PASSPORT, "E12345678")))
        _connect_sources(schema)
        hire(RULE_MANAGER, Role.RULE_MANAGER, now=scene.as_of)
        draft = _draft(scene.world, now=scene.as_of)
    return Built(schema, keys, draft.pk)


def _connect_sources(schema: str) -> None:
    """Set the addresses of the sources, and mark their batches as full deliveries from these addresses."""
    for source in Source.objects.all():
        source.credential_env = _variable(schema, source.code)
        source.records_view, source.clock_view, source.full_every_days = "jkm_records", "jkm_clock", 90
        source.save()
        Batch.objects.filter(source=source).update(full=True, compared=0, address=address_of(source))


def _draft(world: World, *, now: datetime) -> RuleSetDraft:
    """Save a draft of a rule-set version with a single red rule."""
    rule_set = RuleSet.objects.get(code=world.providers[0].rule_set)
    begun = drafts.begin(rule_set.pk, by=RULE_MANAGER, now=now)
    rule = {"code": "R1", "kind": "close_contact", "colour": "red", "hold_days": 14}
    content = {**begun.content, "rules": [rule], "risk_areas": []}
    return drafts.save(begun.pk, content, revision=begun.revision, by=RULE_MANAGER, now=now)


def _variable(schema: str, source: str) -> str:
    return f"FAULTS_{schema}_{source}".upper()
