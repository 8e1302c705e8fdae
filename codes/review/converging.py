"""Cases that close by themselves after a run: nothing is left to decide. Missing data on one side never closes any."""

from pathlib import Path
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from codes.models import InformationRequest, Run
from codes.review.life import CASE_LIFE
from codes.review.permissions import SYSTEM
from codes.review.verbs import Verb
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
AGREES_AGAIN = compose(SQL, "agrees_again")

HOLDS_AGAIN = compose(SQL, "holds_again")

GREEN_AGAIN = compose(SQL, "green_again")


def converge(run: Run) -> list[str]:
    """Close what the run has settled; the numbers of the closed cases. Call in the settling transaction."""
    closed: list[str] = []
    parameters: dict[str, Any] = {
        "run": run.pk,
        "next": Json(CASE_LIFE.next_states(Verb.CONVERGE)),
        "by": SYSTEM,
        "converged": Verb.CONVERGE.value,
        "asked": InformationRequest.State.OPEN.value,
        "dropped": InformationRequest.TRANSITIONS.next_state("drop").value,
    }
    with connection.cursor() as cursor:
        for which in (AGREES_AGAIN, HOLDS_AGAIN, GREEN_AGAIN):
            cursor.execute(compose(SQL, "close", which=which), parameters)
            closed += [number for (number,) in cursor.fetchall()]
    return closed
