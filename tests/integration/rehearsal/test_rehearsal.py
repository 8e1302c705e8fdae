"""A rehearsed version has the predicted results on its day, and the rehearsal leaves no data."""

from collections import Counter, deque
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from django.db import transaction
from django.db.models import F

from codes.models import (
    Disagreement,
    EffectiveChange,
    EffectiveCode,
    Provider,
    RiskArea,
    Rule,
    RuleSet,
    RuleSetVersion,
    Ruling,
    Run,
    RunProvider,
    Verdict,
    VerdictChange,
)
from codes.rule_sets.publish import CannotPublish, publish
from codes.rule_sets.rehearsal import CannotRehearse, Change, Tally, rehearsal
from codes.rule_sets.version_file import VersionContent
from regions.journal.models import JournalEntry
from regions.models import City
from regions.sources.models import Source
from tests.conftest import Keep
from tests.integration.rehearsal.drafts import draft_of
from tests.integration.reports.days import load_people, run_day, scene_of
from tests.oracle import World, version_in_force
from tests.worlds import Scene

PEOPLE = 80
SEEDS = (2, 4, 5, 8)


class Lived(NamedTuple):
    """A city after its run of the day, and a draft for two days later."""

    scene: Scene
    draft: VersionContent
    first_day: date


def lived(seed: int) -> Lived:
    scene = scene_of(seed, PEOPLE)
    load_people(scene)
    # Sources as fresh on the draft's day as today: what they say is not what is tried here.
    Source.objects.update(max_age_hours=10_000)
    run_day(scene.day, scene.as_of)
    first_day = scene.day + timedelta(days=2)
    return Lived(
        scene, draft_of(scene.world, rule_set_in_use(scene.world), day=scene.day, effective_from=first_day), first_day
    )


def rule_set_in_use(world: World) -> str:
    return world.providers[0].rule_set


def rehearsed(draft: VersionContent, today: date, day: date | None = None) -> list[Change]:
    with rehearsal(draft, today=today, day=day) as tried:
        return list(tried.changes)


def foretold(draft: VersionContent, today: date) -> tuple[Tally, list[list[str | int]]]:
    """What is shown before two people decide, and the effective codes among it: [from, to, citizens]."""
    tally = Tally()
    with rehearsal(draft, today=today) as tried:
        deque(tally.counting(tried.changes), maxlen=0)
        return tally, tried.follows(tally.people).effective


def effective_changes(run: Run) -> list[list[str | int]]:
    changes = EffectiveChange.objects.filter(run=run).exclude(before=F("after"))
    return [[*colours, number] for colours, number in sorted(Counter(changes.values_list("before", "after")).items())]


def put_in_force(city: Lived, draft: VersionContent) -> Run:
    """A run of the draft's first day without it, then the one with it, which it alone tells apart."""
    run_day(draft.effective_from, city.scene.as_of)
    publish(draft, by="li", now=city.scene.as_of)
    return run_day(draft.effective_from, city.scene.as_of)


def renamed(draft: VersionContent) -> VersionContent:
    """The next version, whose rules have other names: every hit is another one, and no colour changes."""
    rules = [one.model_copy(update={"code": f"N{one.code}"}) for one in draft.rules]
    next_day = draft.effective_from + timedelta(days=1)
    return draft.model_copy(update={"version": draft.version + 1, "effective_from": next_day, "rules": rules})


def rule_green(city: Lived, *, expires_on: date) -> None:
    """A ruling for every other person who is not green, that weighs what is known of them."""
    for verdict in Verdict.objects.order_by("citizen", "provider").distinct("citizen")[::2]:
        hits = [hit for one in Verdict.objects.filter(citizen=verdict.citizen_id) for hit in one.hits]
        Ruling.objects.create(
            citizen_id=verdict.citizen_id, colour="green", evidence=["document:1"], expires_on=expires_on, state="approved",
            weighed=[[hit["rule"], hit["fact_id"]] for hit in hits], reason_code="owner_confirmed", proposed_by="li",
            proposed_at=city.scene.as_of, decided_by="wang", decided_at=city.scene.as_of,
        )  # fmt: skip


def run_on(lived: Lived) -> Run:
    """A run of the draft's first day with nothing new since the run before."""
    return run_day(lived.first_day, lived.scene.as_of)


