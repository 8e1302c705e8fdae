"""Who works on a case: assigning, taking over from a visible assignee, putting back, and assigning many at once."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg2.extras import Json

from codes.effective import lock_effective_codes
from codes.models import Case
from codes.review.cases.move import find_case, move, naming
from codes.review.cases.queue import CaseFilter, open_cases
from codes.review.cases.transitions import CASE_TRANSITIONS, Verb
from codes.review.errors import Reason
from codes.review.permissions import require
from regions.journal.record import record
from regions.proposals import roles_of
from regions.refusals import MovedMeanwhile, Refused
from regions.sql import compose
from regions.staff.roles import Role

SQL = Path(__file__).with_suffix(".sql")


def assign(*, case_id: int, to: str, by: str, now: datetime) -> Case:
    """Assign the case to a reviewer, regardless of the current assignee."""
    require(by, Verb.ASSIGN)
    _require_reviewer(to)
    with transaction.atomic():
        case = find_case(case_id)
        data = {"assigned_to": to, "before": case.assigned_to}
        return move(case, Verb.ASSIGN, by=by, now=now, data=data, assigned_to=to, assigned_at=now)


def take_over(*, case_id: int, assignee: str, by: str, now: datetime) -> Case:
    """Assign the case to oneself. ``assignee`` is the assignee shown on the page (empty: nobody).

    Raises ``MovedMeanwhile`` if the case has another assignee by now.
    """
    require(by, Verb.TAKE_OVER)
    with transaction.atomic():
        case = find_case(case_id)
        if case.assigned_to != assignee:
            raise MovedMeanwhile
        return move(case, Verb.TAKE_OVER, by=by, now=now, data={"before": assignee}, assigned_to=by, assigned_at=now)


def put_back(*, case_id: int, by: str, now: datetime) -> Case:
    require(by, Verb.PUT_BACK)
    with transaction.atomic():
        case = find_case(case_id)
        if case.assigned_to not in ("", by):
            raise Refused(Reason.HELD_BY_ANOTHER)
        return move(case, Verb.PUT_BACK, by=by, now=now, assigned_to="", assigned_at=None)


def bulk_assign(*, chosen: CaseFilter, to: str, by: str, now: datetime) -> int:
    """Assign every open case of the filter to a reviewer. Return the number of cases whose assignee changed."""
    require(by, Verb.ASSIGN)
    _require_reviewer(to)
    with transaction.atomic():
        lock_effective_codes()
        cases, parameters = (
            open_cases(chosen, now=now).exclude(assigned_to=to).order_by("pk").values("pk").query.sql_with_params()
        )
        with connection.cursor() as cursor:
            cursor.execute(compose(SQL, "lock", cases=cases), parameters)
            values: dict[str, Any] = {
                "cases": [pk for (pk,) in cursor.fetchall()],
                "to": to,
                "now": now,
                "next": Json(CASE_TRANSITIONS.next_states(Verb.ASSIGN)),
                "by": by,
                "assigned": Verb.ASSIGN.value,
            }
            cursor.execute(compose(SQL, "bulk_assign"), values)
            held_before = dict(cursor.fetchall())
        if held_before:
            before = {number: holder for number, holder in sorted(held_before.items()) if holder}
            data = {"to": to, "before": before, "filter": chosen.as_json(), **naming(held_before)}
            record("case.bulk_assigned", by=by, now=now, data=data)
    return len(held_before)


def assignee_changes(case: Case, *, by: str, now: datetime) -> dict[str, Any]:
    """Return the changes that a decision makes to the assignee: a case without an assignee is assigned to the person
    who decides.

    Raises ``Refused`` if another person is the assignee.
    """
    if case.assigned_to not in ("", by):
        raise Refused(Reason.HELD_BY_ANOTHER)
    return {} if case.assigned_to else {"assigned_to": by, "assigned_at": now}


def _require_reviewer(username: str) -> None:
    if Role.REVIEWER not in roles_of(username):
        raise Refused(Reason.NOT_A_REVIEWER)
