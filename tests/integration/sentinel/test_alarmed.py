"""1,317 people who turned red without a health reason, in ways that are not held, are alarmed in the same run."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta

import pytest
from pytest_django import DjangoDbBlocker

from codes.models import Alarm, EffectiveChange, HeldGroup, Registration, Ruling, Run, Suppression
from codes.runs.amend import amend_owed
from codes.sentinel import alarms
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import MovedMeanwhile
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.conftest import empty_city
from tests.integration.review.desk import hire
from tests.integration.sentinel.town import Town
from tests.own_database import own_copy

DEPOSITORS = range(5001, 5001 + 1317)
# Each is below the hold's 2 % of twenty thousand.
PARTS = [DEPOSITORS[at : at + 330] for at in range(0, 1317, 330)]


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Built once, in a copy of the database that lasts for the tests here."""
    with django_db_blocker.unblock(), own_copy():
        with pytest.MonkeyPatch.context() as patch, in_city("beta"):
            patch.setattr("django.conf.settings.JOURNAL_CHECKPOINTS", tmp_path_factory.mktemp("checkpoints"))
            empty_city()
            town = Town()
        with django_db_blocker.block():
            yield town


@pytest.fixture
def town(built: Town, beta: City) -> Town:
    """What a test does in it is rolled back."""
    return deepcopy(built)


def raised_by(run: Run) -> set[str]:
    """The kinds of subject that were alarmed for the first time by the run."""
    assert not HeldGroup.objects.exists(), "no hold stops it"
    assert run.counts["sentinel"]["raised"] == Alarm.objects.filter(first_run=run).count()
    return set(Alarm.objects.filter(first_run=run).values_list("kind", flat=True))


def test_several_small_deliveries(town: Town) -> None:
    batches = [town.deliver(part) for part in PARTS]
    run = town.run()

    assert town.red() == 1317
    assert raised_by(run) == {"source"}
    alarm = Alarm.objects.get()
    assert alarm.key == str(town.sources["police"].pk)
    assert alarm.figures["people"] >= 1317
    # Those of equal size by their numbers as text, among which 100 comes before 99.
    told = sorted((-len(part), str(one.pk)) for one, part in zip(batches, PARTS, strict=True))
    assert alarm.figures["shared"] == [["batch", number, -size] for size, number in told]


def test_two_people_say_what_the_same_alarm_was(town: Town) -> None:
    """What was said of 330 people is not confirmed of 1,317."""
    for name, role in {"gao": Role.SECURITY_ADMIN, "sun": Role.AUDITOR}.items():
        hire(name, role, now=town.now)
    town.deliver(PARTS[0])
    town.run()
    alarm = Alarm.objects.get()
    people = alarm.figures["people"]
    Alarm.objects.update(mailed_at=town.now, severity="notice")
    said = alarms.propose(alarm.pk, finding="explained", reason="330 looked at", by="gao", now=town.now)
    for part in PARTS[1:]:
        town.deliver(part)
    town.run()

    with pytest.raises(MovedMeanwhile):
        alarms.confirm(said.pk, by="sun", now=town.now)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.severity, alarm.mailed_at) == ("raised", "alert", None)
    entry = JournalEntry.objects.get(verb="alarm.acknowledgement_outgrown")
    assert (entry.data["people_before"], entry.data["proposed_by"]) == (people, "gao")
    again = alarms.propose(alarm.pk, finding="corrected", reason="all looked at", by="gao", now=town.now)
    assert alarms.confirm(again.pk, by="sun", now=town.now).state == "acknowledged"


