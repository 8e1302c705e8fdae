"""Mass changes: what one cause would do to too many people is held for two people, and everybody else settles."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from codes.effective import after_run, effective_code
from codes.engine.preview import preview_changes
from codes.models import (
    Case,
    Disagreement,
    EffectiveChange,
    Fact,
    HeldGroup,
    PairDiagnosis,
    Run,
    Suppression,
    Verdict,
    VerdictChange,
)
from codes.reports.daily_codes import REGISTERED, RUN_STATES
from codes.reports.replay import replay
from codes.reports.rows import stream
from codes.review.proposals import held_groups
from codes.review.proposals.suppressions import propose_suppression
from codes.runs.amend import amend_now, amend_owed
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import MovedMeanwhile, NotAllowed, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.conftest import Keep
from tests.integration.review.desk import EVIDENCE, hire
from tests.integration.runs.crowd import Crowd

State = HeldGroup.State
MANY = range(25)


@pytest.fixture
def crowd(kept_at_beta: Keep) -> Crowd:
    """The first run has settled; nobody is known for anything."""
    return within_limits(kept_at_beta(a_crowd))


@pytest.fixture
def contacts(kept_at_beta: Keep) -> Crowd:
    """25 of 60 were told to be contacts in one batch, and the run that judged them has ended."""
    return within_limits(kept_at_beta(with_contacts))


@pytest.fixture
def reds(kept_at_beta: Keep) -> Crowd:
    """25 contacts have been red for two days: two people had released them."""
    return within_limits(kept_at_beta(with_reds))


def a_crowd() -> Crowd:
    one = Crowd()
    one.run()
    return one


def with_contacts() -> Crowd:
    one = a_crowd()
    one.deliver(MANY)
    one.run()
    return one


def with_reds() -> Crowd:
    one = with_contacts()
    decide(one, "release")
    one.now += timedelta(days=2)
    return one


def within_limits(crowd: Crowd) -> Crowd:
    crowd.set_limits()
    return crowd


def held() -> HeldGroup:
    return HeldGroup.objects.waiting().described().get()


def only() -> HeldGroup:
    return HeldGroup.objects.described().get()


def decide(crowd: Crowd, act: str, group: HeldGroup | None = None) -> HeldGroup:
    """li proposes, wang decides."""
    proposed = held_groups.propose((group or only()).pk, act=act, reason="checked", by="li", now=crowd.now)
    return held_groups.approve(proposed.pk, by="wang", now=crowd.now)


def test_a_wrong_batch_is_held_and_an_unrelated_case_is_not(crowd: Crowd) -> None:
    batch = crowd.deliver(MANY)
    crowd.add(batch, [40], "confirmed_case")
    run = crowd.run()

    group = only()
    assert (group.key, group.red, group.green, group.registered) == (
        f"batch:{batch.pk}:{group.rule_set_id}:R1",
        25,
        0,
        60,
    )
    assert crowd.red() == {40}
    assert crowd.held(group) == set(MANY)
    assert (run.state, run.message) == (Run.State.PARTIAL, f"held for two people: {group.message_in('en')}")
    assert [effective_code(crowd.citizen(one).pk, now=crowd.now).colour for one in (0, 40)] == ["green", "red"]
    assert Case.objects.get().citizen == crowd.citizen(40)
    assert PairDiagnosis.objects.get().disagreement.citizen == crowd.citizen(40), (
        "what was prepared of the others is of no use"
    )
    assert JournalEntry.objects.get(verb="group.held").data["red"] == 25


def test_whom_something_else_turns_red_as_well_is_red(crowd: Crowd) -> None:
    batch = crowd.deliver(MANY)
    crowd.add(batch, [3], "confirmed_case")
    crowd.run()

    assert crowd.red() == {3}
    assert crowd.held(only()) == set(MANY) - {3}


def test_a_batch_that_takes_many_records_back_is_held(reds: Crowd) -> None:
    reds.deliver(MANY, revoked=True)
    run = reds.run()

    group = held()
    assert (group.red, group.green, run.state) == (0, 25, Run.State.PARTIAL)
    assert reds.red() == set(MANY)
    assert Disagreement.objects.filter(closed_run=None).count() == 25
    assert Case.objects.filter(closed_at=None).count() == 25
    assert not EffectiveChange.objects.filter(run=run).exists()


def test_facts_of_one_batch_that_clear_many_are_held(reds: Crowd) -> None:
    batch = reds.deliver(MANY, "contact_excluded", started=0)
    reds.run()

    group = held()
    assert (group.batch_id, group.green, reds.red()) == (batch.pk, 25, set(MANY))
    decide(reds, "refuse", group)
    reds.run()
    assert reds.red() == set(MANY)


def test_a_version_that_lets_everybody_go_is_held(reds: Crowd) -> None:
    version = reds.publish(hold_days=0)
    reds.run()

    group = held()
    assert (group.cause_kind, group.version, group.green) == ("version", version, 25)
    assert reds.red() == set(MANY)


def test_a_version_announced_the_day_before_is_held_on_its_day(reds: Crowd) -> None:
    """A day that only a version to come announces is not the day anybody was told by the rules in force."""
    version = reds.publish(hold_days=0, days_ahead=1)
    reds.run()
    assert set(VerdictChange.objects.latest("pk").citizen.verdicts.values_list("turns_green_on", flat=True)) == {
        version.effective_from
    }
    reds.now += timedelta(days=1)
    reds.run()

    assert (held().version, reds.red()) == (version, set(MANY))


def test_the_next_run_keeps_the_same_group_without_a_second(contacts: Crowd) -> None:
    group = only()
    contacts.deliver([0, 1], revoked=True)
    run = contacts.run()

    assert HeldGroup.objects.count() == 1
    assert run.state == Run.State.PARTIAL
    assert contacts.held(group) == set(MANY) - {0, 1}
    assert JournalEntry.objects.filter(verb="group.held").count() == 1


def test_a_group_of_which_nothing_is_left_closes_by_itself(contacts: Crowd) -> None:
    proposed = held_groups.propose(only().pk, act="release", reason="checked", by="li", now=contacts.now)
    contacts.deliver(MANY, revoked=True)
    run = contacts.run()

    group = only()
    assert (group.state, group.counts, run.state) == (State.DISSOLVED, {"because": "no_longer_due"}, Run.State.DONE)
    proposed.refresh_from_db()
    assert proposed.state == "withdrawn"
    with pytest.raises(MovedMeanwhile):
        held_groups.approve(proposed.pk, by="wang", now=contacts.now)


def test_two_people_decide_about_the_same_people(crowd: Crowd) -> None:
    """Entries of one day are one cause: those that come after the proposal add people whom its author has not seen."""
    crowd.declare(range(22))
    crowd.run(after=timedelta(minutes=30))
    proposed = held_groups.propose(only().pk, act="release", reason="22 checked", by="li", now=crowd.now)
    crowd.run(after=timedelta(minutes=30))
    proposed.refresh_from_db()
    assert (proposed.state, only().red) == ("proposed", 22)
    crowd.declare(range(22, 40))
    crowd.run(after=timedelta(minutes=30))

    proposed.refresh_from_db()
    assert (proposed.state, only().red, crowd.held(only())) == ("withdrawn", 40, set(range(40)))
    entry = JournalEntry.objects.get(verb="group.outgrown")
    assert (entry.by, entry.data["added"], entry.data["proposed_by"]) == ("system", 18, "li")
    with pytest.raises(MovedMeanwhile):
        held_groups.approve(proposed.pk, by="wang", now=crowd.now)
    assert crowd.red("alipay") == set()
    decide(crowd, "release")
    assert crowd.red("alipay") == set(range(40))


def test_released_it_counts_at_once_and_is_not_held_again(contacts: Crowd) -> None:
    group = decide(contacts, "release")

    assert (group.state, group.counts["people"]) == (State.RELEASED, 25)
    assert contacts.red() == set(MANY)
    assert Case.objects.filter(closed_at=None).count() == 25
    assert not Disagreement.objects.filter(pairs=None).exists()
    assert contacts.run().state == Run.State.DONE
    assert contacts.red() == set(MANY)


def test_a_release_is_of_the_people_whom_two_people_saw(crowd: Crowd) -> None:
    """Entries of one day are one cause. After a release, a few more count at once, many more are held again."""
    crowd.declare(range(22))
    crowd.run(after=timedelta(minutes=30))
    first = decide(crowd, "release")
    crowd.declare(range(22, 30))
    assert crowd.run(after=timedelta(minutes=30)).state == Run.State.DONE
    assert crowd.red("alipay") == set(range(30))
    crowd.declare(range(30, 50))
    crowd.run(after=timedelta(minutes=30))

    second = held()
    assert (second.key, second.red, crowd.held(second)) == (first.key, 28, set(range(30, 50)))
    assert crowd.red("alipay") == set(range(30))
    decide(crowd, "release", second)
    assert crowd.red("alipay") == set(range(50))
    assert crowd.run().state == Run.State.DONE


def test_a_release_to_red_is_none_to_green(crowd: Crowd) -> None:
    crowd.declare(MANY)
    crowd.run(after=timedelta(minutes=30))
    decide(crowd, "release")
    crowd.now += timedelta(minutes=10)
    crowd.declare(MANY, revoked=True)
    crowd.run(after=timedelta(minutes=30))

    assert (held().red, held().green, crowd.red("alipay")) == (0, 25, set(MANY))
    decide(crowd, "release", held())
    assert crowd.red("alipay") == set()


def test_refused_the_records_are_out_of_force_and_a_correction_counts(contacts: Crowd) -> None:
    group = decide(contacts, "refuse")

    assert (group.state, group.counts["suppressed"]) == (State.REFUSED, 25)
    assert Suppression.objects.filter(held_group=group, version=1, proposed_by="li", decided_by="wang").count() == 25
    assert contacts.run().state == Run.State.DONE
    assert contacts.red() == set()
    contacts.deliver([7])
    contacts.run()
    assert contacts.red() == {7}, "the police say it again, of one"


def test_a_later_version_of_a_refused_record_can_be_ruled_on_by_itself(contacts: Crowd) -> None:
    decide(contacts, "refuse")
    contacts.deliver([7])
    contacts.run()
    for fact in Fact.objects.filter(record_id__endswith="-7-close_contact").order_by("version"):
        asked: dict[str, Any] = {
            "fact_id": fact.pk,
            "reason_code": "never_happened",
            "evidence": EVIDENCE,
            "now": contacts.now,
        }
        if fact.version == 1:
            with pytest.raises(Refused, match="ruled to be wrong already"):
                propose_suppression(by="li", **asked)
        else:
            propose_suppression(by="li", **asked)


def test_refusing_reaches_whom_the_batch_holds_though_they_were_red_anyway(crowd: Crowd) -> None:
    crowd.deliver([3], "confirmed_case")
    crowd.run()
    crowd.deliver(MANY)
    crowd.run()
    decide(crowd, "refuse")
    crowd.deliver([3], "confirmed_case", revoked=True)
    crowd.run()

    assert crowd.red() == set()


def test_a_refused_mass_release_leaves_everybody_as_they_were(reds: Crowd) -> None:
    reds.deliver(MANY, revoked=True)
    reds.run()
    group = decide(reds, "refuse", held())

    assert group.counts["suppressed"] == 25
    assert reds.run().state == Run.State.DONE
    assert reds.red() == set(MANY)


def test_what_is_shown_after_a_refusal_rests_on_the_run_that_counted_it(reds: Crowd) -> None:
    """Nothing of it changed, so that no change says so. What lets them go the next day is the version, and no more the refused batch."""
    reds.deliver(MANY, revoked=True)
    reds.run()
    decide(reds, "refuse", held())
    assert reds.red() == set(MANY)

    version = reds.publish(hold_days=1)
    reds.run(after=timedelta(days=1))

    assert (held().version_id, reds.held(held())) == (version.pk, set(MANY))


def test_a_refused_version_is_withdrawn_and_what_it_settled_with_it(reds: Crowd) -> None:
    reds.deliver([50], "arrival")
    first = reds.run()
    version = reds.publish(hold_days=0)
    second = reds.run()
    assert not reds.citizen(50).verdicts.exists(), "one person is no mass"
    group = decide(reds, "refuse", held())

    version.refresh_from_db()
    assert (group.state, version.withdrawn_at) == (State.REFUSED, reds.now)
    assert reds.citizen(50).verdicts.get().colour == "yellow"
    assert reds.run().state == Run.State.DONE
    assert reds.red() == set(MANY)
    assert {one.version.version for one in Run.objects.last_settled().providers.all()} == {1}  # type: ignore[union-attr]
    assert [replay(run).differences for run in (first, second)] == [[], []]


def test_a_version_without_which_there_are_none_is_not_withdrawn(reds: Crowd) -> None:
    version = reds.publish(hold_days=0)
    reds.run()
    version.rule_set.versions.filter(version=1).update(effective_from=reds.day + timedelta(days=9))

    with pytest.raises(Refused, match="no rules would be in force"):
        decide(reds, "refuse", held())
    version.refresh_from_db()
    assert (held().version, version.withdrawn_at) == (version, None)


def test_changes_of_one_cause_add_up_over_a_day(crowd: Crowd) -> None:
    """What came in an earlier run is settled; it counts, and only the rest is held."""
    crowd.declare(range(15))
    crowd.run()
    assert crowd.red("alipay") == set(range(15))
    crowd.declare(range(15, 25))
    crowd.run()

    group = only()
    assert (group.cause_kind, group.provider, group.received_on) == ("entries", group.provider, crowd.day)
    assert group.red == 25
    assert crowd.held(group) == set(range(15, 25))
    assert crowd.red("alipay") == set(range(15))


def test_refused_entries_are_put_out_of_force(crowd: Crowd) -> None:
    crowd.declare(MANY)
    crowd.run()
    decide(crowd, "refuse")

    assert Suppression.objects.filter(provider__code="alipay", state="approved").count() == 25
    crowd.run()
    assert crowd.red("alipay") == set()


def test_what_two_people_decided_is_no_mass_change_whatever_else_is_told(crowd: Crowd) -> None:
    """Many take their answers back, which alone would be held; two people have ruled these wrong, and that counts at once."""
    answers = crowd.declare(MANY)
    crowd.run()
    decide(crowd, "release")
    assert crowd.red("alipay") == set(MANY)
    crowd.run(after=timedelta(days=1))
    crowd.declare(MANY, revoked=True)
    decided: dict[str, Any] = {"state": "approved", "reason_code": "never_happened", "evidence": EVIDENCE}
    two = {"proposed_by": "li", "proposed_at": crowd.now, "decided_by": "wang", "decided_at": crowd.now}
    Suppression.objects.bulk_create(
        Suppression(record_id=one.record_id, provider=one.provider, **decided, **two) for one in answers
    )

    assert amend_owed(now=crowd.now) is not None

    assert crowd.red("alipay") == set()
    assert not HeldGroup.objects.waiting().exists()


def test_what_was_decided_about_somebody_before_lets_them_through_no_more(reds: Crowd) -> None:
    """A record was ruled wrong and counts again, each judged at once: what lets that person go now is the batch, as with all."""
    reds.run()
    fact = reds.citizen(4).facts.get()
    two = {"proposed_by": "li", "proposed_at": reds.now, "decided_by": "wang", "decided_at": reds.now}
    wrong = Suppression.objects.create(
        record_id=fact.record_id,
        source=fact.source,
        state="approved",
        reason_code="never_happened",
        evidence=EVIDENCE,
        **two,
    )
    assert amend_owed(now=reds.now) is not None
    assert reds.red() == set(MANY) - {4}
    reds.now += timedelta(minutes=20)
    Suppression.objects.filter(pk=wrong.pk).update(
        state="ended",
        ended_at=reds.now,
        ended_by="wang",
        end_proposed_by="li",
        end_proposed_at=reds.now,
        end_reason="-",
    )
    assert amend_owed(now=reds.now) is not None
    assert reds.red() == set(MANY)
    reds.now += timedelta(minutes=20)

    reds.deliver(MANY, revoked=True)
    reds.run()

    assert reds.red() == reds.held(held()) == set(MANY)


def test_whose_day_has_come_is_let_go_whatever_clears_them(reds: Crowd) -> None:
    """On the day that was announced a batch that clears them all is no mass change; on the day before it is one."""
    reds.now += timedelta(days=10)
    reds.run()
    until = {hit["until"] for one in Verdict.objects.all() for hit in one.hits}
    assert until == {str(reds.day + timedelta(days=1))}
    known = HeldGroup.objects.count()
    with transaction.atomic():
        reds.deliver(MANY, "contact_excluded")
        reds.run(after=timedelta(0))
        assert HeldGroup.objects.waiting().get().green == len(MANY)
        transaction.set_rollback(True)
    reds.now += timedelta(days=1)
    reds.deliver(MANY, "contact_excluded")
    reds.run()
    assert (HeldGroup.objects.count(), reds.red()) == (known, set())


def test_time_alone_is_no_mass_change(contacts: Crowd) -> None:
    decide(contacts, "release")
    contacts.now += timedelta(days=14)
    run = contacts.run()

    assert (run.state, contacts.red()) == (Run.State.DONE, set())


@pytest.mark.parametrize(("least", "share"), [(26, 0.02), (20, 0.42)])
def test_few_people_or_a_small_share_are_no_mass(crowd: Crowd, least: int, share: float) -> None:
    current_city().mass_change_least, current_city().mass_change_share = least, share
    crowd.deliver(MANY)

    assert crowd.run().state == Run.State.DONE
    assert crowd.red() == set(MANY)


def test_a_citys_first_run_holds_nothing(bare_city: City) -> None:
    crowd = Crowd()
    crowd.deliver(MANY)

    assert crowd.run().state == Run.State.DONE
    assert crowd.red() == set(MANY)


def test_who_registers_shows_nothing_that_could_be_kept(crowd: Crowd) -> None:
    registered_at = crowd.now - timedelta(minutes=1)
    for number in MANY:
        crowd.citizen(number).registrations.filter(provider__code="wechat").update(registered_at=registered_at)
    crowd.deliver(MANY)

    assert crowd.run().state == Run.State.DONE
    assert crowd.red() == set(MANY)


def test_a_person_of_a_held_group_stays_in_it_when_judged_again(contacts: Crowd) -> None:
    """Somebody decides something else about them meanwhile."""
    with transaction.atomic():
        amend_now([contacts.citizen(4).pk], by="wang", now=contacts.now, because="test")

    assert contacts.red() == set()
    assert contacts.held(only()) == set(MANY)


def test_two_groups_of_a_person_are_decided_one_by_one(reds: Crowd) -> None:
    """Two records hold them, and two batches take them back: neither alone lets anybody go."""
    reds.deliver(MANY, "spacetime_overlap")
    reds.run()
    reds.deliver(MANY, revoked=True)
    reds.deliver(MANY, "spacetime_overlap", revoked=True)
    reds.run()
    first, second = HeldGroup.objects.waiting()
    assert {first.rule, second.rule} == {"R1", "R3"}

    decide(reds, "release", first)
    assert (reds.red(), reds.held(second)) == (set(MANY), set(MANY))
    reds.run()
    assert (reds.red(), reds.held(second)) == (set(MANY), set(MANY))
    decide(reds, "release", second)
    assert reds.red() == set()


def test_held_changes_count_for_nothing(contacts: Crowd) -> None:
    held = VerdictChange.objects.filter(held_in=only())
    assert held.count() == 25
    assert not VerdictChange.objects.counted().filter(pk__in=held).exists()
    run = Run.objects.last_settled()
    assert run is not None
    assert {one.red for one in run.providers.all()} == {0}
    assert replay(run).differences == [], "the run comes out again as it judged"
    decide(contacts, "release")
    contacts.run()
    asked = {"provider": "wechat", "held": None, **RUN_STATES, **after_run(run, now=None)}
    assert {row[5] for row in stream(REGISTERED, asked)} == {"red", None}, "released before the next run"
    first = Run.objects.settled().last()
    assert first is not None
    assert {row[5] for row in stream(REGISTERED, {**asked, **after_run(first, now=None)})} == {None}


def test_a_disagreement_about_somebody_kept_is_diagnosed_when_it_is_decided(contacts: Crowd) -> None:
    contacts.deliver([0], "arrival", source="bigdata")
    contacts.run()
    found = Disagreement.objects.get(closed_run=None)
    assert (found.colours, found.pairs.count()) == ({"alipay": "yellow", "wechat": "green"}, 0)

    decide(contacts, "refuse")
    assert Disagreement.objects.get(closed_run=None).pairs.get().primary_cause == "source"


def test_a_preview_shows_what_is_tried_and_not_what_is_kept(contacts: Crowd) -> None:
    run = Run.objects.last_settled()
    assert run is not None
    people = [contacts.citizen(number).pk for number in (0, 40)]
    assert preview_changes(run, people, known_at=contacts.now) == []
    contacts.now = run.as_of
    contacts.deliver([40], "arrival", started=0)
    assert [one.after for one in preview_changes(run, people, known_at=contacts.now)] == ["yellow"]


def test_two_people_with_the_role(contacts: Crowd) -> None:
    hire("qian", Role.SOURCE_MANAGER, now=contacts.now)
    who: dict[str, Any] = {"reason": "checked", "now": contacts.now}
    with pytest.raises(NotAllowed):
        held_groups.propose(only().pk, act="release", by="qian", **who)
    proposed = held_groups.propose(only().pk, act="release", by="zhao", **who)
    with pytest.raises(Refused, match="waiting already"):
        held_groups.propose(only().pk, act="refuse", by="wang", **who)
    for by in ("li", "qian"):
        with pytest.raises(NotAllowed):
            held_groups.approve(proposed.pk, by=by, now=contacts.now)
    with pytest.raises(Refused, match="second person"):
        held_groups.approve(proposed.pk, by="zhao", now=contacts.now)
    held_groups.send_back(proposed.pk, by="wang", now=contacts.now, reason="look again")
    again = held_groups.propose(only().pk, act="refuse", by="wang", **who)
    with pytest.raises(Refused, match="withdraw"):
        held_groups.withdraw(again.pk, by="zhao", now=contacts.now)
    held_groups.withdraw(again.pk, by="wang", now=contacts.now)
    assert only().state == State.HELD
    verbs = JournalEntry.objects.filter(verb__startswith="group.").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == [
        "group.held", "group.proposed", "group.sent_back", "group.proposed", "group.withdrawn",
    ]  # fmt: skip


def test_the_database_wants_two_people_too(contacts: Crowd) -> None:
    proposed = held_groups.propose(only().pk, act="release", reason="checked", by="zhao", now=contacts.now)
    with pytest.raises(IntegrityError, match="proposer_is_not_approver"), transaction.atomic():
        type(proposed).objects.filter(pk=proposed.pk).update(
            state="approved", decided_by="zhao", decided_at=contacts.now
        )


def test_nobody_decides_while_a_run_is_about_to_judge_the_people(contacts: Crowd) -> None:
    proposed = held_groups.propose(only().pk, act="release", reason="checked", by="li", now=contacts.now)
    Run.objects.create(day=contacts.day, sequence=99, as_of=contacts.now, started_by="x", started_at=contacts.now)
    with pytest.raises(MovedMeanwhile, match="under way"):
        held_groups.approve(proposed.pk, by="wang", now=contacts.now)


def test_a_group_is_to_be_answered_within_the_hour(contacts: Crowd) -> None:
    group = only()
    assert not group.is_overdue(group.held_at + timedelta(minutes=59))
    assert group.is_overdue(group.held_at + timedelta(minutes=61))
