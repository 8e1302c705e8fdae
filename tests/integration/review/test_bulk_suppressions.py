"""Bulk suppressions: their reach, their effects, two people, and cases that close by themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import TextChoices

from codes.effective import effective_code
from codes.models import BulkSuppression, Case, CaseEvent, Run, Suppression
from codes.review.errors import Reason
from codes.review.proposals import bulk_suppressions, suppressions
from codes.review.proposals.groups import Effect, suppressible
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, MovedMeanwhile, NotAllowed, NotFound, Refused
from tests.integration.conftest import OpenDesk
from tests.integration.journal.holding import journal_break
from tests.integration.review.desk import EVIDENCE, Desk, written

WRONG = ("zhang", "chen", "liu", "sun", "he")
KEY = "batch|police|0|close_contact"


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: Any) -> Desk:
    """Five people of one batch's records, and one of another kind."""
    return opened_at_beta(dict.fromkeys(WRONG, "close_contact") | {"ma": "arrival"}, now=now)


def propose(desk: Desk, *, by: str = "li", **changes: Any) -> BulkSuppression:
    asked: dict[str, Any] = {"key": KEY, "reason_code": "bad_batch", "documents": EVIDENCE}
    return bulk_suppressions.propose_bulk_suppression(**{**asked, **changes}, by=by, now=desk.now)


def approve(desk: Desk, proposed: BulkSuppression, *, by: str = "wang") -> BulkSuppression:
    return bulk_suppressions.approve_bulk_suppression(bulk_suppression_id=proposed.pk, by=by, now=desk.now)


def effect(desk: Desk, proposed: BulkSuppression) -> Effect:
    return bulk_suppressions.effect_of_bulk_suppression(proposed, run=Run.objects.last_settled(), now=desk.now).effect


def colours(desk: Desk) -> dict[str, str]:
    return {name: effective_code(desk.citizen(name).pk, now=desk.now).colour for name in (*WRONG, "ma")}


def refusal(act: Callable[..., object], *told: Any, **values: Any) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(*told, **values)
    return refused.value.reason


def test_the_preview_shows_who_would_change_and_writes_nothing(desk: Desk) -> None:
    before = written(), Suppression.objects.count()
    piece = suppressible(KEY, run=Run.objects.last_settled(), now=desk.now)
    assert (len(piece.records), len(piece.people), piece.effect.people) == (5, 5, 5)
    assert piece.effect.counted == [("wechat", "red", "green", 5)]
    assert (piece.effect.agreeing, piece.left_for_stricter, piece.left_as_too_many) == (5, 0, 0)
    assert (written(), Suppression.objects.count()) == before


def test_a_proposal_changes_no_colour_and_stands_on_every_timeline(desk: Desk) -> None:
    proposed = propose(desk)
    assert (proposed.cases, proposed.records, proposed.people) == (5, 5, 5)
    assert set(colours(desk).values()) == {"red", "yellow"}
    told = CaseEvent.objects.filter(verb="suppression_proposed")
    assert sorted(told.values_list("case__citizen__ref", flat=True)) == sorted(WRONG)
    entry = JournalEntry.objects.get(verb="group.suppression_proposed")
    assert (entry.by, entry.data["cases"], entry.data["records"]) == ("li", 5, 5)
    assert "police-zhang" not in str(entry.data)
    assert list(bulk_suppressions.bulk_suppressions_to_decide()) == [proposed]
    assert effect(desk, proposed).counted == [("wechat", "red", "green", 5)]


def test_the_approval_recomputes_at_once_and_closes_every_case_with_its_own_entry(desk: Desk) -> None:
    done = approve(desk, propose(desk))
    assert colours(desk) == dict.fromkeys(WRONG, "green") | {"ma": "yellow"}
    assert [desk.case(name).state for name in WRONG] == ["converged"] * 5
    assert desk.case("ma").state == "received"
    closed = set(JournalEntry.objects.filter(verb="case.converged").values_list("subject", flat=True))
    assert closed == {f"case:{desk.case(name).number}" for name in WRONG}
    assert done.run
    assert (done.state, done.decided_by, done.run.state) == ("approved", "wang", "mended")
    assert sorted(done.run.citizens.values_list("citizen__ref", flat=True)) == sorted(WRONG)
    assert set(done.suppressions.values_list("state", "decided_by")) == {("approved", "wang")}
    assert list(bulk_suppressions.bulk_suppressions_to_decide()) == []
    assert journal_break() is None


