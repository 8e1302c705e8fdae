"""The review functions follow the transition tables: in every state each act succeeds, or is refused and writes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from codes.models import (
    Case,
    CaseEvent,
    CaseState,
    CorrectionRequest,
    InformationRequest,
    Ruling,
    SecondLook,
    Suppression,
)
from codes.models.case import OPEN_STATES
from codes.review import corrections, information
from codes.review.appeals import appeals
from codes.review.cases import assign, close, second_looks, sweep
from codes.review.cases.transitions import APPEAL_TRANSITIONS, CASE_TRANSITIONS, Actor, Verb, transitions_from
from codes.review.permissions import ACTORS
from codes.review.proposals import rulings, suppressions
from regions.refusals import Refused
from tests.integration.review.desk import EVIDENCE, Desk, written

Act = Callable[[Desk, Case], object]


def ruling_of(case: Case) -> int:
    """The proposal about the case; where there is none, one that does not exist."""
    found = Ruling.objects.filter(case=case, state="proposed").first()
    return found.pk if found else 0


def question_of(case: Case) -> int:
    found = InformationRequest.objects.filter(case=case, state="open").first()
    return found.pk if found else 0


def looked_at_again(desk: Desk, case: Case) -> object:
    """The lot has fallen on the case, and a colleague of li's differs."""
    SecondLook.objects.create(case=case, decided_by="li", case_outcome="record_confirmed", drawn_at=desk.now)
    return second_looks.take_second_look(case_id=case.pk, outcome="differs", reason="日期不符", by="wu", now=desk.now)


def correction(desk: Desk, case: Case) -> CorrectionRequest:
    """A request that was sent before the case came to where it is."""
    return CorrectionRequest.objects.create(
        case=case, fact=desk.fact(), text="请核实", sent_to="疾控中心", sent_by="li", sent_at=desk.now
    )


ACTS: dict[Verb, Act] = {
    Verb.ASSIGN: lambda desk, case: assign.assign(case_id=case.pk, to="li", by="wang", now=desk.now),
    Verb.TAKE_OVER: lambda desk, case: assign.take_over(
        case_id=case.pk, assignee=case.assigned_to, by="li", now=desk.now
    ),
    Verb.PUT_BACK: lambda desk, case: assign.put_back(case_id=case.pk, by="li", now=desk.now),
    Verb.MARK_COMPLEX: lambda desk, case: close.mark_complex(case_id=case.pk, reason="需外调", by="li", now=desk.now),
    Verb.ASK_INFORMATION: lambda desk, case: information.ask(case_id=case.pk, question="何时？", by="li", now=desk.now),
    Verb.ANSWER_INFORMATION: lambda desk, case: information.answer(
        request_id=question_of(case), text="昨天", by="citizen:zhang", now=desk.now
    ),
    Verb.DROP_INFORMATION: lambda desk, case: information.drop(request_id=question_of(case), by="li", now=desk.now),
    Verb.SEND_CORRECTION: lambda desk, case: corrections.send(
        case_id=case.pk, fact_id=desk.fact().pk, text="请核实", sent_to="疾控中心", by="li", now=desk.now
    ),
    Verb.PROPOSE: lambda desk, case: desk.propose(kind=case.kind),
    Verb.APPROVE: lambda desk, case: rulings.approve(ruling_id=ruling_of(case), by="wang", now=desk.now),
    Verb.REFUSE: lambda desk, case: rulings.refuse(
        ruling_id=ruling_of(case), reason_code="evidence_thin", by="wang", now=desk.now
    ),
    Verb.WITHDRAW_PROPOSAL: lambda desk, case: rulings.withdraw_proposal(
        ruling_id=ruling_of(case), by="li", now=desk.now
    ),
    Verb.UPHOLD: lambda desk, case: close.uphold(
        case_id=case.pk, reason_code="record_confirmed", by="li", now=desk.now
    ),
    Verb.DENY: lambda desk, case: close.deny(
        case_id=case.pk, reason_code="record_confirmed", answer="属实", by="li", now=desk.now
    ),
    Verb.WITHDRAW: lambda desk, case: appeals.withdraw(case_id=case.pk, by="citizen:zhang", now=desk.now),
    Verb.LOG_DISAGREEMENT: lambda desk, case: appeals.log_disagreement(
        case_id=case.pk, text="不同意", by="citizen:zhang", now=desk.now
    ),
    Verb.REOPEN: looked_at_again,
}
# These leave the case alone where its state has no row for them, instead of refusing.
QUIET: dict[Verb, Act] = {
    Verb.LOOK: lambda desk, case: close.look(case_id=case.pk, by="li", now=desk.now),
    Verb.LAPSE_INFORMATION: lambda desk, case: information.lapse_unanswered(now=desk.now + timedelta(days=4)),
    Verb.ESCALATE: lambda desk, case: sweep.escalate_overdue(now=desk.now + timedelta(days=4)),
}
# Proposing that a record is wrong, and answering an office's correction, may outlive their case.
BESIDE = {
    Verb.PROPOSE_SUPPRESSION,
    Verb.APPROVE_SUPPRESSION,
    Verb.REFUSE_SUPPRESSION,
    Verb.WITHDRAW_SUPPRESSION,
    Verb.ANSWER_CORRECTION,
}
BY_RUNS_AND_RULINGS = {Verb.CONVERGE, Verb.RELINK, Verb.EXPLAIN, Verb.SETTLE_BY_RULING}
OPENING = {Verb.OPEN, Verb.FILE}

