"""Two people at the same time: one act succeeds, and the other person is told so."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import psycopg2.extensions
import pytest
from django.db import connection

from codes.gates.check import check_pass
from codes.models import Appeal, Case, EffectiveChange, Provider, RuleSet, RuleSetVersion, Ruling
from codes.passes.issuing import issue_pass
from codes.review.appeals import appeals
from codes.review.cases import assign
from codes.review.errors import Reason
from codes.review.proposals import rulings
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.sources.models import Source
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.journal.holding import journal_break
from tests.integration.review.desk import Desk, hire, open_desk

PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "sun2": "arrival", "qian": "arrival"}


@pytest.fixture
def shared(owner: psycopg2.extensions.connection, now: datetime) -> Iterator[Desk]:
    """The desk, committed to a database of the test's own, so that other connections see it."""
    with in_city("beta"):
        for model in (Provider, RuleSetVersion, RuleSet, Source):
            model.objects.all().delete()
        desk = open_desk(PEOPLE, now=now)
        hire("han", Role.APPROVER, now=now)
        yield desk


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do the acts in threads of their own, all from the same moment; how each ended, sorted."""
    start = Barrier(len(acts))

    def one(act: Callable[[], object]) -> str:
        try:
            with in_city("beta"):
                connection.ensure_connection()
                start.wait()
                try:
                    act()
                except Refused as refused:
                    return refused.reason.value
                return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(one, acts))


def test_two_approvers_approve_once(shared: Desk) -> None:
    ruling = shared.propose()
    changes = EffectiveChange.objects.count()
    ends = at_once(*(lambda by=by: shared.approve(ruling, by) for by in ("wang", "han")))
    assert ends == ["done", CommonReason.MOVED_MEANWHILE.value]
    assert EffectiveChange.objects.count() == changes + 1
    assert journal_break() is None


def test_an_approval_and_a_refusal_are_one_or_the_other(shared: Desk) -> None:
    ruling = shared.propose()
    ends = at_once(
        lambda: shared.approve(ruling),
        lambda: rulings.refuse(ruling_id=ruling.pk, reason_code="evidence_thin", by="han", now=shared.now),
    )
    assert ends.count("done") == 1
    state = Ruling.objects.get().state
    assert (state, shared.case().state) in {("approved", "decided"), ("refused", "in_review")}


def test_two_reviewers_take_over_once(shared: Desk) -> None:
    case = shared.case()
    ends = at_once(
        *(
            lambda by=by: assign.take_over(case_id=case.pk, assignee="", by=by, now=shared.now)
            for by in ("li", "wu", "zhao")
        )
    )
    assert ends == ["done", CommonReason.MOVED_MEANWHILE.value, CommonReason.MOVED_MEANWHILE.value]
    assert Case.objects.get(pk=case.pk).events.filter(verb="taken_over").count() == 1


def test_two_proposals_for_one_person_are_one(shared: Desk) -> None:
    shared.appeal()
    ends = at_once(lambda: shared.propose(by="li"), lambda: shared.propose(by="wu"))
    assert ends.count("done") == 1
    assert Ruling.objects.filter(state="proposed").count() == 1


def test_appeals_filed_at_once_have_numbers_of_their_own(shared: Desk) -> None:
    ends = at_once(*(lambda name=name: shared.appeal(name) for name in PEOPLE), lambda: shared.appeal("zhang"))
    assert ends == [Reason.APPEALED_ALREADY.value, *["done"] * len(PEOPLE)]
    numbers = sorted(Case.objects.filter(kind="appeal").values_list("number", flat=True))
    assert numbers == [f"A20261124-{number:06d}" for number in range(1, len(PEOPLE) + 1)]
    assert Appeal.objects.count() == len(PEOPLE)


def test_a_run_and_a_ruling_at_once_leave_the_ruling_standing(shared: Desk) -> None:
    """Whichever comes first, the other builds on it."""
    ruling = shared.propose()
    ends = at_once(lambda: shared.approve(ruling), shared.run)
    assert ends == ["done", "done"]
    code = shared.citizen("zhang").effective
    assert (code.colour, code.because) == ("green", "ruling")
    assert journal_break() is None


def test_a_withdrawal_and_a_decision_are_one_or_the_other(shared: Desk) -> None:
    filed = shared.appeal()
    ruling = shared.propose(kind="appeal")
    ends = at_once(
        lambda: shared.approve(ruling),
        lambda: appeals.withdraw(case_id=filed.case_id, by="citizen:zhang", now=shared.now),
    )
    assert ends.count("done") == 1
    ruling.refresh_from_db()
    assert (ruling.state, shared.case(kind="appeal").state) in {("approved", "accepted"), ("withdrawn", "withdrawn")}


def test_the_loser_is_told_by_name(shared: Desk) -> None:
    ruling = shared.approve(shared.propose())
    with pytest.raises(MovedMeanwhile):
        shared.approve(ruling, "han")


def test_of_gates_that_scan_one_pass_at_once_all_but_one_see_it_elsewhere(shared: Desk) -> None:
    token, found = issue_pass(shared.citizen("chen"), now=shared.now)[0], list[str]()
    gates = [f"gate:{number}" for number in range(6)]
    at_once(*(lambda by=by: found.append(check_pass(token, by=by, now=shared.now).result) for by in gates))
    assert sorted(found) == ["ok", *["replayed"] * 5]