def test_the_next_run_agrees(desk: Desk) -> None:
    approve(desk, propose(desk))
    assert desk.run().changes.count() == 0
    assert set(Case.objects.filter(closed_at__isnull=True).values_list("citizen__ref", flat=True)) == {"ma"}


def test_whoever_proposes_does_not_decide(desk: Desk) -> None:
    proposed = propose(desk, by="zhao")
    assert refusal(approve, desk, proposed, by="zhao") is CommonReason.SAME_PERSON
    key: dict[str, Any] = {"bulk_suppression_id": proposed.pk, "now": desk.now}
    assert (
        refusal(bulk_suppressions.refuse_bulk_suppression, reason_code="evidence_thin", by="zhao", **key)
        is CommonReason.SAME_PERSON
    )
    assert refusal(bulk_suppressions.withdraw_bulk_suppression, by="li", **key) is CommonReason.NOT_THE_PROPOSER


@pytest.mark.parametrize("by", ["wang", "sun", "citizen:zhang", "system", "nobody"])
def test_only_a_reviewer_proposes(desk: Desk, by: str) -> None:
    with pytest.raises(NotAllowed):
        propose(desk, by=by)


@pytest.mark.parametrize("by", ["li", "sun", "citizen:zhang", "system", "nobody"])
def test_only_an_approver_decides(desk: Desk, by: str) -> None:
    proposed = propose(desk)
    with pytest.raises(NotAllowed):
        approve(desk, proposed, by=by)


def test_refused_or_withdrawn_the_records_stand_and_can_be_proposed_again(desk: Desk) -> None:
    first = propose(desk)
    bulk_suppressions.refuse_bulk_suppression(
        bulk_suppression_id=first.pk, reason_code="evidence_thin", by="wang", now=desk.now
    )
    refused = JournalEntry.objects.get(verb="group.suppression_refused")
    said = {"from": "proposed", "to": "refused", "decision_code": "evidence_thin", "group": KEY, "records": 5}
    assert (refused.subject, refused.data | said) == (f"mending:{first.pk}", refused.data)
    second = propose(desk)
    bulk_suppressions.withdraw_bulk_suppression(bulk_suppression_id=second.pk, by="li", now=desk.now)
    assert set(Suppression.objects.values_list("state", flat=True)) == {"refused", "withdrawn"}
    assert colours(desk)["zhang"] == "red"
    verbs = list(CaseEvent.objects.filter(case=desk.case()).order_by("pk").values_list("verb", flat=True))
    assert verbs[1:] == [
        "suppression_proposed",
        "suppression_refused",
        "suppression_proposed",
        "suppression_withdrawn",
    ]
    with pytest.raises(MovedMeanwhile):
        approve(desk, second)
    assert approve(desk, propose(desk)).state == "approved"


def test_whom_it_would_turn_stricter_is_left_out(desk: Desk) -> None:
    """Both sources know of the case, the police alone of its end: without that record wechat would be red as well."""
    desk.tell("zhang", "confirmed_case", record_id="police-zhang")
    desk.tell("zhang", "confirmed_case", source="bigdata")
    desk.tell("zhang", "discharged")
    desk.run()
    piece = suppressible(key := "batch|police|0|discharged", run=Run.objects.last_settled(), now=desk.now)
    assert desk.case().group_key == key
    assert (piece.records, piece.left_for_stricter) == ([], 1)
    assert refusal(propose, desk, key=key) is Reason.NOTHING_TO_SUPPRESS


def test_it_is_refused_when_it_would_turn_somebody_stricter_by_now(desk: Desk) -> None:
    proposed = propose(desk)
    desk.tell("zhang", "confirmed_case")
    desk.tell("zhang", "discharged", record_id="police-zhang")
    desk.run()
    before = written()
    assert refusal(approve, desk, proposed) is Reason.TURNS_STRICTER
    assert written() == before


def test_what_is_too_much_for_one_act_is_left_for_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codes.review.proposals.groups.BULK_LIMIT", 3)
    first = suppressible(KEY, run=Run.objects.last_settled(), now=desk.now)
    assert (len(first.records), first.left_as_too_many) == (3, 2)
    approve(desk, propose(desk))
    assert len(suppressible(KEY, run=Run.objects.last_settled(), now=desk.now).records) == 2


