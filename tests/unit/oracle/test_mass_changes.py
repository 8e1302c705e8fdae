"""Worked examples of held groups: thirty people, one provider, and a limit of a third of them but at least five."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from tests.oracle import Batch, Cause, FactVersion, MassChanges, Origin, Registration, Rule, Source, World
from tests.unit.oracle.march import ALIPAY, POLICE, at, city, fact, march, rule

PEOPLE = tuple(f"p{number:02}" for number in range(30))
RULES = (
    rule(code="R1", cleared_by=["contact_excluded"]),
    rule(code="R2", kind="confirmed_case", until_cleared=True, cleared_by=["discharged"]),
    rule(code="D1", kind="contact_with_case"),
)


def told(kind: str, people: Iterable[str], day: int, *, origin: Origin = POLICE, hour: int = 9) -> list[FactVersion]:
    """A record of each of them, received at that hour of the day."""
    found: FactVersion = fact(kind, day, recorded=f"{day} 1", received=f"{day} {hour}")
    return [replace(found, origin=origin, record_id=f"{kind}-{one}", citizen=one) for one in people]


def revoked(facts: Iterable[FactVersion], day: int) -> list[FactVersion]:
    return [
        replace(one, version=one.version + 1, revoked=True, recorded_at=at(f"{day} 1"), received_at=at(f"{day} 9"))
        for one in facts
    ]


def world_of(*facts: list[FactVersion], rules: tuple[Rule, ...] = RULES) -> World:
    return city(
        list(rules),
        [one for some in facts for one in some],
        citizens=PEOPLE,
        sources=(Source("police", timedelta(days=30), tuple(Batch(at(f"{n} 9"), at(f"{n} 9")) for n in range(31))),),
        registrations=tuple(Registration(one, "alipay", at(0)) for one in PEOPLE),
    )


def run(groups: MassChanges, world: World, day: int, hour: int = 10) -> None:
    groups.settle(world, march(day), at(f"{day} {hour}"))


def lived(world: World, days: Iterable[int]) -> MassChanges:
    groups = MassChanges(share=1 / 3, least=5)
    for day in days:
        run(groups, world, day)
    return groups


def shown(groups: MassChanges) -> dict[str, int]:
    states = [one.verdict.state for one in groups.shown.values()]
    return {state: states.count(state) for state in sorted(set(states))}


def sizes(groups: MassChanges) -> list[int]:
    return sorted(len(people) for people in groups.held.values())


def test_the_first_run_holds_nothing() -> None:
    groups = lived(world_of(told("close_contact", PEOPLE, 1)), [1])
    assert (shown(groups), groups.held) == ({"red": 30}, {})


def test_a_batch_that_turns_too_many_red_is_held_and_an_unrelated_case_is_not() -> None:
    world = world_of(told("close_contact", PEOPLE[:12], 2), told("confirmed_case", PEOPLE[20:21], 2))
    groups = lived(world, [1, 2])
    assert (shown(groups), sizes(groups)) == ({"green": 29, "red": 1}, [12])
    run(groups, world, 3)
    assert (shown(groups), sizes(groups)) == ({"green": 29, "red": 1}, [12]), "it stays held"


def test_whoever_an_unrelated_case_turns_red_as_well_is_red() -> None:
    world = world_of(told("close_contact", PEOPLE[:12], 2), told("confirmed_case", PEOPLE[:1], 2))
    assert shown(lived(world, [1, 2])) == {"green": 29, "red": 1}


def test_share_and_least_must_both_be_passed() -> None:
    assert sizes(lived(world_of(told("close_contact", PEOPLE[:10], 2)), [1, 2])) == [], "a third is not more than that"
    assert sizes(lived(world_of(told("close_contact", PEOPLE[:11], 2)), [1, 2])) == [11]
    few = MassChanges(share=0.0, least=5)
    world = world_of(told("close_contact", PEOPLE[:4], 2))
    for day in (1, 2):
        run(few, world, day)
    assert sizes(few) == []


def test_two_batches_are_two_causes() -> None:
    world = world_of(told("close_contact", PEOPLE[:6], 2), told("close_contact", PEOPLE[6:12], 3))
    assert shown(lived(world, [1, 2, 3])) == {"green": 18, "red": 12}


def test_two_rules_are_two_causes() -> None:
    world = world_of(told("close_contact", PEOPLE[:6], 2), told("confirmed_case", PEOPLE[6:12], 2))
    assert shown(lived(world, [1, 2])) == {"green": 18, "red": 12}


def test_entries_of_one_day_are_one_cause_and_count_over_the_runs_of_a_day() -> None:
    morning = told("contact_with_case", PEOPLE[:8], 2, origin=ALIPAY)
    noon = told("contact_with_case", PEOPLE[8:16], 2, origin=ALIPAY, hour=12)
    groups = MassChanges(share=1 / 3, least=5)
    world = world_of(morning, noon)
    run(groups, world, 1)
    run(groups, world, 2, hour=10)
    assert (shown(groups), sizes(groups)) == ({"green": 22, "red": 8}, [])
    run(groups, world, 2, hour=13)
    assert (shown(groups), sizes(groups)) == ({"green": 22, "red": 8}, [8])


def test_a_mass_release_is_held() -> None:
    contacts = told("close_contact", PEOPLE, 1)
    groups = lived(world_of(contacts, revoked(contacts, 3)), [1, 2, 3])
    assert (shown(groups), sizes(groups)) == ({"red": 30}, [30])
    groups = lived(world_of(contacts, told("contact_excluded", PEOPLE, 3)), [1, 2, 3])
    assert (shown(groups), sizes(groups)) == ({"red": 30}, [30])


def test_release_on_the_announced_day_is_not() -> None:
    groups = lived(world_of(told("close_contact", PEOPLE, 1)), [1, 2, 15])
    assert (shown(groups), groups.held) == ({"green": 30}, {})


def test_a_version_that_lets_everybody_go_is_held_though_it_was_known_before() -> None:
    world = world_of(told("close_contact", PEOPLE, 1))
    second = replace(
        world.rule_sets[0], version=2, effective_from=march(3), rules=tuple(replace(one, hold_days=0) for one in RULES)
    )
    groups = lived(replace(world, rule_sets=(*world.rule_sets, second)), [1, 2, 3])
    assert (shown(groups), sizes(groups)) == ({"red": 30}, [30])


def test_respelled_and_unchanged_is_no_change() -> None:
    contacts = told("close_contact", PEOPLE, 1)
    again = [
        replace(one, version=2, recorded_at=at("3 1"), received_at=at("3 9"), detail=(("name", "again"),))
        for one in contacts
    ]
    groups = lived(world_of(contacts, again), [1, 2, 3])
    assert (shown(groups), groups.held) == ({"red": 30}, {})


def test_released_it_settles_at_once_and_is_not_held_again() -> None:
    world = world_of(told("close_contact", PEOPLE, 2))
    groups = lived(world, [1, 2])
    cause: Cause = next(iter(groups.held))
    groups.release(cause)
    groups.settle(world, march(2), at("2 11"))
    assert (shown(groups), groups.held) == ({"red": 30}, {})
    run(groups, world, 3)
    assert (shown(groups), groups.held) == ({"red": 30}, {})


def test_a_release_is_of_those_it_was_decided_about() -> None:
    """The same provider sends the same of others later on that day: a few of them count, many are held."""
    world = world_of(
        told("contact_with_case", PEOPLE[:12], 2, origin=ALIPAY, hour=9),
        told("contact_with_case", PEOPLE[12:16], 2, origin=ALIPAY, hour=12),
        told("contact_with_case", PEOPLE[16:], 2, origin=ALIPAY, hour=15),
    )
    groups = lived(world, [1, 2])
    groups.release(next(iter(groups.held)))
    groups.settle(world, march(2), at("2 11"))
    run(groups, world, 2, hour=13)
    assert (shown(groups), groups.held) == ({"green": 14, "red": 16}, {})
    run(groups, world, 2, hour=16)
    assert (shown(groups), sizes(groups)) == ({"green": 14, "red": 16}, [14])


def test_one_held_cause_of_two_keeps_a_release() -> None:
    """Both hits must go; the exclusions come in two batches, each small enough, the discharges in one that is not."""
    world = world_of(
        told("close_contact", PEOPLE[:12], 1),
        told("confirmed_case", PEOPLE[:12], 1),
        told("contact_excluded", PEOPLE[:6], 3, hour=8),
        told("contact_excluded", PEOPLE[6:12], 3, hour=9),
        told("discharged", PEOPLE[:12], 3),
    )
    groups = lived(world, [1, 2, 3])
    assert (shown(groups), sizes(groups)) == ({"green": 18, "red": 12}, [12])
