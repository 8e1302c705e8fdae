"""Moving a case: one row of its life, compare-and-set, with its event and its journal entry.

Everything that changes one case goes through here. Rows are taken in one order – case, then what belongs to it, the journal
last – so that two people and a run never wait for each other in a circle.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from codes.models import Case, CaseEvent
from codes.models.case import OPEN_STATES
from codes.review.clocks import resumed
from codes.review.life import Move, moves_from
from codes.review.refusals import Reason
from codes.review.verbs import Actor, Verb
from regions.journal.record import record
from regions.refusals import MovedMeanwhile, NotFound, Refused


def find_case(case_id: int) -> Case:
    """The case with its citizen. Raises ``NotFound``."""
    case = Case.objects.select_related("citizen").filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def check_move(case: Case, verb: Verb, *, when: str = "") -> Move:
    """The row of the case's life for this act. Raises ``Refused`` when its state has none."""
    rows = [row for row in moves_from(case.kind, case.state, verb) if row.when == when]
    if not rows:
        raise Refused(Reason.NOT_NOW)
    return rows[0]


def move(
    case: Case,
    verb: Verb,
    *,
    by: str,
    now: datetime,
    when: str = "",
    data: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """Do the act: the case as it then is. Call in a transaction. Raises ``Refused`` and ``MovedMeanwhile``.

    ``data`` goes into the event and the journal: codes and keys only, never free text, which may hold anything.
    """
    row = check_move(case, verb, when=when)
    changes = {"state": row.becomes.value, **_consequences(case, row, now), **changes}
    unmoved = Case.objects.filter(pk=case.pk, state=case.state, assigned_to=case.assigned_to)
    if unmoved.update(**changes) != 1:
        raise MovedMeanwhile
    said = {"number": case.number, "from": case.state, "to": row.becomes.value, **(data or {})}
    note(case, verb, by=by, now=now, data=data)
    record(f"case.{verb.value}", by=by, now=now, subject=f"case:{case.number}", data=said)
    for name, value in changes.items():
        setattr(case, name, value)
    return case


def note(case: Case, verb: Verb, *, by: str, now: datetime, data: Mapping[str, Any] | None = None) -> CaseEvent:
    """A line on the case's timeline."""
    return CaseEvent.objects.create(case=case, at=now, by=by, verb=verb.value, data=dict(data or {}))


def _consequences(case: Case, row: Move, now: datetime) -> dict[str, Any]:
    """What follows from the new state, whatever the act: clocks that go on, a first look that was had, an end."""
    changes: dict[str, Any] = {}
    if case.paused_at and row.becomes.value != case.state:
        changes |= {"paused_at": None, "due_at": resumed(case.due_at, paused_at=case.paused_at, now=now)}
    if case.first_looked_at is None and Actor.REVIEWER in row.actors and row.verb is not Verb.ASSIGN:
        changes["first_looked_at"] = now
    if case.closed_at is None and row.becomes.value not in OPEN_STATES:
        changes["closed_at"] = now
    return changes
