"""What time does to reviews: overdue cases are escalated, unanswered questions lapse, rulings expire, unsent files go, and what a
run that failed was to count is counted."""

from datetime import datetime

from django.db import connection, transaction

from codes.review.evidence import discard_old_drafts
from codes.review.information import lapse_unanswered
from codes.review.rulings import expire_rulings
from codes.runs.mend import mend_owed
from regions.journal.record import record

# Twice at most: when nobody looked at a red in time, and when the answer is overdue. Rows somebody works on are left for the
# next sweep.
ESCALATE = """
WITH late AS (
    SELECT id, CASE WHEN due_at <= %(now)s THEN 'due' ELSE 'first_look' END AS clock
    FROM codes_case
    WHERE closed_at IS NULL AND paused_at IS NULL
      AND (due_at <= %(now)s AND escalated_for <> 'due'
           OR first_look_due_at <= %(now)s AND first_looked_at IS NULL AND escalated_for = '')
    ORDER BY id
    FOR UPDATE SKIP LOCKED
),
moved AS (
    UPDATE codes_case c SET escalated_at = %(now)s, escalated_for = late.clock
    FROM late WHERE late.id = c.id
    RETURNING c.id, c.escalated_for
)
INSERT INTO codes_caseevent (case_id, at, by, verb, data)
SELECT id, %(now)s, 'system', 'escalated', jsonb_build_object('clock', escalated_for) FROM moved
"""


def escalate_overdue(*, now: datetime) -> int:
    """Escalate the open cases whose clock has run out and runs still; how many. Approvers see them first."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ESCALATE, {"now": now})
            escalated = int(cursor.rowcount)
        if escalated:
            record("case.escalated", by="system", now=now, data={"cases": escalated})
    return escalated


def sweep_reviews(*, now: datetime) -> dict[str, int]:
    """Everything that is due by now in the current city, and how much of each. Safe to call at any time."""
    return {
        "lapsed": lapse_unanswered(now=now),
        "escalated": escalate_overdue(now=now),
        "expired": expire_rulings(now=now),
        "discarded": discard_old_drafts(now=now),
        "mended": int(mend_owed(now=now) is not None),
    }
