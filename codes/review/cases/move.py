"""Moving one case or many: each by a row of the transition table and compare-and-set, with an event and a journal entry.

Rows are locked in one order (the case, then what belongs to it, the journal last), so that two people and a run do not
deadlock.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from codes.messages.outbox import Recipient, write_messages
from codes.models import Case, CaseEvent, InformationRequest, MessageKind
from codes.models.case import OPEN_STATES
from codes.review.cases.deadlines import resumed_deadline
from codes.review.cases.transitions import Actor, CaseTransition, Verb, transitions_from
from codes.review.errors import Reason
from codes.vocabulary import Colour
from regions.journal.record import Act, record, record_all
from regions.refusals import MovedMeanwhile, NotFound, Refused

BULK_LIMIT = 5000
# The actions about which the case's citizen gets a message.
TOLD = {
    Verb.ASK_INFORMATION: MessageKind.QUESTION_ASKED,
    Verb.APPROVE: MessageKind.CASE_DECIDED,
    Verb.SETTLE_BY_RULING: MessageKind.CASE_DECIDED,
    Verb.UPHOLD: MessageKind.CASE_DECIDED,
    Verb.DENY: MessageKind.CASE_DECIDED,
    Verb.REOPEN: MessageKind.CASE_REOPENED,
}


class BulkResult(NamedTuple):
    """The number of cases that were acted on, and the number of selected cases that were left to be decided singly."""

    done: int
    skipped: int


def turns_no_stricter(colour: str, before: str) -> bool:
    """Return whether a bulk action may give this colour to a person who has ``before``; ``False`` if ``before`` is not
    a colour.
    """
    return before in set(Colour) and Colour(colour).severity <= Colour(before).severity


def naming(numbers: Collection[str]) -> dict[str, Any]:
    """Return the journal data that names many cases: their number, and each as a subject by which the entry can be found."""
    return {"cases": len(numbers), "subjects": sorted(f"case:{number}" for number in numbers)}


def find_case(case_id: int) -> Case:
    """Return the case with its citizen. Raises ``NotFound``."""
    case = Case.objects.select_related("citizen").filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def check_move(case: Case, verb: Verb, *, when: str = "") -> CaseTransition:
    """Return the row of the case's table for this action. Raises ``Refused`` if the table has none for the case's state."""
    rows = [row for row in transitions_from(case.kind, case.state, verb) if row.when == when]
    if not rows:
        raise Refused(Reason.NOT_NOW)
    return rows[0]


@dataclass(frozen=True)
class Step:
    """An action on a case.

    ``data`` is the data of its event; ``changes`` are values set in addition to those of the table.

    ``data`` contains codes and keys only, never free text, which may contain anything.
    """

    case: Case
    action: Verb
    when: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)


def move(
    case: Case,
    action: Verb,
    *,
    by: str,
    now: datetime,
    when: str = "",
    data: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """Do the action and return the case as it then is. Call in a transaction. Raises ``Refused`` and ``MovedMeanwhile``."""
    record_all(acts_of([Step(case, action, when, data or {}, changes)], by=by, now=now), by=by, now=now)
    return case


def acts_of(steps: Sequence[Step], *, by: str, now: datetime) -> list[Act]:
    """Do the actions. Return a journal entry for each, which the caller writes after all other changes that belong to them."""
    before = [one.case.state for one in steps]
    move_all(steps, by=by, now=now)
    return [_act(one, state) for one, state in zip(steps, before, strict=True)]


def move_all(steps: Sequence[Step], *, by: str, now: datetime) -> None:
    """Do an action on each of many cases and add it to their timelines. The caller writes the journal.

    Call in a transaction, with many cases locked in the order of their keys. Raises ``Refused`` and ``MovedMeanwhile``.
    """
    alike: dict[tuple[str, str, frozenset[tuple[str, Any]]], list[Case]] = defaultdict(list)
    resuming, closing = [], []
    for step in steps:
        case, row = step.case, check_move(step.case, step.action, when=step.when)
        changes = {"state": row.next.value, **_consequences(case, row, now), **step.changes}
        alike[case.state, case.assigned_to, frozenset(changes.items())].append(case)
        if "paused_at" in changes and case.paused_at:
            case.due_at = resumed_deadline(case.due_at, paused_at=case.paused_at, now=now)
            resuming.append(case)
        if changes.get("closed_at"):
            closing.append(case)
    for (state, assigned_to, changed), cases in alike.items():
        unmoved = Case.objects.filter(pk__in=[case.pk for case in cases], state=state, assigned_to=assigned_to)
        if unmoved.update(**dict(changed)) != len(cases):
            raise MovedMeanwhile
        for case in cases:
            for name, value in changed:
                setattr(case, name, value)
    Case.objects.bulk_update(resuming, ["due_at"], batch_size=1000)
    if closing:  # a closed case has no open questions
        questions = InformationRequest.objects.filter(case__in=closing)
        InformationRequest.TRANSITIONS.move(questions, "drop", closed_at=now)
    events = [CaseEvent(case=one.case, at=now, by=by, verb=one.action.value, data=dict(one.data)) for one in steps]
    CaseEvent.objects.bulk_create(events, batch_size=1000)
    for kind in dict.fromkeys(TOLD.values()):
        acted = [one.case for one in steps if TOLD.get(one.action) is kind]
        write_messages(kind, (Recipient(case.citizen_id, message_data(case)) for case in acted), now=now)


def message_data(case: Case) -> dict[str, Any]:
    """Return the data from which the text of a message about a case is made."""
    return {"case": case.number, "state": case.state}


def record_many(
    action: Verb, cases: Collection[Case], *, by: str, now: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """Write one journal entry for an action on many cases, which names exactly these."""
    data = {**(data or {}), **naming([case.number for case in cases])}
    record(f"case.bulk_{action.value}", by=by, now=now, data=data)


def note(case: Case, action: Verb, *, by: str, now: datetime, data: Mapping[str, Any] | None = None) -> CaseEvent:
    return CaseEvent.objects.create(case=case, at=now, by=by, verb=action.value, data=dict(data or {}))


def _act(step: Step, before: str) -> Act:
    data = {"number": step.case.number, "from": before, "to": step.case.state, **step.data}
    return Act(f"case.{step.action.value}", f"case:{step.case.number}", data)


def _consequences(case: Case, row: CaseTransition, now: datetime) -> dict[str, Any]:
    """Return the changes that follow from the row for every action: the deadline resumes, the first look is met, the
    case is closed or reopened.
    """
    changes: dict[str, Any] = {}
    if case.paused_at and row.next != case.state:
        changes["paused_at"] = None
    if case.first_looked_at is None and Actor.REVIEWER in row.roles and row.action is not Verb.ASSIGN:
        changes["first_looked_at"] = now
    if case.closed_at is None and row.next not in OPEN_STATES:
        changes["closed_at"] = now
    if case.closed_at is not None and row.next in OPEN_STATES:
        changes["closed_at"] = changes["lapsed_at"] = None
    return changes
