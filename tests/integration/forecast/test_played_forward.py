"""Doing what the forecast asks for gives green on the forecast day and not earlier, played forward in the oracle."""

from collections import Counter
from dataclasses import dataclass, replace

from django.db import transaction

from codes.engine.provider_states import provider_states
from codes.forecast.outlook import CheckIn, Clearance, MoreTests, Outlook, TellEnd, effective_outlook, outlooks
from codes.models import Run
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.models import City
from tests.integration.engine.loading import load_world
from tests.integration.forecast.playing import doing, first_effective_green, green_days
from tests.oracle import coloured_verdicts, forecast, held_verdicts
from tests.worlds import FORESEEABLE_DAYS, Scene, asked_at, random_world

SEEDS = range(8)
PEOPLE = 60


@dataclass(frozen=True)
class Told:
    """What the city tells everybody: citizen → provider → outlook, and citizen → outlook of the effective code."""

    scene: Scene
    providers: dict[str, dict[str, Outlook]]
    effective: dict[str, Outlook | None]


def told(seed: int, city: City) -> Told:
    drawn = random_world(seed, people=PEOPLE)
    # What the city ruled says nothing about a provider's own colour.
    scene = replace(drawn, world=replace(drawn.world, rulings=()))
    city.interim_policy = scene.world.interim_policy
    with transaction.atomic():
        keys = load_world(scene.world, known_at=scene.as_of)
        run, _ = start_run(
            by="system", now=asked_at(scene.day, scene.as_of), day=scene.day, as_of=scene.as_of, collects=False
        )
        run = run_here(run.pk, clock=lambda: scene.as_of, progress=lambda _run: None)
        assert run.state in Run.SETTLED, run.message
        providers = {name: outlooks(key, provider_states(key, now=scene.as_of)) for name, key in keys.citizens.items()}
        effective = {name: effective_outlook(key, now=scene.as_of) for name, key in keys.citizens.items()}
        transaction.set_rollback(True)
    return Told(scene, providers, effective)


def test_doing_as_told_turns_green_on_the_day_and_not_earlier(bare_city: City) -> None:
    asked = Counter[str]()
    for seed in SEEDS:
        said = told(seed, bare_city)
        for citizen, by_provider in said.providers.items():
            for provider, outlook in by_provider.items():
                asked.update(type(act).__name__ for act in outlook.acts)
                assert_that_it_is_so(said.scene, citizen, provider, outlook)
            assert_that_the_effective_code_follows(said, citizen)
    assert asked.keys() == {"CheckIn", "MoreTests", "Clearance", "TellEnd", "Wait"}


def assert_that_it_is_so(scene: Scene, citizen: str, provider: str, outlook: Outlook) -> None:
    if outlook.turns_green_on is None:
        return assert_that_it_takes_the_acts(scene, citizen, provider, outlook)
    green = green_days(scene, doing(scene, citizen, outlook.acts), citizen, provider)
    assert green[:1] == [outlook.turns_green_on], (citizen, provider, outlook)
    assert outlook.day_number is None or outlook.of_days is None or 1 <= outlook.day_number <= outlook.of_days
    return None


def turns_later(scene: Scene, citizen: str, provider: str) -> bool:
    """By a record that is known, and begins on a day to come."""
    return len(green_days(scene, doing(scene, citizen, []), citizen, provider)) <= FORESEEABLE_DAYS


def assert_that_the_effective_code_follows(said: Told, citizen: str) -> None:
    outlook = said.effective[citizen]
    if outlook is None:
        return
    asked = (said.scene.world, citizen, said.scene.day, said.scene.as_of)
    verdicts, held = coloured_verdicts(*asked), list(held_verdicts(*asked))
    coloured = list(verdicts)
    if not coloured:
        assert outlook.turns_green_on is None, "nobody could say green"
        return
    if any(one.state == "green" and turns_later(said.scene, citizen, code) for code, one in verdicts.items()):
        return  # the way to green is told of those that are red or yellow today
    world = doing(said.scene, citizen, outlook.acts)
    green = first_effective_green(said.scene, world, citizen, coloured, held)
    if outlook.turns_green_on:
        assert green == outlook.turns_green_on, (citizen, outlook)
    else:
        assert green or any(isinstance(act, TellEnd) for act in outlook.acts), (citizen, outlook)
        check_ins = [act for act in outlook.acts if isinstance(act, CheckIn)]
        assert not first_effective_green(said.scene, doing(said.scene, citizen, check_ins), citizen, coloured, held)


def assert_that_it_takes_the_acts(scene: Scene, citizen: str, provider: str, outlook: Outlook) -> None:
    """Where no day is in sight, the acts named bring one; checking in alone does not, and neither does a test too few."""
    named = (citizen, provider, outlook)
    check_ins = [act for act in outlook.acts if isinstance(act, CheckIn)]
    assert outlook.acts != check_ins, named
    assert not green_days(scene, doing(scene, citizen, check_ins), citizen, provider), named
    if any(isinstance(act, TellEnd) for act in outlook.acts):
        return assert_that_the_end_is_what_is_missing(scene, citizen, provider, outlook)
    assert green_days(scene, doing(scene, citizen, outlook.acts), citizen, provider), named
    if any(isinstance(act, MoreTests) for act in outlook.acts) and not any(
        isinstance(act, Clearance) for act in outlook.acts
    ):
        one_test_less = doing(scene, citizen, outlook.acts, tests_left_out=1)
        assert not green_days(scene, one_test_less, citizen, provider), named
    return None


def assert_that_the_end_is_what_is_missing(scene: Scene, citizen: str, provider: str, outlook: Outlook) -> None:
    """Once it is told, a day is in sight or something else is asked for; as long as it is not, nothing else helps."""
    named = (citizen, provider, outlook)
    others = [act for act in outlook.acts if not isinstance(act, TellEnd)]
    assert not green_days(scene, doing(scene, citizen, others), citizen, provider), named
    told = doing(scene, citizen, [act for act in outlook.acts if isinstance(act, TellEnd)])
    coming = forecast(told.world, citizen, provider, scene.day, scene.as_of, days_ahead=FORESEEABLE_DAYS)
    assert "left" not in {missing.act for missing in coming.missing}, named
