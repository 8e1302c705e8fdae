"""An act on one case and on many has the same effect: the same rows, events and journal entries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction

from codes.models import Case, CaseEvent, CaseState, InformationRequest, Ruling
from codes.models.case import OPEN_STATES, UNDECIDED
from codes.review.cases import assign
from codes.review.cases.deadlines import resumed_deadline
from codes.review.cases.move import Step, move, move_all
from codes.review.cases.queue import CaseFilter
from codes.review.cases.transitions import APPEAL_TRANSITIONS, CASE_TRANSITIONS, Verb, transitions_from
from codes.review.proposals import bulk_rulings, rulings
from regions.journal.models import JournalEntry
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import EVIDENCE, Desk

TWINS = ("zhang", "liu")
BROUGHT = [("disagreement", state) for state in CASE_TRANSITIONS.states] + [
    ("appeal", state) for state in APPEAL_TRANSITIONS.states
]
OWN = {
    "id",
    "number",
    "citizen_id",
    "disagreement_id",
    "fingerprint",
    "follows_id",
}  # a person's own, or of a row's own making
Facts = list[dict[str, Any]]


@pytest.fixture
def twins(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    """Two people of whom the police have the same."""
    return opened_at_beta(dict.fromkeys(TWINS, "spacetime_overlap"), now=now)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def brought(desk: Desk, name: str, kind: str, state: str) -> Case:
    if kind == "appeal":
        desk.appeal(name)
    return desk.bring(desk.case(name, kind), state)


def facts_of(name: str) -> Facts:
    """What is stored of a person's cases, their events, questions and rulings, without what no two rows share."""
    cases = Case.objects.filter(citizen__ref=name).order_by("kind")
    rows: Facts = [{key: value for key, value in row.items() if key not in OWN} for row in cases.values()]
    for event in CaseEvent.objects.filter(case__in=cases).order_by("case__kind", "id"):
        said = {key: value for key, value in event.data.items() if key not in ("bulk", "ruling", "fact")}
        rows.append({"at": event.at, "by": event.by.replace(name, "the citizen"), "verb": event.verb, "data": said})
    rows += map(dict, InformationRequest.objects.filter(case__in=cases).values("state", "closed_at"))
    kept = ("state", "colour", "reason_code", "proposed_by", "proposed_at", "decided_by", "decided_at", "ended_at")
    rows += map(dict, Ruling.objects.filter(citizen__ref=name).order_by("id").values(*kept))
    return rows


@pytest.mark.parametrize(("kind", "state"), BROUGHT)
def test_every_row_of_the_table_moves_one_as_it_moves_many(twins: Desk, kind: str, state: CaseState) -> None:
    for name in TWINS:
        brought(twins, name, kind, state.value)
    later = twins.now + timedelta(hours=1)

    def steps(row_action: Verb, when: str) -> list[Step]:
        cases = [twins.case(name, kind) for name in TWINS]
        return [Step(case, row_action, when, {"code": "same"}, {"outcome": "same"}) for case in cases]

    for row in transitions_from(kind, state.value):
        with undone():
            one = steps(row.action, row.when)[0]
            before, due = one.case.paused_at, one.case.due_at
            move(one.case, row.action, by="li", now=later, when=row.when, data=one.data, **one.changes)
            alone = facts_of("zhang")
            assert one.case.due_at == twins.case("zhang", kind).due_at
            if before and row.next != state:
                assert one.case.due_at == resumed_deadline(due, paused_at=before, now=later) != due
        with undone():
            move_all(steps(row.action, row.when), by="li", now=later)
            assert facts_of("zhang") == facts_of("liu") == alone, f"{row.action} in {state}"


def entries_of(act: Callable[[], object]) -> list[JournalEntry]:
    last = JournalEntry.objects.count()
    act()
    return list(JournalEntry.objects.filter(seq__gt=last, verb__startswith="case.").order_by("seq"))


