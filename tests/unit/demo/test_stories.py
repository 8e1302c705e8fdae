"""Each story in each city it fits: the oracle finds the cause that it was told for, or none where it says none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import combinations, islice
from zoneinfo import ZoneInfo

import pytest

from codes.vocabulary import Cause
from portal.demo.people import Person, Population
from portal.demo.stage import Stage
from portal.demo.stories import EARLIER, STORIES, Fate, Story
from tests.oracle import World, diagnose, verdict
from tests.unit.demo.cities import SOMEBODY, STAGES, as_of, world_of

WITH_A_PAST = [replace(stage, days=30) for stage in STAGES]
TOLD = [(stage, story) for stage in STAGES for story in STORIES if story.fits(stage)]
OVER = [(stage, story) for stage in WITH_A_PAST for story in EARLIER if story.fits(stage)]
PEOPLE = 12
SOURCE_OR_RULES = {Cause.FRESHNESS, Cause.RULES, Cause.SOURCE, Cause.INTERACTION}


def living(stage: Stage, story: Story) -> Iterator[Person]:
    """Some people whom the story befalls."""
    fate = Fate(stage)
    everybody = Population("test", stage.city.city.division, 200_000, stage.today)
    numbers = (number for number in range(everybody.size) if fate.story_of(number) is story)
    return map(everybody.person, islice(numbers, PEOPLE))


def found_causes(world: World, stage: Stage) -> set[str]:
    """The primary causes of all pairs of providers whose colours differ."""
    asked = {one.code: verdict(world, SOMEBODY, one.code, stage.today, as_of(stage)) for one in stage.providers}
    assert all(one.has_colour for one in asked.values())
    return {
        diagnose(world, SOMEBODY, a, b, stage.today, as_of(stage)).primary_cause
        for a, b in combinations(asked, 2)
        if asked[a].state != asked[b].state
    }


@pytest.mark.parametrize(("stage", "story"), TOLD, ids=lambda value: getattr(value, "schema", None) or value.name)
def test_a_story_parts_the_providers_for_its_cause_only(stage: Stage, story: Story) -> None:
    fate = Fate(stage)
    for person in living(stage, story):
        world = world_of(person, fate.live(person))
        assert found_causes(world, stage) == ({story.cause.value} if story.cause else set()), person.number


@pytest.mark.parametrize(("stage", "story"), OVER, ids=lambda value: getattr(value, "schema", None) or value.name)
def test_a_story_of_weeks_ago_is_over(stage: Stage, story: Story) -> None:
    fate = Fate(stage)
    for person in islice(living(stage, story), 3):
        assert not found_causes(world_of(person, fate.live(person)), stage), person.number


@pytest.mark.parametrize("hour", [0, 3, 9, 16, 23])
def test_the_hour_at_which_the_demo_begins_changes_no_cause(hour: int) -> None:
    opened = datetime(2026, 11, 24, hour, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    for stage in (Stage(one.city, opened, 30) for one in STAGES):
        fate = Fate(stage)
        for story in fate.told_here:
            for person in islice(living(stage, story), 1):
                world = world_of(person, fate.live(person))
                assert found_causes(world, stage) == ({story.cause.value} if story.cause else set()), story.name


def test_where_all_share_one_source_and_one_rule_set_only_declarations_part_them() -> None:
    shanghai = next(stage for stage in STAGES if stage.schema == "shanghai")
    causes = {story.cause for story in Fate(shanghai).told_here}
    assert Cause.DECLARATION in causes
    assert not causes & SOURCE_OR_RULES


def test_every_cause_is_told_somewhere_and_nothing_parts_a_single_provider() -> None:
    by_city = {stage.schema: {story.cause for story in Fate(stage).told_here} for stage in STAGES}
    assert by_city["chengdu"] == {None, *Cause}
    assert by_city["hefei"] == {None}


def test_about_eight_in_a_hundred_have_facts_and_each_story_keeps_its_share() -> None:
    stage = next(stage for stage in STAGES if stage.schema == "chengdu")
    fate = Fate(stage)
    lived = [fate.story_of(number) for number in range(10_000)]
    for story in fate.told_here:
        assert abs(lived.count(story) - story.per_mille * 10) <= 2, story.name
    assert 700 <= len(lived) - lived.count(None) <= 900


def test_a_past_befalls_nobody_of_today_s_stories_and_without_one_nothing_is_told_of_it() -> None:
    for without, stage in zip(STAGES, WITH_A_PAST, strict=True):
        today, past = Fate(without), Fate(stage)
        for number in range(3_000):
            told = past.story_of(number)
            assert today.story_of(number) is (None if told is not None and told.is_over else told)