def test_a_few_a_day_from_both_sources(town: Town) -> None:
    """Fewer than two hundred a day, by both sources and three rules: in the run of the second day they are too many."""
    runs = []
    for number in range(0, 1317, 188):
        some = DEPOSITORS[number : number + 188]
        town.deliver(some[:60], "close_contact")
        town.deliver(some[60:120], "spacetime_overlap", source="bigdata")
        town.deliver(some[120:], "co_traveller", source="bigdata")
        runs.append(town.run())

    assert town.red() == 1317
    assert "source" in raised_by(runs[0]) | raised_by(runs[1])
    assert sum(run.counts["sentinel"]["raised"] for run in runs[5:]) == 0, "what stands is not raised anew daily"
    assert town.alarms()["source", str(town.sources["bigdata"].pk)] > 800
    assert runs[-1].counts["sentinel"]["standing"] == Alarm.objects.count()
    source = Alarm.objects.get(kind="source", key=str(town.sources["bigdata"].pk))
    assert (source.first_run, source.last_run) == (runs[0], runs[-2])
    assert (
        JournalEntry.objects.get(verb="alarm.raised", subject=source.subject).data["people"] < source.figures["people"]
    )


def scatter(town: Town, *, area: str | None = None, days_ago: int = 1) -> None:
    """Records of the people by both sources, for a rule each of four deliveries that take the whole night."""
    kinds = ("close_contact", "spacetime_overlap", "co_traveller", "contact_with_case")
    for kind, source, part in zip(kinds, ("police", "bigdata") * 2, PARTS, strict=True):
        town.deliver(part, kind, source=source, area=area, days_ago=days_ago)


def test_nothing_ties_them_together(town: Town) -> None:
    """What the four attacks below have in common is no alarm by itself: each is seen by the one attribute that it names."""
    town.have_had_a_wave()
    scatter(town)
    assert raised_by(town.run()) == set()
    assert town.red() == 1317


def test_records_of_one_place(town: Town) -> None:
    town.have_had_a_wave()
    scatter(town, area="410100")
    run = town.run()

    assert raised_by(run) == {"area"}
    assert town.alarms() == {("area", "410100"): 1317}


def test_people_who_were_at_one_place(town: Town) -> None:
    """What they share no rule names: on their arrival they said where they had been."""
    town.have_had_a_wave()
    town.declare(DEPOSITORS, "arrival", area="410100")
    town.run()
    scatter(town)
    run = town.run()

    assert raised_by(run) == {"place"}
    alarm = Alarm.objects.get()
    assert (alarm.key, alarm.figures["people"], alarm.severity) == ("410100", 1317, "alert")
    assert alarm.figures["rules"] == [["R1", 330], ["R2", 330], ["R3", 330], ["S1", 327]]
    assert [kind for kind, _, _ in alarm.figures["shared"]][:2] == ["source", "source"]


def test_people_who_registered_on_one_day(town: Town) -> None:
    joined = town.now - timedelta(days=20)
    people = [town.first + one - 1 for one in DEPOSITORS]
    Registration.objects.filter(citizen__in=people).update(registered_at=joined)
    town.have_had_a_wave()
    scatter(town)
    run = town.run()

    assert raised_by(run) == {"registration"}
    assert town.alarms() == {("registration", str(joined.date())): 1317}


def test_a_version_that_holds_longer(town: Town) -> None:
    """Old records, known for a day, that a version makes count again; Wang, who published it, turns many by other things, too."""
    town.have_had_a_wave()
    scatter(town, days_ago=40)
    town.run()
    assert (town.red(), Alarm.objects.count()) == (0, 0)
    version = town.list_areas([], by="wang", hold_days=60)
    run = town.run()

    assert raised_by(run) == {"version"}
    assert town.alarms() == {("version", str(version.pk)): 1317}


def test_a_version_turns_whom_facts_known_before_turn(town: Town) -> None:
    """Whoever is turned by what came in with it is not turned by it."""
    town.have_had_a_wave()
    scatter(town)
    town.list_areas([], by="wang", hold_days=60)
    assert raised_by(town.run()) == set()
    assert town.red() == 1317


def test_whoever_decided_about_a_record_long_ago_turns_nobody_today(town: Town) -> None:
    town.have_had_a_wave()
    scatter(town)
    town.suppress(PARTS[0])
    long_ago = town.now - timedelta(days=20)
    Suppression.objects.update(
        state="ended",
        ended_at=long_ago,
        ended_by="wu",
        end_proposed_by="li",
        end_proposed_at=long_ago,
        end_reason="again",
    )
    assert raised_by(town.run()) == set()
    assert town.red() == 1317