def test_a_group_is_proposed_once_and_needs_its_parts(desk: Desk) -> None:
    propose(desk)
    before = written()
    assert refusal(propose, desk) is CommonReason.PROPOSED_ALREADY
    assert refusal(propose, desk, key="batch|police|0|arrival", reason_code="whim") is Reason.UNKNOWN_REASON
    assert refusal(propose, desk, key="batch|police|0|arrival", documents=()) is Reason.NO_EVIDENCE
    assert refusal(propose, desk, key="batch|police|0|arrival", documents=("fact:1",)) is Reason.UNKNOWN_EVIDENCE
    assert refusal(propose, desk, key="batch|police|9|arrival") is Reason.NOTHING_TO_SUPPRESS
    assert refusal(propose, desk, key="rules|national-1:R1|-|rule") is Reason.NOTHING_TO_SUPPRESS
    assert written() == before


def test_its_records_are_not_decided_one_by_one(desk: Desk) -> None:
    one = propose(desk).suppressions.order_by("pk")[0]
    key: dict[str, Any] = {"suppression_id": one.pk, "now": desk.now}
    assert refusal(suppressions.approve_suppression, by="wang", **key) is Reason.PART_OF_GROUP
    assert refusal(suppressions.withdraw_suppression, by="li", **key) is Reason.PART_OF_GROUP


def test_one_record_can_be_taken_up_again_later(desk: Desk) -> None:
    one = approve(desk, propose(desk)).suppressions.get(record_id="police-zhang")
    key: dict[str, Any] = {"suppression_id": one.pk, "now": desk.now}
    suppressions.propose_suppression_end(reason_code="found_right", reason="此条属实", by="li", **key)
    suppressions.approve_suppression_end(by="wang", **key)
    assert colours(desk) == dict.fromkeys(WRONG, "green") | {"ma": "yellow", "zhang": "red"}


def test_a_bulk_suppression_of_another_city_is_none(desk: Desk) -> None:
    with pytest.raises(NotFound):
        bulk_suppressions.approve_bulk_suppression(bulk_suppression_id=987, by="wang", now=desk.now)


def take_out(desk: Desk, proposed: BulkSuppression, *names: str, by: str = "wang") -> int:
    people = [desk.citizen(name).pk for name in names]
    told: dict[str, Any] = {"citizens": people, "reason_code": "evidence_thin", "by": by, "now": desk.now}
    return bulk_suppressions.take_out_of_bulk_suppression(bulk_suppression_id=proposed.pk, **told)


def test_who_is_taken_out_keeps_the_record_and_the_others_are_decided(desk: Desk) -> None:
    proposed = propose(desk)
    assert take_out(desk, proposed, "zhang", "chen", "ma") == 2, "of those whom the proposal is about"
    entry = JournalEntry.objects.get(verb="group.suppression_taken_out")
    assert set(entry.data["subjects"]) == {f"case:{desk.case(name).number}" for name in ("zhang", "chen")}
    assert bulk_suppressions.people_of(proposed) == {desk.citizen(name).pk for name in ("liu", "sun", "he")}
    assert effect(desk, proposed).counted == [("wechat", "red", "green", 3)]
    approve(desk, proposed)
    kept = {"zhang": "red", "chen": "red", "ma": "yellow"}
    assert colours(desk) == dict.fromkeys(WRONG, "green") | kept
    out = Suppression.objects.filter(state="refused")
    assert set(out.values_list("record_id", "decided_by", "decision_code")) == {
        (f"police-{name}", "wang", "evidence_thin") for name in ("zhang", "chen")
    }
    verbs = CaseEvent.objects.filter(case=desk.case("chen")).order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-1] == "suppression_refused"
    assert desk.case("chen").closed_at is None
    assert journal_break() is None


def test_with_nobody_left_the_proposal_is_refused(desk: Desk) -> None:
    proposed = propose(desk)
    take_out(desk, proposed, *WRONG[:2])
    take_out(desk, proposed, *WRONG[2:])
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decision_code, proposed.decided_by) == ("refused", "evidence_thin", "wang")
    assert set(Suppression.objects.values_list("state", flat=True)) == {"refused"}


def test_only_the_second_person_takes_out(desk: Desk) -> None:
    proposed = propose(desk, by="zhao")
    assert refusal(take_out, desk, proposed, "zhang", by="zhao") is CommonReason.SAME_PERSON
    with pytest.raises(NotAllowed):
        take_out(desk, proposed, "zhang", by="li")
    assert take_out(desk, proposed) == 0
    assert not Suppression.objects.filter(state="refused").exists()
