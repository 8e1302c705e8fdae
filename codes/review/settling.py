"""What a run does to cases: opens them, re-links them by fingerprint, closes those whose colours agree again."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from codes.models import CaseState, Run
from codes.review.clocks import ANSWER, FIRST_LOOK_AT_RED
from codes.review.converging import converge
from codes.review.permissions import SYSTEM
from codes.review.verbs import Verb
from regions.journal.record import Act, record_all
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
RELINK = compose(SQL, "relink")

OPEN = compose(SQL, "open")

OPEN_SUSPENDED = compose(SQL, "open_suspended")


@dataclass(frozen=True)
class CaseChanges:
    """How many cases the run opened, re-linked to a changed fingerprint, and closed as converged."""

    opened: int
    relinked: int
    converged: int


def settle_cases(run: Run, *, now: datetime) -> CaseChanges:
    """Bring the open cases to the standing disagreements (``docs/semantics.md`` §5). Call after these were settled."""
    done: dict[str, int] = {}
    parameters: dict[str, Any] = {
        "run": run.pk,
        "first_look": FIRST_LOOK_AT_RED,
        "answer_red": ANSWER["red"],
        "answer_yellow": ANSWER["yellow"],
        "received": CaseState.RECEIVED.value,
        "converged": CaseState.CONVERGED.value,
        "opened": Verb.OPEN.value,
        "relinked": Verb.RELINK.value,
        "by": SYSTEM,
    }
    converged = converge(run)
    with connection.cursor() as cursor:
        for name, statement in (("relinked", RELINK), ("opened", OPEN), ("suspended", OPEN_SUSPENDED)):
            cursor.execute(statement, parameters)
            done[name] = cursor.rowcount
    acts = (Act(f"case.{Verb.CONVERGE.value}", f"case:{number}", {"run": run.pk}) for number in converged)
    record_all(acts, by="system", now=now)
    return CaseChanges(done["opened"] + done["suspended"], done["relinked"], len(converged))