def check_alike(one: Callable[[], object], many: Callable[[], object], *, by: str, now: datetime) -> None:
    """Both leave the same behind; the journal's one entry for many accounts for the cases it names one by one."""
    with undone():
        told = entries_of(one)
        left = facts_of("zhang")
        assert told
        named = [Case.objects.get(number=entry.subject.removeprefix("case:")) for entry in told]
    with undone():
        (entry,) = entries_of(many)
        assert facts_of("zhang") == left
    assert (entry.by, entry.at) == (by, now)
    assert entry.data["cases"] == len(named)
    assert entry.data["subjects"] == sorted(f"case:{case.number}" for case in named)


@pytest.mark.parametrize(("colour", "other"), list(product(("green", "yellow"), OPEN_STATES[:3])))
@pytest.mark.parametrize("kind", ["disagreement", "appeal"])
def test_approval(twins: Desk, kind: str, other: CaseState, colour: str) -> None:
    """With another case of the person's in every state in which it can be meanwhile, waiting for an answer among them."""
    brought(twins, "zhang", "appeal", other.value if kind == "disagreement" else "received")
    if kind == "appeal":
        brought(twins, "zhang", "disagreement", other.value)
    ruling = twins.propose("zhang", colour, kind=kind)
    later = twins.now + timedelta(hours=1)
    check_alike(
        lambda: rulings.approve(ruling_id=ruling.pk, by="wang", now=later),
        lambda: bulk_rulings.approve_many(ruling_ids=[ruling.pk], by="wang", now=later),
        by="wang",
        now=later,
    )


def test_approval_of_many_moves_the_deadlines_that_were_paused(twins: Desk) -> None:
    """A case that waited for its citizen's answer has its deadline moved by that time, as when it is closed by itself."""
    twins.appeal("zhang")
    waiting = twins.bring(twins.case("zhang", "appeal"), "waiting_for_information")
    ruling = twins.propose("zhang")
    later = twins.now + timedelta(hours=3)
    assert bulk_rulings.approve_many(ruling_ids=[ruling.pk], by="wang", now=later).done == 1
    closed = twins.case("zhang", "appeal")
    assert (closed.state, closed.paused_at) == ("accepted", None)
    assert closed.due_at == waiting.due_at + timedelta(hours=3)


def test_a_run_moves_the_deadlines_that_were_paused(twins: Desk) -> None:
    waiting = twins.bring(twins.case("zhang"), "waiting_for_information")
    assert waiting.paused_at
    twins.revoke("zhang")
    run = twins.run()
    closed = twins.case("zhang")
    assert (closed.state, closed.paused_at) == ("converged", None)
    assert (
        closed.due_at == resumed_deadline(waiting.due_at, paused_at=waiting.paused_at, now=run.as_of) > waiting.due_at
    )


def alone(case: Case) -> CaseFilter:
    """A filter that holds this case only, whose group then is no other's."""
    Case.objects.filter(pk=case.pk).update(group_key="alone")
    return CaseFilter(group="alone")


@pytest.mark.parametrize(("kind", "state"), list(product(("disagreement", "appeal"), UNDECIDED)))
def test_proposing(twins: Desk, kind: str, state: CaseState) -> None:
    case = brought(twins, "zhang", kind, state.value)
    chosen, later = alone(case), twins.now + timedelta(hours=1)
    said: dict[str, Any] = {"colour": "green", "reason_code": "older_data", "by": "li", "now": later}
    said["expires_on"] = later.date() + timedelta(days=5)

    def one() -> None:
        rulings.propose(case_id=case.pk, evidence=EVIDENCE, **said)

    def many() -> None:
        assert bulk_rulings.propose_many(chosen=chosen, documents=EVIDENCE, **said).done == 1

    check_alike(one, many, by="li", now=later)


@pytest.mark.parametrize(("kind", "state"), list(product(("disagreement", "appeal"), OPEN_STATES)))
def test_assigning(twins: Desk, kind: str, state: CaseState) -> None:
    case = brought(twins, "zhang", kind, state.value)
    chosen, later = alone(case), twins.now + timedelta(hours=1)
    who: dict[str, Any] = {"to": "wu", "by": "wang", "now": later}
    check_alike(
        lambda: assign.assign(case_id=case.pk, **who),
        lambda: assign.bulk_assign(chosen=chosen, **who),
        by="wang",
        now=later,
    )
