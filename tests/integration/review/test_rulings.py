"""Rulings need two people and change the code at once: the hits they weigh, the cases they settle, and how they end."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import TextChoices
from django.test.utils import CaptureQueriesContext

from codes.effective import effective_code
from codes.models import Case, EffectiveChange, EffectiveCode, InformationRequest, Ruling
from codes.review import information
from codes.review.errors import Reason
from codes.review.proposals import rulings
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from tests.integration.journal.holding import journal_break
from tests.integration.review.desk import EVIDENCE, Desk, written


def colour_of(desk: Desk, name: str) -> tuple[str, str]:
    standing = effective_code(desk.citizen(name).pk, now=desk.now)
    return standing.colour, standing.because


def refusal(act: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(**values)  # type: ignore[operator]
    return refused.value.reason


def test_a_proposal_changes_nobodys_colour(desk: Desk) -> None:
    ruling = desk.propose()
    assert colour_of(desk, "zhang") == ("red", "policy")
    assert ruling.state == "proposed"
    assert desk.case().state == "proposed"
    assert desk.case().assigned_to == "li"


def test_an_approved_ruling_is_in_force_without_a_run(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    assert colour_of(desk, "zhang") == ("green", "ruling")
    change = EffectiveChange.objects.filter(citizen=desk.citizen("zhang")).latest("pk")
    assert (change.before, change.before_because, change.after, change.after_because) == (
        "red",
        "policy",
        "green",
        "ruling",
    )
    assert (change.ruling_id, change.run_id, change.since, change.day) == (ruling.pk, None, desk.now, desk.now.date())
    case = desk.case()
    assert (case.state, case.outcome, case.closed_at) == ("decided", "green", desk.now)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason_code": ""}, Reason.UNKNOWN_REASON),
        ({"reason_code": "because"}, Reason.UNKNOWN_REASON),
        ({"colour": "red"}, Reason.REASON_DOES_NOT_FIT),
        ({"colour": "unknown"}, Reason.REASON_DOES_NOT_FIT),
        ({"evidence": []}, Reason.NO_EVIDENCE),
        ({"expires_on": timedelta(0)}, Reason.END_DATE),
        ({"expires_on": timedelta(days=31)}, Reason.END_DATE),
    ],
)
def test_a_colour_needs_a_reason_evidence_and_an_end(desk: Desk, changes: dict[str, Any], why: TextChoices) -> None:
    before = written()
    values = {"colour": "green", "reason_code": "wrong_person", "evidence": EVIDENCE, **changes}
    values["expires_on"] = desk.now.date() + changes.get("expires_on", timedelta(days=9))
    assert refusal(rulings.propose, **values, case_id=desk.case().pk, by="li", now=desk.now) is why
    assert written() == before


def test_others_keep_their_colours(desk: Desk) -> None:
    before = list(EffectiveCode.objects.exclude(citizen__ref="zhang").order_by("pk").values())
    desk.approve(desk.propose())
    assert list(EffectiveCode.objects.exclude(citizen__ref="zhang").order_by("pk").values()) == before


def test_the_run_after_a_ruling_finds_nothing_to_change(desk: Desk) -> None:
    desk.approve(desk.propose())
    changes = EffectiveChange.objects.count()
    run = desk.run()
    assert run.counts["effective_changes"] == 0
    assert EffectiveChange.objects.count() == changes
    assert Case.objects.filter(citizen__ref="zhang", closed_at__isnull=True).count() == 0


def test_a_ruling_weighs_every_hit_that_stands(desk: Desk) -> None:
    desk.tell("zhang", "arrival")
    desk.run()
    ruling = desk.propose()
    arrival = desk.citizen("zhang").facts.get(kind="arrival")
    overlap = desk.citizen("zhang").facts.get(kind="spacetime_overlap")
    assert ruling.weighed == [["R2", overlap.pk], ["Y1", arrival.pk]]


def test_a_new_more_severe_record_keeps_a_proposal_from_being_approved(desk: Desk) -> None:
    ruling = desk.propose()
    desk.tell("zhang", "close_contact")
    desk.run()
    before = written()
    assert refusal(rulings.approve, ruling_id=ruling.pk, by="wang", now=desk.now) is Reason.NEW_RECORDS
    assert written() == before
    refused = rulings.refuse(ruling_id=ruling.pk, reason_code="new_records", by="wang", now=desk.now)
    assert (refused.state, refused.decision_code) == ("refused", "new_records")
    assert desk.case().state == "in_review"


def test_a_new_record_after_approval_suspends_and_another_ruling_takes_its_place(desk: Desk) -> None:
    first = desk.approve(desk.propose())
    desk.tell("zhang", "close_contact")
    desk.run()
    first.refresh_from_db()
    assert first.suspended_at is not None
    assert colour_of(desk, "zhang") == ("red", "policy")
    assert desk.case(kind="suspension").state == "received"
    second = desk.approve(desk.propose(kind="suspension"))
    first.refresh_from_db()
    assert (first.state, first.ended_by) == ("ended", "")
    assert second.state == "approved"
    assert colour_of(desk, "zhang") == ("green", "ruling")
    assert not Case.objects.filter(citizen__ref="zhang", closed_at__isnull=True).exists()


def test_a_suspension_ends_by_itself_when_the_record_goes(desk: Desk) -> None:
    desk.approve(desk.propose())
    new = desk.tell("zhang", "close_contact")
    desk.run()
    assert desk.case(kind="suspension").state == "received"
    desk.tell("zhang", "close_contact", record_id=new.record_id, revoked=True)
    desk.run()
    assert desk.case(kind="suspension").state == "converged"
    assert colour_of(desk, "zhang") == ("green", "ruling")


def test_a_suspension_does_not_end_because_a_source_is_silent(desk: Desk) -> None:
    desk.approve(desk.propose())
    desk.tell("zhang", "close_contact")
    desk.run()
    desk.run(desk.now + timedelta(hours=30), silent=("police",))
    assert desk.case(kind="suspension").state == "received"


@pytest.mark.parametrize("by", ["li", "zhao"])
def test_whoever_proposes_does_not_approve(desk: Desk, by: str) -> None:
    """zhao has both roles: the rule is about the person."""
    ruling = desk.propose(by=by)
    why = refusal(rulings.approve, ruling_id=ruling.pk, by=by, now=desk.now)
    assert why is (CommonReason.SAME_PERSON if by == "zhao" else CommonReason.NOT_YOURS)
    assert colour_of(desk, "zhang") == ("red", "policy")


def test_whoever_proposes_does_not_refuse_either(desk: Desk) -> None:
    ruling = desk.propose(by="zhao")
    assert (
        refusal(rulings.refuse, ruling_id=ruling.pk, reason_code="evidence_thin", by="zhao", now=desk.now)
        is CommonReason.SAME_PERSON
    )


@pytest.mark.parametrize(
    "change",
    [
        {"state": "approved", "decided_by": "li"},
        {"state": "approved"},
        {"state": "refused", "decided_by": "wang"},
        {"state": "done"},
        {"reason_code": ""},
        {"proposed_by": ""},
        {"evidence": []},
        {"colour": "blue"},
        {"end_proposed_by": "li"},
    ],
)
def test_the_database_refuses_a_ruling_of_one_person(desk: Desk, change: dict[str, object]) -> None:
    ruling = desk.propose()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.filter(pk=ruling.pk).update(**change)


def test_the_database_refuses_two_rulings_in_force(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    ruling.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        ruling.save(force_insert=True)


def test_the_database_refuses_an_end_by_one_person(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="新证据", by="li", now=desk.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.filter(pk=ruling.pk).update(state="ended", ended_by="li", ended_at=desk.now)


def test_a_case_that_a_colleague_holds_is_taken_over_first(desk: Desk) -> None:
    desk.bring(desk.case(), "in_review")
    assert refusal(desk.propose, by="wu") is Reason.HELD_BY_ANOTHER


def test_one_proposal_a_person_at_a_time(desk: Desk) -> None:
    desk.appeal()
    desk.propose()
    assert refusal(desk.propose, kind="appeal") is CommonReason.PROPOSED_ALREADY


def test_a_ruling_settles_the_persons_other_cases_and_their_questions(desk: Desk) -> None:
    desk.appeal()
    desk.bring(desk.case(kind="appeal"), "waiting_for_information")
    desk.approve(desk.propose())
    appeal = desk.case(kind="appeal")
    assert (appeal.state, appeal.paused_at, appeal.outcome) == ("accepted", None, "green")
    assert InformationRequest.objects.get(case=appeal).state == "dropped"


def test_an_appeal_that_a_ruling_brings_nothing_stays_open(desk: Desk) -> None:
    desk.appeal()
    desk.approve(desk.propose(colour="red"))
    assert desk.case().state == "decided"
    assert desk.case(kind="appeal").state == "received"


@pytest.mark.parametrize(("colour", "state"), [("green", "accepted"), ("yellow", "partly_accepted"), ("red", "denied")])
def test_an_appeal_ends_by_what_its_ruling_does(desk: Desk, colour: str, state: str) -> None:
    desk.appeal()
    desk.approve(desk.propose(colour=colour, kind="appeal"))
    assert desk.case(kind="appeal").state == state
    assert desk.case().state == "decided"


def test_a_withdrawn_proposal_can_be_made_again(desk: Desk) -> None:
    ruling = desk.propose()
    assert (
        refusal(rulings.withdraw_proposal, ruling_id=ruling.pk, by="wu", now=desk.now) is CommonReason.NOT_THE_PROPOSER
    )
    assert rulings.withdraw_proposal(ruling_id=ruling.pk, by="li", now=desk.now).state == "withdrawn"
    assert desk.case().state == "in_review"
    desk.propose()


def test_a_decided_proposal_is_not_decided_again(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    for act in (rulings.approve, rulings.withdraw_proposal):
        with pytest.raises(MovedMeanwhile):
            act(ruling_id=ruling.pk, by="wang" if act is rulings.approve else "li", now=desk.now)
    with pytest.raises(NotFound):
        rulings.approve(ruling_id=ruling.pk + 99, by="wang", now=desk.now)


def test_a_proposal_that_lay_too_long_is_not_approved(desk: Desk) -> None:
    ruling = desk.propose()
    late = desk.now + timedelta(days=10)
    assert refusal(rulings.approve, ruling_id=ruling.pk, by="wang", now=late) is Reason.EXPIRED_PROPOSAL


@pytest.mark.parametrize(
    "evidence",
    [["file:999999999"], ["fact:999999999"], ["fact:x"], ["letter"], ["document:"], ["document:" + "x" * 201]],
)
def test_evidence_is_of_this_person_and_says_something(desk: Desk, evidence: list[str]) -> None:
    before = written()
    why = refusal(
        rulings.propose,
        case_id=desk.case().pk,
        colour="green",
        reason_code="wrong_person",
        evidence=[*EVIDENCE, *evidence],
        expires_on=desk.now.date() + timedelta(days=1),
        by="li",
        now=desk.now,
    )
    assert why is Reason.UNKNOWN_EVIDENCE
    assert written() == before


def test_another_persons_record_is_no_evidence(desk: Desk) -> None:
    with pytest.raises(Refused):
        rulings.propose(
            case_id=desk.case().pk,
            colour="green",
            reason_code="wrong_person",
            evidence=[f"fact:{desk.fact('chen').pk}"],
            expires_on=desk.now.date() + timedelta(days=1),
            by="li",
            now=desk.now,
        )


def test_an_early_end_takes_two_people_and_shows_at_once(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    key: dict[str, Any] = {"ruling_id": ruling.pk, "now": desk.now}
    assert refusal(rulings.approve_end, by="wang", **key) is CommonReason.END_NOT_PROPOSED
    rulings.propose_end(reason_code="newer_facts", reason="查明属实", by="zhao", **key)
    assert colour_of(desk, "zhang") == ("green", "ruling")
    assert (
        refusal(rulings.propose_end, reason_code="newer_facts", reason="再提", by="li", **key)
        is CommonReason.END_PROPOSED_ALREADY
    )
    assert refusal(rulings.approve_end, by="zhao", **key) is CommonReason.SAME_PERSON
    ended = rulings.approve_end(by="wang", **key)
    assert (ended.state, ended.ended_by, ended.ended_at) == ("ended", "wang", desk.now)
    assert colour_of(desk, "zhang") == ("red", "policy")
    change = EffectiveChange.objects.filter(citizen=desk.citizen("zhang")).latest("pk")
    assert (change.after, change.ruling_id) == ("red", ruling.pk)
    assert (
        refusal(rulings.propose_end, reason_code="newer_facts", reason="又", by="li", **key)
        is CommonReason.NOT_IN_FORCE
    )


def test_a_refused_end_leaves_the_ruling_and_can_be_proposed_again(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    key: dict[str, Any] = {"ruling_id": ruling.pk, "now": desk.now}
    rulings.propose_end(reason_code="newer_facts", reason="查明属实", by="li", **key)
    assert Ruling.refuse_end(ruling.pk, by="wang", now=desk.now).end_proposed_by == ""
    assert colour_of(desk, "zhang") == ("green", "ruling")
    rulings.propose_end(reason_code="newer_facts", reason="另有依据", by="li", **key)


def test_the_journal_names_what_an_end_is_about_and_what_it_changed(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    key: dict[str, Any] = {"ruling_id": ruling.pk, "now": desk.now}
    rulings.propose_end(reason_code="newer_facts", reason="查明属实", by="li", **key)
    Ruling.refuse_end(ruling.pk, by="wang", now=desk.now)
    rulings.propose_end(reason_code="newer_facts", reason="另有依据", by="li", **key)
    rulings.approve_end(by="wang", **key)
    told = JournalEntry.objects.filter(verb__startswith="ruling.").order_by("seq")
    assert [(one.verb, one.data["from"], one.data["to"]) for one in told] == [
        ("ruling.end_proposed", "approved", "approved"),
        ("ruling.end_refused", "approved", "approved"),
        ("ruling.end_proposed", "approved", "approved"),
        ("ruling.ended", "approved", "ended"),
    ]
    assert ruling.case is not None
    about = {"number": ruling.case.number, "colour": "green", "end_proposed_by": "li"}
    for one in told:
        assert one.subject == f"ruling:{ruling.pk}"
        assert about.items() <= one.data.items()


def test_a_ruling_expires_on_its_day_without_a_run(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    eve = desk.now + timedelta(days=9)
    assert rulings.expire_rulings(now=eve) == 0
    assert rulings.expire_rulings(now=eve + timedelta(days=1)) == 1
    assert rulings.expire_rulings(now=eve + timedelta(days=1)) == 0
    ruling.refresh_from_db()
    assert ruling.state == "ended"
    assert colour_of(desk, "zhang") == ("red", "policy")


def test_rulings_that_expire_together_are_settled_by_one_statement(desk: Desk) -> None:
    made = [desk.approve(desk.propose(name)) for name in ("zhang", "chen", "liu")]
    over = desk.now + timedelta(days=10)
    with CaptureQueriesContext(connection) as queries:
        assert rulings.expire_rulings(now=over) == 3
    assert sum("INSERT INTO codes_effectivechange" in query["sql"] for query in queries) == 1
    changes = EffectiveChange.objects.filter(since=over)
    assert set(changes.values_list("citizen", "ruling")) == {(one.citizen_id, one.pk) for one in made}


def test_a_run_ends_what_has_expired_as_the_sweep_does(desk: Desk) -> None:
    desk.approve(desk.propose())
    desk.run(desk.now + timedelta(days=10))
    assert Ruling.objects.get().state == "ended"
    assert colour_of(desk, "zhang") == ("red", "policy")


def test_a_person_no_run_has_covered_is_not_made_green_by_the_end_of_a_ruling(desk: Desk) -> None:
    desk.approve(desk.propose())
    desk.citizen("zhang").registrations.all().delete()
    rulings.expire_rulings(now=desk.now + timedelta(days=10))
    assert colour_of(desk, "zhang") == ("unknown", "unknown")


def test_everything_is_journalled_and_the_chain_holds(desk: Desk) -> None:
    desk.appeal()
    information.ask(case_id=desk.case(kind="appeal").pk, question="何时？身份证", by="li", now=desk.now)
    ruling = desk.propose()
    desk.approve(ruling)
    verbs = list(JournalEntry.objects.filter(verb__startswith="case.").order_by("seq").values_list("verb", flat=True))
    assert verbs[-5:] == [
        "case.filed",
        "case.information_asked",
        "case.proposed",
        "case.approved",
        "case.settled_by_ruling",
    ]
    told = JournalEntry.objects.filter(verb="case.approved").get()
    assert told.subject == f"case:{desk.case().number}"
    assert told.data["ruling"] == ruling.pk
    assert "何时" not in str(list(JournalEntry.objects.values_list("data", flat=True)))
    assert journal_break() is None