def standing() -> set[str]:
    open_ones = Disagreement.objects.filter(closed_run__isnull=True)
    return set(open_ones.values_list("citizen__ref", flat=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_what_happens_on_the_day(kept_at_beta: Keep, seed: int) -> None:
    city = kept_at_beta(lived, seed)
    expected = rehearsed(city.draft, today=city.scene.day)
    run_on(city)
    before = standing()
    publish(city.draft, by="li", now=city.scene.as_of)
    run = run_on(city)
    happened = {
        (row.citizen.ref, row.provider.code, row.before, row.after)
        for row in VerdictChange.objects.filter(run=run).select_related("citizen", "provider")
        if row.before != row.after
    }
    assert expected
    assert {(one.ref, one.provider, one.before, one.after) for one in expected} == happened
    assert {one.ref for one in expected if one.disagreement == "appears"} == standing() - before
    assert {one.ref for one in expected if one.disagreement == "vanishes"} == before - standing()


@pytest.mark.parametrize("seed", SEEDS)
def test_effective_codes_change_as_it_said(kept_at_beta: Keep, seed: int) -> None:
    city = kept_at_beta(lived, seed)
    _tally, effective = foretold(city.draft, city.scene.day)
    assert effective
    assert effective == effective_changes(put_in_force(city, city.draft))


@pytest.mark.parametrize("seed", SEEDS)
def test_rulings_in_force_keep_their_people(kept_at_beta: Keep, seed: int) -> None:
    """Those whose last day is before the draft's first cover nobody any more."""
    city = kept_at_beta(lived, seed)
    _tally, without = foretold(city.draft, city.scene.day)
    rule_green(city, expires_on=city.first_day + timedelta(days=1))
    run_day(city.scene.day, city.scene.as_of)
    _tally, effective = foretold(city.draft, city.scene.day)
    assert effective != without
    Ruling.objects.update(expires_on=city.first_day)
    _tally, lapsed = foretold(city.draft, city.scene.day)
    assert lapsed == without
    Ruling.objects.update(expires_on=city.first_day + timedelta(days=1))
    assert effective == effective_changes(put_in_force(city, city.draft))


def test_rulings_that_another_rule_suspends(kept_at_beta: Keep) -> None:
    """No provider's colour changes, and the effective codes do."""
    city = kept_at_beta(lived, SEEDS[0])
    put_in_force(city, city.draft)
    rule_green(city, expires_on=city.first_day + timedelta(days=9))
    run_on(city)
    draft = renamed(city.draft)
    tally, effective = foretold(draft, city.first_day)
    assert tally.citizens == 0
    assert {before for before, _after, _people in effective} == {"green"}
    assert effective == effective_changes(put_in_force(city, draft))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_silent_source_holds_is_judged_by_it_as_well(kept_at_beta: Keep, seed: int) -> None:
    city = kept_at_beta(lived, seed)
    bound = Provider.objects.filter(rule_set__code=city.draft.code)
    Source.objects.filter(pk__in=bound.values("source")).update(max_age_hours=0.001)
    silent = run_day(city.scene.day, city.scene.as_of)
    assert silent.providers.filter(provider__in=bound, known=False, horizon__isnull=False).exists()
    tally, effective = foretold(city.draft, city.scene.day)
    run = put_in_force(city, city.draft)
    changes = VerdictChange.objects.filter(run=run).exclude(before=F("after"))
    held = changes.filter(provider__in=run.providers.filter(known=False).values("provider"))
    assert tally.held_colours == Counter(held.values_list("provider__code", "before", "after"))
    assert sum(tally.held_colours.values()) > 0
    assert sum(tally.colours.values()) == changes.count() - held.count()
    assert effective == effective_changes(run)
    assert effective


@pytest.mark.parametrize("seed", SEEDS)
def test_it_leaves_no_trace(kept_at_beta: Keep, seed: int) -> None:
    written = (RuleSet, RuleSetVersion, Rule, RiskArea, JournalEntry, Run, RunProvider, Verdict, VerdictChange)
    tables = (*written, Disagreement, EffectiveCode, EffectiveChange, Ruling)
    city = kept_at_beta(lived, seed)
    rule_green(city, expires_on=city.first_day)
    before = [list(table._default_manager.order_by("pk").values()) for table in tables]
    assert rehearsed(city.draft, today=city.scene.day)
    assert foretold(city.draft, city.scene.day)[1]
    with rehearsal(city.draft, today=city.scene.day) as tried:
        next(tried.changes)
    assert [list(table._default_manager.order_by("pk").values()) for table in tables] == before


def test_it_leaves_no_trace_when_its_reader_fails(kept_at_beta: Keep) -> None:
    city = kept_at_beta(lived, SEEDS[0])
    before = Rule.objects.count()
    with pytest.raises(ZeroDivisionError):
        read_badly(city)
    assert Rule.objects.count() == before


def read_badly(city: Lived) -> None:
    with rehearsal(city.draft, today=city.scene.day) as tried:
        next(tried.changes)
        raise ZeroDivisionError


def test_a_draft_that_is_stored_already_is_tried_against_what_it_replaces(kept_at_beta: Keep) -> None:
    city = kept_at_beta(lived, SEEDS[0])
    fresh = rehearsed(city.draft, today=city.scene.day)
    publish(city.draft, by="li", now=city.scene.as_of)
    assert rehearsed(city.draft, today=city.scene.day) == fresh


def test_the_rules_in_force_change_nobody(kept_at_beta: Keep) -> None:
    city = kept_at_beta(lived, SEEDS[0])
    publish(city.draft, by="li", now=city.scene.as_of)
    run_on(city)
    assert rehearsed(city.draft, today=city.first_day) == []


def test_it_is_tried_on_any_day(kept_at_beta: Keep) -> None:
    city = kept_at_beta(lived, SEEDS[0])
    with rehearsal(city.draft, today=city.first_day + timedelta(days=1)) as tried:
        assert tried.day == city.first_day + timedelta(days=1)
    with rehearsal(city.draft, today=city.scene.day, day=city.scene.day) as tried:
        assert tried.day == city.scene.day


def test_the_tally_adds_up(kept_at_beta: Keep) -> None:
    city = kept_at_beta(lived, SEEDS[0])
    tally = Tally()
    with rehearsal(city.draft, today=city.scene.day) as tried:
        changes = list(tally.counting(tried.changes))
    assert sum(tally.colours.values()) == len(changes)
    assert tally.citizens == len({one.citizen_id for one in changes}) == sum(tally.disagreements.values())
    assert all(one.changed_by for one in changes)
    assert {rule for one in changes for rule in one.changed_by} == {*tally.stricter_by, *tally.milder_by}


def test_each_change_names_the_rules_that_made_it(bare_city: City) -> None:
    """Those of the more severe colour, on the side that has it; a rule that holds before and after changed nothing."""
    found = 0
    for seed in SEEDS:
        with transaction.atomic():
            city = lived(seed)
            rules = {one.code: one.colour for one in city.draft.rules}
            in_force = version_in_force(city.scene.world, city.draft.code, city.first_day)
            assert in_force
            stood = {rule.code: rule.colour for rule in in_force.rules}
            for one in rehearsed(city.draft, today=city.scene.day):
                of_side, colours = (one.rules_after, rules) if one.is_stricter else (one.rules_before, stood)
                severe = "red" if "red" in (one.before, one.after) else "yellow"
                assert one.changed_by == [code for code in of_side if colours[code] == severe]
                assert one.changed_by
                found += one.changed_by != of_side
            transaction.set_rollback(True)
    assert found > 0, "no change in which another rule held as well"


def test_what_cannot_be_tried(bare_city: City) -> None:
    scene = scene_of(SEEDS[0], 3)
    load_people(scene)
    later = scene.day + timedelta(days=2)
    draft = draft_of(scene.world, rule_set_in_use(scene.world), day=scene.day, effective_from=later)
    with pytest.raises(CannotRehearse, match="no run has settled"):
        rehearsed(draft, today=scene.day)
    Source.objects.update(max_age_hours=10_000)
    run_day(scene.day, scene.as_of)
    with pytest.raises(CannotRehearse, match="no provider"):
        rehearsed(draft.model_copy(update={"code": "nowhere"}), today=scene.day)
    with pytest.raises(CannotRehearse, match="is in force on 2000-01-01"):
        rehearsed(draft, today=scene.day, day=date(2000, 1, 1))
    in_force = draft.model_copy(update={"version": 1})
    with pytest.raises(CannotPublish, match="cannot change"):
        rehearsed(in_force, today=scene.day)
