"""Play the following days in the oracle, with nothing new except that the citizen does what the forecast asks for."""

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
# The time until a clearing fact starts: it must be after what it clears, some of which is in the future.
LATER = 30 * ONE_DAY


@dataclass(frozen=True)
class Lived:
    """A world in which the acts are done. ``healthy`` maps each provider to the days of the citizen's check-ins."""

    world: World
    healthy: Mapping[str, frozenset[date]]


def doing(scene: Scene, citizen: str, acts: Sequence[Act], *, tests_left_out: int = 0) -> Lived:
    """Do the acts. All new facts are received at once; from when they count depends on their days."""
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
    """Return a new version, which ends today, of each visible stay in the area without an end."""
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
    """Return the days from the run's on that a forecast covers."""
    return [scene.day + n * ONE_DAY for n in range(FORESEEABLE_DAYS + 1)]


def green_days(scene: Scene, lived: Lived, citizen: str, provider: str) -> list[date]:
    """Return the days on which the provider's verdict would be green."""
    return [day for day in days_ahead(scene) if colour_on(scene, lived, citizen, provider, day) == "green"]


def first_effective_green(
    scene: Scene, lived: Lived, citizen: str, providers: list[str], held: list[str]
) -> date | None:
    """Return the first day on which the code would be green by the city's policy and no colour is held.

    ``providers`` are those that have a colour, ``held`` those with a held colour.
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
    """Return new facts with the city as origin, which every provider sees."""
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