def test_whoever_is_kept_back_is_not_turned(town: Town) -> None:
    """The group is held, and alarmed as such."""
    town.deliver(DEPOSITORS)
    run = town.run()
    assert HeldGroup.objects.get().red == 1317
    assert town.red() == 0
    assert not run.subject_counts.exists()


def test_one_official_puts_records_back_in_force(town: Town) -> None:
    town.deliver(DEPOSITORS)
    town.suppress(DEPOSITORS)
    town.run()
    assert (town.red(), Alarm.objects.count()) == (0, 0)

    ended = town.now - timedelta(hours=1)
    last = Run.objects.last_settled()
    Suppression.objects.update(
        state="ended", ended_at=ended, ended_by="wang", end_proposed_by="li", end_proposed_at=ended, end_reason="again"
    )
    amending = amend_owed(now=town.now)

    assert amending is not None
    assert amending.amends == last
    assert town.red() == 1317
    assert {key for kind, key in town.alarms() if kind == "official"} == {"li", "wang"}
    assert "official" in raised_by(amending), "at once, not with the next morning's run"


def test_rulings_of_one_official(town: Town) -> None:
    people = [town.first + one - 1 for one in DEPOSITORS]
    rulings = Ruling.objects.bulk_create(
        Ruling(
            citizen_id=one, colour="red", evidence=["document:1"], expires_on=town.today + timedelta(days=9), state="approved",
            reason_code="owner_confirmed", proposed_by="li", proposed_at=town.now, decided_by="wang", decided_at=town.now,
        )
        for one in people
    )  # fmt: skip
    EffectiveChange.objects.bulk_create(
        EffectiveChange(
            citizen_id=one.citizen_id, before="green", before_because="agreement", after="red", after_because="ruling",
            since=town.now, day=town.today, ruling=one,
        )
        for one in rulings
    )  # fmt: skip
    run = town.run()

    assert raised_by(run) == {"official"}
    assert [town.alarms()["official", name] >= 1317 for name in ("li", "wang")] == [True, True]
    assert not town.run().subject_counts.filter(kind="official").exists(), "a ruling counts once"


def test_rule_sets_that_list_small_areas(town: Town) -> None:
    """Four places where 330 people each have been; a version a day lists one more of them."""
    areas = [f"4101{number:02}" for number in range(1, 5)]
    for area, part in zip(areas, PARTS, strict=False):
        town.deliver(part, "area_stay", area=area, days_ago=20)
    town.run()
    assert (town.red(), Alarm.objects.count()) == (0, 0)

    runs = []
    for area in areas:
        town.list_areas([area], by="lin")
        runs.append(town.run())
    assert town.red() == 1317
    assert {"listed", "publisher"} <= raised_by(runs[0])
    assert town.alarms()["publisher", "lin"] == town.red()


def test_entries_of_one_provider(town: Town) -> None:
    runs = []
    for part in PARTS:
        town.declare(part)
        runs.append(town.run())

    assert town.red() == 1317
    assert "provider" in raised_by(runs[0])
    assert town.alarms()["provider", str(town.providers["alipay"].pk)] >= 1317
    assert not any(kind == "source" for kind, _ in town.alarms())


def test_records_written_in_one_minute(town: Town) -> None:
    town.deliver(DEPOSITORS[:60], minutes=1)
    assert "instant" in raised_by(town.run())


def test_ordinary_days_are_silent(town: Town) -> None:
    """As many as in the weeks before, from everywhere, and an area that is listed where few have been."""
    first = 1
    runs = []
    for number in range(5):
        town.deliver(range(first, first + 6), area=f"3505{number + 1:02}")
        town.deliver(range(first + 6, first + 12), "co_traveller", source="bigdata")
        town.declare(range(first + 12, first + 15))
        first += 15
        runs.append(town.run())
    town.deliver(range(first, first + 18), "area_stay", area="410102", days_ago=20)
    town.list_areas(["410102"], by="lin")
    town.run()

    assert town.red() == 93
    assert runs[-1].subject_counts.filter(kind="source").count() == 2
    assert town.alarms() == {}
