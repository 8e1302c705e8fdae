"""Join many small scenes to one city. People with equal providers, sources and rule sets share these; others have their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.oracle import CITY, FactVersion, Origin, World
from tests.worlds import Injected, Scene

Setting = tuple[object, ...]


@dataclass(frozen=True)
class Placed:
    """A person with a planted cause, and the names of person and providers in the joined city."""

    planted: Injected
    citizen: str
    a: str
    b: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The citizen and both providers, in the order of their codes."""
        first, second = sorted((self.a, self.b))
        return self.citizen, first, second

    def record_id(self, told: str) -> str:
        """Return the record id in the joined city, from the one in the scene."""
        return f"{self.citizen}/{told}"


def setting_of(one: Injected) -> Setting:
    """Return the providers, sources and rule sets of the person."""
    return one.world.providers, one.world.sources, one.world.rule_sets


def by_setting(planted: Iterable[Injected], *, settings_in_a_city: int) -> list[list[Injected]]:
    """Divide the people into cities of that many settings. The people of one setting stay together."""
    groups: dict[Setting, list[Injected]] = {}
    for one in planted:
        groups.setdefault(setting_of(one), []).append(one)
    rows = list(groups.values())
    starts = range(0, len(rows), settings_in_a_city)
    return [[one for row in rows[start : start + settings_in_a_city] for one in row] for start in starts]


def joined(planted: Sequence[Injected]) -> tuple[Scene, list[Placed]]:
    """Return one scene of all of them, and their names in it. All are judged for the same day and instant."""
    settings = {setting: f"{number:04}" for number, setting in enumerate(dict.fromkeys(map(setting_of, planted)))}
    parts: list[World] = []
    placed: list[Placed] = []
    for number, one in enumerate(planted):
        setting = settings[setting_of(one)]
        parts.append(_renamed(one.world, setting, str(number)))
        citizen = f"{number}-{one.citizen}"
        placed.append(Placed(one, citizen, f"{setting}-{one.a}", f"{setting}-{one.b}"))
    return Scene(_sum(parts), planted[0].day, planted[0].as_of), placed


def _sum(parts: Sequence[World]) -> World:
    return World(
        providers=tuple(dict.fromkeys(one for part in parts for one in part.providers)),
        sources=tuple(dict.fromkeys(one for part in parts for one in part.sources)),
        rule_sets=tuple(dict.fromkeys(one for part in parts for one in part.rule_sets)),
        citizens=tuple(one for part in parts for one in part.citizens),
        facts=tuple(one for part in parts for one in part.facts),
        check_ins=tuple(one for part in parts for one in part.check_ins),
        registrations=tuple(one for part in parts for one in part.registrations),
        zone=parts[0].zone,
    )


def _renamed(world: World, setting: str, number: str) -> World:
    """Return the world with codes that are unique to the setting and people and records that are unique to the scene."""

    def code(name: str) -> str:
        return f"{setting}-{name}"

    def person(name: str) -> str:
        return f"{number}-{name}"

    def fact(one: FactVersion) -> FactVersion:
        origin = one.origin if one.origin == CITY else Origin(one.origin.kind, code(one.origin.code))
        citizen = person(one.citizen)
        return replace(one, origin=origin, citizen=citizen, record_id=f"{citizen}/{one.record_id}")

    return replace(
        world,
        providers=tuple(
            replace(one, code=code(one.code), source=code(one.source), rule_set=code(one.rule_set))
            for one in world.providers
        ),
        sources=tuple(replace(one, code=code(one.code)) for one in world.sources),
        rule_sets=tuple(replace(one, code=code(one.code)) for one in world.rule_sets),
        citizens=tuple(map(person, world.citizens)),
        facts=tuple(map(fact, world.facts)),
        check_ins=tuple(
            replace(one, citizen=person(one.citizen), provider=code(one.provider)) for one in world.check_ins
        ),
        registrations=tuple(
            replace(one, citizen=person(one.citizen), provider=code(one.provider)) for one in world.registrations
        ),
    )