IN_A_STATE = [("disagreement", state) for state in CASE_TRANSITIONS.states] + [
    ("appeal", state) for state in APPEAL_TRANSITIONS.states
]


def test_every_act_is_tried_here_or_elsewhere() -> None:
    assert set(Verb) == {*ACTS, *QUIET, *BESIDE, *BY_RUNS_AND_RULINGS, *OPENING}


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back at the end of the block."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def brought(desk: Desk, kind: str, state: str) -> Case:
    if kind == "appeal":
        desk.appeal()
    case = desk.bring(desk.case(kind=kind), state)
    assert case.state == state
    return case


@pytest.mark.parametrize(("kind", "state"), IN_A_STATE)
def test_an_act_happens_where_the_table_has_a_row_and_nowhere_else(desk: Desk, kind: str, state: CaseState) -> None:
    """All acts in one city: each is undone before the next is tried."""
    case = brought(desk, kind, state.value)
    for verb, act in ACTS.items():
        rows = transitions_from(kind, state.value, verb)
        with undone():
            before = written()
            case.refresh_from_db()
            try:
                act(desk, case)
            except Refused:
                assert not rows, f"{verb} was refused in {state}"
                assert written() == before, f"a refused {verb} wrote something in {state}"
            else:
                case.refresh_from_db()
                assert rows, f"{verb} happened in {state}"
                assert case.state in {row.next for row in rows}, verb
                assert CaseEvent.objects.filter(case=case).latest("pk").verb == verb.value
                events, entries, _ = written()
                assert events > before[0]
                assert entries > before[1]


@pytest.mark.parametrize(("kind", "state"), IN_A_STATE)
def test_a_quiet_act_leaves_the_state_to_the_table(desk: Desk, kind: str, state: CaseState) -> None:
    case = brought(desk, kind, state.value)
    Case.objects.filter(pk=case.pk).update(first_looked_at=None)
    for verb, act in QUIET.items():
        rows = transitions_from(kind, state.value, verb)
        with undone():
            act(desk, case)
            case.refresh_from_db()
            told = CaseEvent.objects.filter(case=case, verb=verb.value).exists()
            assert told == bool(rows), f"{verb} in {state}"
            assert case.state == (rows[0].next if rows else state), f"{verb} in {state}"


