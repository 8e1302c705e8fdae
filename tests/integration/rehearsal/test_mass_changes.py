"""A rehearsal predicts what the run would hold as a mass change, and the run holds exactly that."""

from collections import deque
from datetime import date, timedelta

import pytest

from codes.models import HeldGroup, Run
from codes.rule_sets.publish import publish
from codes.rule_sets.rehearsal import Tally, rehearsal
from codes.rule_sets.version_file import VersionContent
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.journal.models import JournalEntry
from regions.sources.models import Source
from regions.tenancy import current_city
from tests.conftest import Keep
from tests.integration.rehearsal.drafts import draft_of
from tests.integration.rehearsal.test_rehearsal import SEEDS, Lived, lived, run_on
from tests.integration.reports.days import run_day
from tests.integration.runs.crowd import Crowd
from tests.worlds import asked_at

Groups = list[list[str | int]]
# R1 of the crowd's rules holds for half as long, R2 is yellow, Y1 is red.
EARLY, ARRIVED = range(25), range(25, 50)


def foretold(draft: VersionContent, today: date) -> Groups:
    tally = Tally()
    with rehearsal(draft, today=today) as tried:
        deque(tally.counting(tried.changes), maxlen=0)
        follows = tried.follows(tally.people)
    assert follows.effective, "counted whether or not it is held"
    return sorted(follows.mass_changes)


def held_by(run: Run) -> Groups:
    groups = HeldGroup.objects.filter(first_run=run, cause_kind="version")
    return sorted([one.rule, one.red, one.green, one.registered] for one in groups)


def run_with(city: Lived) -> Run:
    """The run of the draft's first day, with nothing new but the draft since the run before."""
    publish(city.draft, by="li", now=city.scene.as_of)
    day, as_of = city.first_day, city.scene.as_of
    run, opened = start_run(by="system", now=asked_at(day, as_of), day=day, as_of=as_of, collects=False)
    assert opened
    return run_here(run.pk, clock=lambda: as_of, progress=lambda _: None)


def hold_from(least: int) -> None:
    """Of the city as the connection has it, which a copy of the database is entered with anew."""
    current_city().mass_change_least = least
    current_city().mass_change_share = 0


@pytest.fixture
def crowd(kept_at_beta: Keep) -> Crowd:
    found = kept_at_beta(half_known)
    found.set_limits()
    return found


def half_known() -> Crowd:
    """25 contacts, whom two people had released, have been red for eight days; 25 others arrived."""
    one = Crowd(least=100)
    one.run()
    one.deliver(EARLY)
    one.deliver(ARRIVED, "arrival")
    one.run()
    one.now += timedelta(days=8)
    one.run()
    one.least = 20
    return one


@pytest.mark.parametrize("seed", SEEDS)
def test_the_run_holds_what_it_said(kept_at_beta: Keep, seed: int) -> None:
    """On the draft's day, by a run between which and the one before nothing but the version has changed."""
    city = kept_at_beta(lived, seed)
    hold_from(2)
    said = foretold(city.draft, city.scene.day)
    run_on(city)
    assert said == held_by(run_with(city))
    assert said


@pytest.mark.parametrize("seed", SEEDS)
def test_held_colours_count(kept_at_beta: Keep, seed: int) -> None:
    city = kept_at_beta(lived, seed)
    Source.objects.update(max_age_hours=0.001)
    run_day(city.scene.day, city.scene.as_of)
    hold_from(2)
    said = foretold(city.draft, city.scene.day)
    run_on(city)
    assert said == held_by(run_with(city))
    assert said


def test_a_rule_that_turns_people_red_and_one_that_lets_them_go(crowd: Crowd) -> None:
    draft = next_version(crowd)
    entries = JournalEntry.objects.count()
    said = foretold(draft, crowd.day)
    assert said == [["R1", 0, 25, 60], ["Y1", 25, 0, 60]]
    assert (HeldGroup.objects.count(), JournalEntry.objects.count()) == (0, entries)
    publish(draft, by="li", now=crowd.now)
    assert held_by(crowd.run()) == said


def test_fewer_than_the_city_holds_are_no_mass_change(crowd: Crowd) -> None:
    current_city().mass_change_least = 26
    draft = next_version(crowd)
    assert foretold(draft, crowd.day) == []
    publish(draft, by="li", now=crowd.now)
    assert held_by(crowd.run()) == []


def test_what_waits_already_is_not_counted_again(crowd: Crowd) -> None:
    """The contacts of another batch are kept back by it, and would be so under the draft."""
    crowd.deliver(range(30, 60))
    crowd.run()
    assert HeldGroup.objects.waiting().get().red == 30
    draft = next_version(crowd)
    said = foretold(draft, crowd.day)
    assert said
    publish(draft, by="li", now=crowd.now)
    assert held_by(crowd.run()) == said


def next_version(crowd: Crowd) -> VersionContent:
    return draft_of(crowd.world, "national", day=crowd.day, effective_from=crowd.day)
