"""A decision of two people needs both: what somebody proposed who has lost the role since cannot be approved, only refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from codes.effective import effective_codes
from codes.models import HeldGroup, Ruling
from codes.review.cases.queue import CaseFilter
from codes.review.proposals import bulk_rulings, bulk_suppressions, held_groups, rulings, suppressions
from regions.refusals import CommonReason, Refused
from regions.staff.models import Account, RoleGrant
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import EVIDENCE, Desk, mass_change, written

Acts = tuple[Callable[[], Any], Callable[[], Any]]
"""Approve and refuse, as the second person."""


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: Any) -> Desk:
    return opened_at_beta(dict.fromkeys(("zhang", "chen", "liu"), "close_contact"), now=now)


def a_ruling(desk: Desk) -> Acts:
    one = desk.propose("zhang")
    second: dict[str, Any] = {"ruling_id": one.pk, "by": "wang", "now": desk.now}
    return lambda: rulings.approve(**second), lambda: rulings.refuse(**second, reason_code="evidence_thin")


def the_end_of_a_ruling(desk: Desk) -> Acts:
    ruling = desk.approve(desk.propose("zhang"))
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="x", by="li", now=desk.now)
    second: dict[str, Any] = {"by": "wang", "now": desk.now}
    return lambda: rulings.approve_end(ruling_id=ruling.pk, **second), lambda: Ruling.refuse_end(ruling.pk, **second)


def a_suppression(desk: Desk) -> Acts:
    asked: dict[str, Any] = {"reason_code": "never_happened", "evidence": EVIDENCE, "now": desk.now}
    one = suppressions.propose_suppression(fact_id=desk.fact().pk, by="li", **asked)
    second: dict[str, Any] = {"suppression_id": one.pk, "by": "wang", "now": desk.now}
    return (
        lambda: suppressions.approve_suppression(**second),
        lambda: suppressions.refuse_suppression(**second, reason_code="evidence_thin"),
    )


def a_bulk_suppression(desk: Desk) -> Acts:
    key = "batch|police|0|close_contact"
    one = bulk_suppressions.propose_bulk_suppression(
        key=key, reason_code="bad_batch", documents=EVIDENCE, by="li", now=desk.now
    )
    second: dict[str, Any] = {"bulk_suppression_id": one.pk, "by": "wang", "now": desk.now}
    return (
        lambda: bulk_suppressions.approve_bulk_suppression(**second),
        lambda: bulk_suppressions.refuse_bulk_suppression(**second, reason_code="evidence_thin"),
    )


def a_held_group(desk: Desk) -> Acts:
    group: HeldGroup = mass_change("R1", now=desk.now)
    made = held_groups.propose(group.pk, act="release", reason="x", by="li", now=desk.now)
    second: dict[str, Any] = {"by": "wang", "now": desk.now}
    return (
        lambda: held_groups.approve(made.pk, **second),
        lambda: held_groups.send_back(made.pk, **second, reason="x"),
    )


def dismiss(username: str) -> None:
    RoleGrant.objects.filter(account__username=username).update(revoked_at="2026-01-01T00:00:00Z", revoked_by="zhou")


def close(username: str) -> None:
    Account.objects.filter(username=username).update(is_active=False)


@pytest.mark.parametrize("leave", [dismiss, close])
@pytest.mark.parametrize("propose", [a_ruling, the_end_of_a_ruling, a_suppression, a_bulk_suppression, a_held_group])
def test_what_somebody_proposed_who_has_left_is_refused_only(
    desk: Desk, propose: Callable[[Desk], Acts], leave: Callable[[str], None]
) -> None:
    approve, refuse = propose(desk)
    leave("li")
    before = written()
    with pytest.raises(Refused) as refused:
        approve()
    assert refused.value.reason == CommonReason.PROPOSER_GONE
    assert written() == before
    refuse()


def test_a_bulk_approval_leaves_out_what_somebody_proposed_who_has_left(desk: Desk) -> None:
    bulk_rulings.propose_many(
        chosen=CaseFilter(),
        colour="green",
        reason_code="older_data",
        documents=EVIDENCE,
        expires_on=desk.now.date() + timedelta(days=5),
        by="li",
        now=desk.now,
    )
    dismiss("li")
    waiting = list(Ruling.objects.waiting().values_list("pk", flat=True))
    assert bulk_rulings.approve_many(ruling_ids=waiting, by="wang", now=desk.now) == (0, 3)
    people = [desk.citizen(name).pk for name in ("zhang", "chen", "liu")]
    assert {code.colour for code in effective_codes(people, now=desk.now).values()} == {"red"}
    assert bulk_rulings.take_out(ruling_ids=waiting, reason_code="evidence_thin", by="wang", now=desk.now) == 3
