"""Return a world with its providers duplicated, or with their codes exchanged."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tests.oracle import CheckIn, FactVersion, Origin, Registration, Suppression, World
from tests.worlds import Scene

TWIN = "-twin"

Told = TypeVar("Told", CheckIn, Registration)


def with_twins(scene: Scene) -> Scene:
    """Add a twin of every provider, with the same source, rule set, registrations and entries."""
    world = scene.world
    twin = _recast(world, lambda code: code + TWIN)
    declared = [fact for fact in twin.facts if fact.origin.kind == "provider"]
    ruled = [one for one in twin.suppressions if one.origin.kind == "provider"]
    return replace(
        scene,
        world=replace(
            world,
            providers=world.providers + twin.providers,
            facts=(*world.facts, *declared),
            check_ins=world.check_ins + twin.check_ins,
            registrations=world.registrations + twin.registrations,
            suppressions=(*world.suppressions, *ruled),
            rulings=(),
        ),
    )


def places_traded(world: World) -> dict[str, str]:
    """Return provider code → its code when the order of the codes is reversed."""
    codes = sorted(provider.code for provider in world.providers)
    return dict(zip(codes, reversed(codes), strict=True))


def with_places_traded(scene: Scene) -> Scene:
    """Exchange the providers' codes, so that A of each pair becomes B."""
    return replace(scene, world=replace(_recast(scene.world, places_traded(scene.world).__getitem__), rulings=()))


def _recast(world: World, code: Callable[[str], str]) -> World:
    def origin(one: Origin) -> Origin:
        return Origin("provider", code(one.code)) if one.kind == "provider" else one

    def fact(one: FactVersion) -> FactVersion:
        return replace(one, origin=origin(one.origin))

    def suppression(one: Suppression) -> Suppression:
        return replace(one, origin=origin(one.origin))

    def told(one: Told) -> Told:
        return replace(one, provider=code(one.provider))

    return replace(
        world,
        providers=tuple(replace(one, code=code(one.code)) for one in world.providers),
        facts=tuple(map(fact, world.facts)),
        check_ins=tuple(map(told, world.check_ins)),
        registrations=tuple(map(told, world.registrations)),
        suppressions=tuple(map(suppression, world.suppressions)),
        interim_policy="strictest",
    )
