"""Living on as one was told, in the oracle: day after day, with nothing new but what the citizen does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from codes.forecast.outlook import Act, CheckIn, Clearance, MoreTests, TellEnd
from tests.oracle import CITY, FactVersion, World
from tests.oracle.effective import by_policy
from tests.oracle.hits import known_about, standing_hits
from tests.oracle.seen import seen_facts
from tests.oracle.verdicts import colour_of, inputs_of, version_in_force
from tests.worlds import FORESEEABLE_DAYS, Scene

ONE_DAY = timedelta(days=1)
# When a clearing record comes: after whatever it clears, some of which lies ahead.
LATER = 30 * ONE_DAY


@dataclass(frozen=True)
class Lived:
    """A world in which the acts are done, and the days on which the citizen checks in as told: provider → days."""

    world: World
    healthy: Mapping[str, frozenset[date]]


def doing(scene: Scene, citizen: str, acts: Sequence[Act], *, tests_left_out: int = 0) -> Lived:
    """All is known at once: when it counts is a matter of its days."""
    world = scene.world
    healthy: dict[str, frozenset[date]] = {}
    for act in acts:
        match act:
            case CheckIn():
                last = act.last_day or scene.day + FORESEEABLE_DAYS * ONE_DAY
                days = [scene.day + n * ONE_DAY for n in range((last - scene.day).days + 1)]
                healthy[act.provider] = healthy.get(act.provider, frozenset()) | frozenset(days)
            case MoreTests():
                days = [act.from_day + n * act.gap_days * ONE_DAY for n in range(act.count - tests_left_out)]
                world = replace(world, facts=(*world.facts, *_new(scene, citizen, "negative_test", days, world)))
            case TellEnd():
                world = replace(world, facts=(*world.facts, *ended_today(scene, citizen, act, world)))
            case Clearance():
                world = replace(
                    world, facts=(*world.facts, *_new(scene, citizen, act.kinds[0], [scene.day + LATER], world))
                )
    return Lived(world, healthy)


def ended_today(scene: Scene, citizen: str, act: TellEnd, world: World) -> list[FactVersion]:
    """A further version of each stay in the area that is seen to have no end: it ended today."""
    asked = (inputs_of(world, provider.code, scene.day, scene.as_of) for provider in world.providers)
    seen = {fact for inputs in asked if inputs for fact in seen_facts(world, citizen, inputs)}
    return [
        replace(
            fact,
            version=1 + max(one.version for one in world.records[fact.key]),
            ended_on=max(fact.started_on, scene.day),
            received_at=scene.as_of,
        )
        for fact in seen
        if (fact.kind, fact.area, fact.ended_on) == ("area_stay", act.area, None)
    ]


def days_ahead(scene: Scene) -> list[date]:
    """The days from the run's on, as far as one can foresee."""
    return [scene.day + n * ONE_DAY for n in range(FORESEEABLE_DAYS + 1)]


def green_days(scene: Scene, lived: Lived, citizen: str, provider: str) -> list[date]:
    """The days on which the provider would show green."""
    return [day for day in days_ahead(scene) if colour_on(scene, lived, citizen, provider, day) == "green"]


def first_effective_green(
    scene: Scene, lived: Lived, citizen: str, providers: list[str], held: list[str]
) -> date | None:
    """The first day on which the city's policy would make it green and nothing is held any more.

    ``providers`` are those that have a colour, ``held`` those whose silent source holds one.
    """
    for day in days_ahead(scene):
        colours = {provider: colour_on(scene, lived, citizen, provider, day) for provider in providers}
        still_held = any(colour_on(scene, lived, citizen, provider, day) != "green" for provider in held)
        if by_policy(lived.world, colours, scene.as_of) == "green" and not still_held:
            return day
    return None


def colour_on(scene: Scene, lived: Lived, citizen: str, provider: str, day: date) -> str:
    inputs = inputs_of(lived.world, provider, scene.day, scene.as_of)
    assert inputs
    version = version_in_force(lived.world, lived.world.provider(provider).rule_set, day)
    assert version
    known = known_about(lived.world, citizen, inputs)
    known = replace(known, healthy=known.healthy | lived.healthy.get(provider, frozenset()))
    return colour_of(standing_hits(known, version, day))


def _new(scene: Scene, citizen: str, kind: str, days: list[date], world: World) -> list[FactVersion]:
    """Records of the city, which every provider sees."""
    return [
        FactVersion(
            origin=CITY,
            record_id=f"new-{len(world.facts)}-{number}",
            version=1,
            citizen=citizen,
            kind=kind,
            area=None,
            started_on=day,
            ended_on=None,
            recorded_at=scene.as_of,
            received_at=scene.as_of,
        )
        for number, day in enumerate(days)
    ]
