"""Finding the citizens two providers show different colours, and keeping what was found from run to run."""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from codes.engine.subjects import among
from codes.models import Run
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class DisagreementChanges:
    """How many disagreements the run opened and closed, and how many stand after it."""

    opened: int
    closed: int
    standing: int


def settle_disagreements(run: Run) -> DisagreementChanges:
    """Bring the standing disagreements to what the run's verdicts say. Call in the settling transaction.

    Of a mending run, those of the people it names.
    """
    with connection.cursor() as cursor:
        cursor.execute(compose(SQL, "settle", among=among(run.amends_id, "citizen_id")), {"run": run.pk})
        opened, closed = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM codes_disagreement WHERE closed_run_id IS NULL")
        return DisagreementChanges(opened, closed, cursor.fetchone()[0])
