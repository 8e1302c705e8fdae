"""A city filled from a world of the oracle, with encrypted ID numbers and names: its runs, and the oracle's rows of reports."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from codes.models import Citizen, Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.identity import Identity
from regions.keys.encryption import encrypt_number
from regions.vocabulary import IdType
from tests.integration.engine.loading import load_world
from tests.oracle import World, effective, forecast, horizon_of, verdict, version_in_force
from tests.worlds import FORESEEABLE_DAYS, Scene, asked_at, random_world

SURNAMES = "赵钱孙李周吴郑王"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """A citizen's ID number and name, in full and masked."""

    number: str
    name: str
    masked_number: str
    masked_name: str


def person(place: int) -> Person:
    """Return number and name, derived from the citizen's position in the world."""
    number, surname = f"51010719{place:06d}074X", SURNAMES[place % len(SURNAMES)]
    return Person(number, f"{surname}小三", f"51{'*' * (len(number) - 4)}4X", f"{surname}*三")


def scene_of(seed: int, people: int) -> Scene:
    """Return a random world without rulings. Tests that need a ruling create it."""
    scene = random_world(seed, people)
    return replace(scene, world=replace(scene.world, rulings=()))


def load_people(scene: Scene) -> None:
    """Load the world, and give its citizens encrypted numbers and names."""
    load_world(scene.world, known_at=scene.as_of)
    citizens = list(Citizen.objects.order_by("pk"))
    for place, citizen in enumerate(citizens):
        citizen.full_name = person(place).name
        citizen.id_encrypted = encrypt_number(Identity(IdType.OTHER, person(place).number))
    Citizen.objects.bulk_update(citizens, ["full_name", "id_encrypted"])


def run_day(day: date, as_of: datetime) -> Run:
    """Do the run of that day without collecting."""
    run, opened = start_run(by="system", now=asked_at(day, as_of), day=day, as_of=as_of, collects=False)
    assert opened
    ended = run_here(run.pk, clock=lambda: as_of, progress=lambda run: None)
    assert ended.state == Run.State.DONE, ended.message
    return ended


def oracle_rows(world: World, day: date, as_of: datetime) -> Iterator[dict[str, Any]]:
    """Yield the rows of the report ``codes`` by the oracle, ordered by citizen and provider code, for registered citizens."""
    for place, citizen in enumerate(world.citizens):
        who = person(place)
        stood_by = effective(world, citizen, day, as_of)
        for provider in sorted(one.code for one in world.providers):
            found = verdict(world, citizen, provider, day, as_of)
            if found.state == "not_applied":
                continue
            channel = world.provider(provider)
            version = version_in_force(world, channel.rule_set, day)
            horizon = horizon_of(world, channel.source, as_of)
            coming = forecast(world, citizen, provider, day, as_of, days_ahead=FORESEEABLE_DAYS).turns_green_on
            yield {
                "day": day.isoformat(),
                "citizen_ref": citizen,
                "id_number": who.masked_number,
                "full_name": who.masked_name,
                "provider": provider,
                "state": found.state,
                "rule_codes": sorted({hit.rule_code for hit in found.hits}),
                "turns_green_on": coming.isoformat() if coming else None,
                "rule_set": channel.rule_set,
                "rule_set_version": version.version if version else None,
                "horizon": horizon.astimezone(world.zone).isoformat() if horizon else None,
                "effective": stood_by.colour,
                "effective_because": stood_by.because,
            }
