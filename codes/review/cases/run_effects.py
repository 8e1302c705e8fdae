"""The effects of a run, and of the end of a ruling, on cases: opening, re-linking by fingerprint, closing those whose
colours agree again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from codes.messages.outbox import Recipient, write_messages
from codes.models import Case, CaseState, InformationRequest, MessageKind, Ruling, Run
from codes.review.cases.deadlines import ANSWER, FIRST_LOOK_AT_RED
from codes.review.cases.move import message_data
from codes.review.cases.transitions import CASE_TRANSITIONS, Verb
from regions.actors import SYSTEM
from regions.journal.record import Act, record_all
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
AGREES_AGAIN = compose(SQL, "agrees_again")

HOLDS_AGAIN = compose(SQL, "holds_again")

GREEN_AGAIN = compose(SQL, "green_again")


def converge(run: Run) -> list[str]:
    """Close the cases that the run has settled and return their numbers. Call in the settling transaction."""
    closed: list[str] = []
    parameters: dict[str, Any] = {
        "run": run.pk,
        "next": Json(CASE_TRANSITIONS.next_states(Verb.CONVERGE)),
        "by": SYSTEM,
        "converged": Verb.CONVERGE.value,
        "asked": InformationRequest.State.OPEN.value,
        "dropped": InformationRequest.TRANSITIONS.next_state("drop").value,
        "proposed": Ruling.State.PROPOSED.value,
        "approved": Ruling.State.APPROVED.value,
        "withdrawn": Ruling.State.WITHDRAWN.value,
    }
    with connection.cursor() as cursor:
        for which in (AGREES_AGAIN, HOLDS_AGAIN, GREEN_AGAIN):
            cursor.execute(compose(SQL, "close", which=which), parameters)
            numbers = [number for (number,) in cursor.fetchall()]
            if which is GREEN_AGAIN:  # people in other reviews get a message about their colour
                appeals = Case.objects.filter(number__in=numbers).order_by("pk")
                recipients = (Recipient(case.citizen_id, message_data(case)) for case in appeals)
                write_messages(MessageKind.CASE_DECIDED, recipients, now=run.as_of)
            closed += numbers
    return closed


RELINK = compose(SQL, "relink")

LAPSE = compose(SQL, "lapse", among="true")

LAPSE_RULED = compose(SQL, "lapse", among="c.citizen_id = ANY (%(citizens)s)")

OPEN = compose(SQL, "open", among="true")

OPEN_AGAIN = compose(SQL, "open", among="d.citizen_id = ANY (%(citizens)s)")

OPEN_SUSPENDED = compose(SQL, "open_suspended")


@dataclass(frozen=True)
class CaseChanges:
    """The numbers of cases that the run opened, re-linked to a changed fingerprint or explanation, and closed as converged."""

    opened: int
    relinked: int
    converged: int


def settle_cases(run: Run, *, now: datetime) -> CaseChanges:
    """Adjust the open cases to the current disagreements (``docs/semantics.md`` §5).

    Call after the disagreements were settled.
    """
    done: dict[str, int] = {}
    parameters = _opening(run, at=run.as_of)
    converged = converge(run)
    with connection.cursor() as cursor:
        for name, statement in (
            ("relinked", RELINK),
            ("lapsed", LAPSE),
            ("opened", OPEN),
            ("suspended", OPEN_SUSPENDED),
        ):
            cursor.execute(statement, parameters)
            done[name] = cursor.rowcount
    acts = (Act(f"case.{Verb.CONVERGE.value}", f"case:{number}", {"run": run.pk}) for number in converged)
    record_all(acts, by=SYSTEM, now=now)
    return CaseChanges(done["opened"] + done["suspended"], done["relinked"], len(converged))


def _opening(run: Run, *, at: datetime) -> dict[str, Any]:
    return {
        "run": run.pk,
        "at": at,
        "first_look": FIRST_LOOK_AT_RED,
        "answer_red": ANSWER["red"],
        "answer_yellow": ANSWER["yellow"],
        "received": CaseState.RECEIVED.value,
        "decided": CaseState.DECIDED.value,
        "opened": Verb.OPEN.value,
        "relinked": Verb.RELINK.value,
        "explained": Verb.EXPLAIN.value,
        "approved": Ruling.State.APPROVED.value,
        "by": SYSTEM,
    }


def open_again(citizens: Collection[int], *, now: datetime) -> list[str]:
    """Open a case for each of these citizens whose ruling has just ended and whose providers still differ.

    Return the cases' numbers.

    The disagreements are those of the last settled run. Call in the transaction that ended the rulings.
    """
    run = Run.objects.last_settled() if citizens else None
    if run is None:
        return []
    parameters = {**_opening(run, at=now), "citizens": sorted(set(citizens))}
    with connection.cursor() as cursor:
        cursor.execute(LAPSE_RULED, parameters)
        cursor.execute(OPEN_AGAIN, parameters)
        opened = cursor.fetchall()
    acts = [Act(f"case.{Verb.OPEN.value}", f"case:{number}", {"follows": before}) for number, before in opened]
    record_all(acts, by=SYSTEM, now=now)
    return [number for number, _ in opened]
