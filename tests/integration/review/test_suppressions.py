"""A suppressed record is not seen any more after two people have decided it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import TextChoices

from codes.models import Suppression
from codes.review.errors import Reason
from codes.review.proposals import suppressions
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from tests.integration.review.desk import EVIDENCE, Desk, written


def propose(desk: Desk, *, by: str = "li", **changes: object) -> Suppression:
    asked: dict[str, Any] = {"fact_id": desk.fact().pk, "reason_code": "never_happened", "evidence": EVIDENCE}
    return suppressions.propose_suppression(**{**asked, **changes}, by=by, now=desk.now)


def refusal(act: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(**values)  # type: ignore[operator]
    return refused.value.reason


def colours(desk: Desk) -> dict[str, str]:
    return {v.provider.code: v.colour for v in desk.citizen("zhang").verdicts.select_related("provider")}


def test_an_approved_suppression_hides_the_record_from_the_next_computation(desk: Desk) -> None:
    proposed = propose(desk)
    desk.run()
    assert colours(desk) == {"wechat": "red"}
    approved = suppressions.approve_suppression(suppression_id=proposed.pk, by="wang", now=desk.now)
    assert suppressions.citizens_of(approved) == [desk.citizen("zhang").pk]
    desk.run()
    assert colours(desk) == {}
    assert desk.case().state == "converged"


def test_it_covers_every_version_and_every_person_of_the_record(desk: Desk) -> None:
    fact = desk.fact()
    proposed = propose(desk)
    desk.tell("chen", fact.kind, record_id=fact.record_id)
    assert suppressions.citizens_of(proposed) == sorted([desk.citizen("zhang").pk, desk.citizen("chen").pk])


def test_its_end_takes_two_people_and_brings_the_record_back(desk: Desk) -> None:
    key: dict[str, Any] = {"suppression_id": propose(desk).pk, "now": desk.now}
    suppressions.approve_suppression(by="wang", **key)
    assert refusal(suppressions.approve_suppression_end, by="wang", **key) is CommonReason.END_NOT_PROPOSED
    suppressions.propose_suppression_end(reason_code="found_right", reason="记录属实", by="zhao", **key)
    assert (
        refusal(suppressions.propose_suppression_end, reason_code="found_right", reason="又", by="li", **key)
        is CommonReason.END_PROPOSED_ALREADY
    )
    assert refusal(suppressions.approve_suppression_end, by="zhao", **key) is CommonReason.SAME_PERSON
    ended = suppressions.approve_suppression_end(by="wang", **key)
    assert (ended.state, ended.ended_by) == ("ended", "wang")
    desk.run()
    assert colours(desk) == {"wechat": "red"}
    assert (
        refusal(suppressions.propose_suppression_end, reason_code="found_right", reason="又", by="li", **key)
        is CommonReason.NOT_IN_FORCE
    )


def test_whoever_proposes_does_not_decide(desk: Desk) -> None:
    key: dict[str, Any] = {"suppression_id": propose(desk, by="zhao").pk, "by": "zhao", "now": desk.now}
    assert refusal(suppressions.approve_suppression, **key) is CommonReason.SAME_PERSON
    assert refusal(suppressions.refuse_suppression, reason_code="evidence_thin", **key) is CommonReason.SAME_PERSON


def test_only_the_proposer_withdraws(desk: Desk) -> None:
    key: dict[str, Any] = {"suppression_id": propose(desk).pk, "now": desk.now}
    assert refusal(suppressions.withdraw_suppression, by="wu", **key) is CommonReason.NOT_THE_PROPOSER
    assert suppressions.withdraw_suppression(by="li", **key).state == "withdrawn"
    with pytest.raises(MovedMeanwhile):
        suppressions.approve_suppression(by="wang", **key)
    propose(desk)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason_code": "whim"}, Reason.UNKNOWN_REASON),
        ({"evidence": ()}, Reason.NO_EVIDENCE),
        ({"evidence": ("file:7",)}, Reason.UNKNOWN_EVIDENCE),
        ({"evidence": (f"file:{'9' * 5000}",)}, Reason.UNKNOWN_EVIDENCE),
        ({"fact_id": 0}, CommonReason.NOT_FOUND),
        ({"case_id": 0}, CommonReason.NOT_FOUND),
        ({"reason": "长" * 2001}, Reason.TEXT_TOO_LONG),
    ],
)
def test_a_proposal_needs_its_parts(desk: Desk, changes: dict[str, object], why: Reason) -> None:
    before = written()
    assert refusal(propose, desk=desk, **changes) is why
    assert written() == before


def test_another_persons_case_is_no_place_for_it(desk: Desk) -> None:
    with pytest.raises(NotFound):
        propose(desk, case_id=desk.case("chen").pk)


def test_a_record_is_proposed_and_ruled_on_once(desk: Desk) -> None:
    first = propose(desk)
    assert refusal(propose, desk=desk) is CommonReason.PROPOSED_ALREADY
    suppressions.approve_suppression(suppression_id=first.pk, by="wang", now=desk.now)
    assert refusal(propose, desk=desk) is Reason.RULED_ALREADY


def test_without_a_case_it_is_in_the_journal_all_the_same(desk: Desk) -> None:
    proposed = propose(desk)
    suppressions.refuse_suppression(suppression_id=proposed.pk, reason_code="reason_unfit", by="wang", now=desk.now)
    told = JournalEntry.objects.filter(subject=f"suppression:{proposed.pk}").order_by("seq")
    assert [(entry.verb, entry.by) for entry in told] == [
        ("record.suppression_proposed", "li"),
        ("record.suppression_refused", "wang"),
    ]
    assert desk.fact().record_id not in str([entry.data for entry in told])


@pytest.mark.parametrize(
    "change", [{"state": "approved", "decided_by": "li"}, {"state": "approved"}, {"reason_code": ""}]
)
def test_the_database_refuses_a_suppression_of_one_person(desk: Desk, change: dict[str, object]) -> None:
    proposed = propose(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.filter(pk=proposed.pk).update(**change)
