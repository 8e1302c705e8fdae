"""The periodic sweep: it escalates overdue cases, lapses unanswered questions, expires rulings, removes files that were
not sent, and judges the people whom a failed run was to judge.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.review.cases.move import naming
from codes.review.cases.transitions import CASE_TRANSITIONS, Verb
from codes.review.evidence.files import discard_old_drafts, remove_unowned
from codes.review.information import lapse_unanswered
from codes.review.proposals.rulings import expire_rulings
from codes.runs.amend import amend_owed
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
LATE, ESCALATE = compose(SQL, "late"), compose(SQL, "escalate")
PARAMETERS: dict[str, Any] = {
    "by": SYSTEM,
    "escalated": Verb.ESCALATE.value,
    "states": [*CASE_TRANSITIONS.next_states(Verb.ESCALATE)],
}


def escalate_overdue(*, now: datetime) -> int:
    """Escalate the open cases whose deadline has passed and is not paused. Approvers see them first. Return their number."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LATE, {"now": now, **PARAMETERS})
            late = cursor.fetchall()
            if not late:
                return 0
            locked = {"cases": [pk for pk, _ in late], "clocks": [clock for _, clock in late]}
            cursor.execute(ESCALATE, {"now": now, **PARAMETERS, **locked})
            escalated = [number for (number,) in cursor.fetchall()]
        record(f"case.{Verb.ESCALATE.value}", by=SYSTEM, now=now, data=naming(escalated))
    return len(escalated)


def sweep_reviews(*, now: datetime) -> dict[str, int]:
    """Do everything that is due in the current city. Return the numbers of each. Safe to call at any time."""
    remove_unowned(now=now)
    return {
        "lapsed": lapse_unanswered(now=now),
        "escalated": escalate_overdue(now=now),
        "expired": expire_rulings(now=now),
        "discarded": discard_old_drafts(now=now),
        "amended": int(amend_owed(now=now) is not None),
    }
