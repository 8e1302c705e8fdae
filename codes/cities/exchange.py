"""Messages about corrections that wait to be sent, and questions without an answer: retried, and escalated after the deadline.

A message may arrive twice; the receiver gives the same answer both times.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.db import transaction
from pydantic import BaseModel, Field, ValidationError

from codes.cities.asked_corrections import Line, answer_message, settle_decided
from codes.cities.corrections import (
    ISSUED_ID,
    LONGEST_WAIT,
    AnswerMessage,
    State,
    counts,
    open_for_appeals,
    take_answer_to,
)
from codes.cities.evidence import fetch_files
from codes.cities.signing import NotTaken, ask
from codes.effective import lock_effective_codes
from codes.models import CityCorrection
from regions.actors import SYSTEM
from regions.instants import instant_of
from regions.journal.record import Act, record, record_all
from regions.keys.encryption import decrypt_number
from regions.outgoing import CallFailed
from regions.refusals import Refused

ASK_PATH, ANSWER_PATH = "/api/v1/cities/corrections", "/api/v1/cities/correction-answers"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
# After the deadline the other city is asked for the state of the correction.
ASKED_AGAIN = timedelta(hours=1)
AT_ONCE = 20
# There was no answer, or none that can be accepted.
UNDELIVERED = (CallFailed, NotTaken, Refused, ValidationError)


class Acknowledgement(BaseModel):
    """What the city that is asked says at once."""

    number: Annotated[Line, Field(max_length=40)] = ""
    due_at: Any = None
    answer: AnswerMessage | None = None


def exchange(*, now: datetime) -> dict[str, int]:
    """Do everything that is due between the current city and others.

    Return the counts. Safe to call at any time, outside transactions.
    """
    return {
        "opened": open_for_appeals(now=now),
        "decided": settle_decided(now=now),
        "escalated": escalate_unanswered(now=now),
        "sent": send_due(now=now),
    }


def escalate_unanswered(*, now: datetime) -> int:
    """Mark, once, the corrections that another city has not answered by its deadline.

    Officials and the operator see them first. Return their number.
    """
    with transaction.atomic():
        late = CityCorrection.objects.sent().unanswered().filter(due_at__lte=now, escalated_at__isnull=True)
        found = list(late.select_for_update(of=("self",), skip_locked=True).select_related("neighbour", "case"))
        CityCorrection.objects.filter(pk__in=[one.pk for one in found]).update(escalated_at=now)
        record_all([Act("correction.escalated", one.subject, one.described()) for one in found], by=SYSTEM, now=now)
    return len(found)


def send_due(*, now: datetime) -> int:
    """Send the waiting messages.

    Return the number that were answered. A city that does not answer is skipped for the rest of the round.
    """
    due = CityCorrection.objects.filter(next_try_at__lte=now).select_related(
        "neighbour", "case__citizen", "fact", "citizen"
    )
    silent: set[int] = set()
    sent = 0
    for one in due.order_by("next_try_at", "pk")[:AT_ONCE]:
        if one.neighbour_id in silent or not _claim(one, now=now):
            continue
        if _send(one, now=now):
            sent += 1
        else:
            silent.add(one.neighbour_id)
    return sent


def _claim(one: CityCorrection, *, now: datetime) -> bool:
    """Claim the message, so that nobody else sends it meanwhile.

    If the process dies, the message is sent again after the pause.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(one.tries, 10), LONGEST_PAUSE)
    rows = CityCorrection.objects.filter(pk=one.pk, state=one.state, next_try_at=one.next_try_at)
    return rows.update(next_try_at=now + pause, tries=one.tries + 1) == 1


def _send(one: CityCorrection, *, now: datetime) -> bool:
    """Send the message. Return whether the other city accepted it, or provided the files that belong to its question."""
    if one.state == State.RECEIVED:
        return _had_files(one, now=now)
    if one.side == CityCorrection.Side.RECEIVED:
        path, content = ANSWER_PATH, answer_message(one)
    elif one.state == State.UNSENT and not counts(one.fact):
        _withdraw(one, now=now)
        return True
    else:
        path, content = ASK_PATH, question_message(one)
    try:
        answer = ask(one.neighbour, path, content, now=now)
        with transaction.atomic():
            if one.side == CityCorrection.Side.RECEIVED:
                _told(one, now=now)
            else:
                _asked(one, answer, now=now)
    except UNDELIVERED as error:
        CityCorrection.objects.filter(pk=one.pk).update(fault=_fault_of(error))
        return False
    return True


def _had_files(one: CityCorrection, *, now: datetime) -> bool:
    rows = CityCorrection.objects.filter(pk=one.pk, state=State.RECEIVED)
    try:
        fetch_files(one, now=now)
    except UNDELIVERED as error:
        rows.update(fault=_fault_of(error))
        return False
    rows.update(next_try_at=None, tries=0, fault="")
    return True


def _fault_of(error: Exception) -> str:
    if isinstance(error, CallFailed):
        return error.fault.value
    return f"http_{error.status}" if isinstance(error, NotTaken) else "not_understood"


def question_message(one: CityCorrection) -> dict[str, Any]:
    """Return the message to the owner: the person the record is about, the record by the owner's own number, and why it
    is wrong.
    """
    own = one.fact.detail.get(ISSUED_ID)
    return {
        "reference": str(one.reference),
        "id_type": one.citizen.id_type,
        "id_number": decrypt_number(bytes(one.citizen.id_encrypted)),
        "record_id": own if isinstance(own, str) and own else one.fact.record_id,
        "colour": one.colour,
        "text": one.text,
        "evidence": one.evidence,
    }


def _withdraw(one: CityCorrection, *, now: datetime) -> None:
    with transaction.atomic():
        if CityCorrection.TRANSITIONS.move(CityCorrection.objects.filter(pk=one.pk), "withdraw", next_try_at=None):
            record("correction.withdrawn", by=SYSTEM, now=now, subject=one.subject, data=one.described())


def _told(one: CityCorrection, *, now: datetime) -> None:
    rows = CityCorrection.objects.filter(pk=one.pk)
    if CityCorrection.TRANSITIONS.move(rows, "tell", next_try_at=None, fault="", tries=0):
        record("correction.told", by=SYSTEM, now=now, subject=one.subject, data=one.described())


def _asked(one: CityCorrection, answer: Mapping[str, Any], *, now: datetime) -> None:
    """Store what the other city acknowledged: its number and deadline, or an immediate answer.

    Raises what an answer can be refused with.
    """
    rows = CityCorrection.objects.filter(pk=one.pk)
    message = Acknowledgement.model_validate(dict(answer))
    if message.answer is not None:
        if message.answer.reference != one.reference:
            raise NotTaken(200)
        lock_effective_codes()
        take_answer_to(one, message.answer, now=now)
        return
    due_at = _deadline(message.due_at, one)
    changes = {"due_at": due_at, "their_number": message.number, "tries": 0, "fault": ""}
    next_try_at = max(due_at, now) + ASKED_AGAIN
    if CityCorrection.TRANSITIONS.move(rows, "ask", **changes, next_try_at=next_try_at):
        record("correction.asked", by=SYSTEM, now=now, subject=one.subject, data=one.described())
    else:
        rows.filter(state=State.ASKED).update(**changes, next_try_at=next_try_at)


def _deadline(stated: object, one: CityCorrection) -> datetime:
    """Return the other city's own deadline, limited to ``LONGEST_WAIT`` so that it cannot postpone its answer indefinitely."""
    due_at = instant_of(stated)
    if due_at is None:
        return one.due_at
    return min(due_at, one.opened_at + LONGEST_WAIT)