@pytest.mark.parametrize(("kind", "state"), IN_A_STATE)
def test_what_is_beside_a_case_stands_on_its_timeline_while_it_is_open(desk: Desk, kind: str, state: CaseState) -> None:
    case = brought(desk, kind, state.value)
    asked = correction(desk, case)

    def propose() -> Suppression:
        return suppressions.propose_suppression(
            fact_id=desk.fact().pk,
            reason_code="never_happened",
            evidence=EVIDENCE,
            case_id=case.pk,
            by="li",
            now=desk.now,
        )

    acts: dict[Verb, Callable[[int], object]] = {
        Verb.APPROVE_SUPPRESSION: lambda key: suppressions.approve_suppression(
            suppression_id=key, by="wang", now=desk.now
        ),
        Verb.REFUSE_SUPPRESSION: lambda key: suppressions.refuse_suppression(
            suppression_id=key, reason_code="evidence_thin", by="wang", now=desk.now
        ),
        Verb.WITHDRAW_SUPPRESSION: lambda key: suppressions.withdraw_suppression(
            suppression_id=key, by="li", now=desk.now
        ),
        Verb.ANSWER_CORRECTION: lambda _: corrections.enter_answer(
            request_id=asked.pk, answer="upheld", by="li", now=desk.now
        ),
    }
    for verb, act in acts.items():
        with undone():
            act(propose().pk)
            case.refresh_from_db()
            told = set(CaseEvent.objects.filter(case=case).values_list("verb", flat=True))
            # Without the record the colours agree, which is found at once.
            ends = verb is Verb.APPROVE_SUPPRESSION and state in OPEN_STATES
            assert case.state == (CaseState.CONVERGED if ends else state)
            assert ({Verb.PROPOSE_SUPPRESSION.value, verb.value} <= told) == bool(
                transitions_from(kind, state.value, verb)
            )


@pytest.mark.parametrize("by", ["li", "wang", "sun", "citizen:chen", "system", "nobody"])
def test_whoever_has_no_role_for_an_act_is_refused_before_anything_is_looked_at(desk: Desk, by: str) -> None:
    """Each verb asks for itself; the case named does not exist, which only those with a role are told."""
    actor = {"li": Actor.REVIEWER, "wang": Actor.APPROVER, "citizen:chen": Actor.CITIZEN, "system": Actor.SYSTEM}.get(
        by
    )
    before = written()
    for verb, act in NAMED.items():
        with pytest.raises(Refused) as refused:
            act(desk, by)
        assert refused.value.reason == ("not_found" if actor in ACTORS[verb] else "not_yours"), verb
    assert set(NAMED) == set(ACTS)
    assert written() == before


EXPIRES = timedelta(days=3)
NAMED: dict[Verb, Callable[[Desk, str], object]] = {
    Verb.ASSIGN: lambda desk, by: assign.assign(case_id=0, to="li", by=by, now=desk.now),
    Verb.TAKE_OVER: lambda desk, by: assign.take_over(case_id=0, assignee="", by=by, now=desk.now),
    Verb.PUT_BACK: lambda desk, by: assign.put_back(case_id=0, by=by, now=desk.now),
    Verb.MARK_COMPLEX: lambda desk, by: close.mark_complex(case_id=0, reason="-", by=by, now=desk.now),
    Verb.ASK_INFORMATION: lambda desk, by: information.ask(case_id=0, question="-", by=by, now=desk.now),
    Verb.ANSWER_INFORMATION: lambda desk, by: information.answer(request_id=0, text="-", by=by, now=desk.now),
    Verb.DROP_INFORMATION: lambda desk, by: information.drop(request_id=0, by=by, now=desk.now),
    Verb.SEND_CORRECTION: lambda desk, by: corrections.send(
        case_id=0, fact_id=0, text="-", sent_to="-", by=by, now=desk.now
    ),
    Verb.PROPOSE: lambda desk, by: rulings.propose(
        case_id=0,
        colour="green",
        reason_code="wrong_person",
        evidence=EVIDENCE,
        expires_on=desk.now.date() + EXPIRES,
        by=by,
        now=desk.now,
    ),
    Verb.APPROVE: lambda desk, by: rulings.approve(ruling_id=0, by=by, now=desk.now),
    Verb.REFUSE: lambda desk, by: rulings.refuse(ruling_id=0, reason_code="evidence_thin", by=by, now=desk.now),
    Verb.WITHDRAW_PROPOSAL: lambda desk, by: rulings.withdraw_proposal(ruling_id=0, by=by, now=desk.now),
    Verb.UPHOLD: lambda desk, by: close.uphold(case_id=0, reason_code="record_confirmed", by=by, now=desk.now),
    Verb.DENY: lambda desk, by: close.deny(case_id=0, reason_code="record_confirmed", answer="-", by=by, now=desk.now),
    Verb.WITHDRAW: lambda desk, by: appeals.withdraw(case_id=0, by=by, now=desk.now),
    Verb.LOG_DISAGREEMENT: lambda desk, by: appeals.log_disagreement(case_id=0, text="-", by=by, now=desk.now),
    Verb.REOPEN: lambda desk, by: second_looks.take_second_look(
        case_id=0, outcome="differs", reason="-", by=by, now=desk.now
    ),
}
