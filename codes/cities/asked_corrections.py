"""Corrections that other cities ask of this one: each becomes a case, is decided like any other, and is then answered.

The case ends by its usual rules: two people rule the record to be wrong, two people rule a colour, or a reviewer
upholds the record.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from pydantic import BaseModel, Field, ValidationError

from codes.cities.corrections import MOST_EVIDENCE, Answer, CorrectionRefusal, State, Words, counts
from codes.cities.evidence import missing, without_kept
from codes.cities.signing import BadMessage
from codes.models import Case, CaseEvent, Citizen, CityCorrection, Fact, Neighbour, Suppression
from codes.review.cases.deadlines import deadlines_of
from codes.review.cases.move import move, note
from codes.review.cases.transitions import Verb
from codes.vocabulary import Colour
from regions.actors import SYSTEM
from regions.identity import BadIdentity, check_identity
from regions.journal.record import record
from regions.keys.encryption import identity_hash
from regions.locks import advisory_lock
from regions.refusals import Refused
from regions.tenancy import current_city

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Shown(BaseModel):
    """A line of the evidence: a record of the asking city, or the digest of a file that it has."""

    record: Line = ""
    started_on: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    file: Line = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class AskMessage(BaseModel):
    """What the asking city sends."""

    reference: UUID
    id_type: Annotated[str, Field(max_length=2)]
    id_number: Annotated[str, Field(max_length=40)]
    record_id: Annotated[Line, Field(min_length=1)]
    colour: Literal["red", "yellow"]
    text: Annotated[Words, Field(min_length=1)]
    evidence: Annotated[list[Shown], Field(max_length=2 * MOST_EVIDENCE)]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json", by_alias=True, exclude_defaults=True) for one in self.evidence]


def take_question(body: Mapping[str, Any], *, of: Neighbour, now: datetime) -> dict[str, Any]:
    """Answer another city that asks for a correction, or asks again, with the state of its correction.

    A record that is not in this city, or does not count any more, is answered at once. Raises ``BadMessage`` and
    ``Refused``.
    """
    try:
        message = AskMessage.model_validate(dict(body))
        person = check_identity(message.id_type, message.id_number, today=current_city().day_of(now))
    except (ValidationError, BadIdentity):
        raise BadMessage from None
    with transaction.atomic():
        advisory_lock(f"correction {of.division} {message.reference}")
        asked = CityCorrection.objects.received().select_related("case", "citizen", "fact", "neighbour")
        known = asked.filter(neighbour=of, reference=message.reference).first()
        citizen = Citizen.objects.filter(id_hash=identity_hash(person)).first()
        fact = _fact(citizen, message.record_id)
        if known is not None:
            before = (known.citizen, known.colour, known.text, without_kept(known.evidence), known.fact.record_id)
            if before != (citizen, message.colour, message.text, message.lines, message.record_id):
                raise Refused(CorrectionRefusal.ASKED_OTHERWISE)
            return _standing(known)
        if fact is None or citizen is None:
            _note(of, message, Answer.NOT_OURS, now=now)
            return _answered_at_once(message, Answer.NOT_OURS)
        if not counts(fact):
            _note(of, message, Answer.CORRECTED, now=now)
            return _answered_at_once(message, Answer.CORRECTED)
        return _standing(_receive(message, citizen, fact, of=of, now=now))


def _fact(citizen: Citizen | None, record_id: str) -> Fact | None:
    found = Fact.objects.filter(citizen=citizen, record_id=record_id, source__isnull=False) if citizen else None
    return found.order_by("-version").first() if found is not None else None


def _receive(message: AskMessage, citizen: Citizen, fact: Fact, *, of: Neighbour, now: datetime) -> CityCorrection:
    city = of.actor
    case = Case.objects.open().filter(citizen=citizen, kind=Case.Kind.CORRECTION).first()
    if case is None:
        case = _open_case(citizen, message.colour, now=now)
        note(case, Verb.OPEN, by=city, now=now, data={"city": of.division, "fact": fact.pk})
    asked = CityCorrection.objects.create(
        side=CityCorrection.Side.RECEIVED,
        state=State.RECEIVED,
        neighbour=of,
        reference=message.reference,
        citizen=citizen,
        fact=fact,
        case=case,
        colour=message.colour,
        text=message.text,
        evidence=message.lines,
        opened_by=city,
        opened_at=now,
        due_at=case.due_at,
        next_try_at=now if missing(message.lines) else None,
    )
    record("correction.received", by=city, now=now, subject=asked.subject, data=asked.described())
    return asked


def _open_case(citizen: Citizen, colour: str, *, now: datetime) -> Case:
    due = deadlines_of(colour, opened_at=now)
    return Case.objects.create(
        number=Case.objects.next_number("C", current_city().day_of(now)),
        kind=Case.Kind.CORRECTION,
        citizen=citizen,
        severity=colour,
        follows=Case.objects.filter(citizen=citizen, kind=Case.Kind.CORRECTION).order_by("-pk").first(),
        opened_at=now,
        due_at=due.answer,
        first_look_due_at=due.first_look,
    )


def _note(of: Neighbour, message: AskMessage, answer: str, *, now: datetime) -> None:
    """Journal a question that needs no decision. Nothing else is stored about it."""
    data = {"city": of.division, "reference": str(message.reference), "answer": answer}
    record("correction.answered_at_once", by=of.actor, now=now, data=data)


def _answered_at_once(message: AskMessage, answer: str) -> dict[str, Any]:
    content = {"reference": str(message.reference), "answer": str(answer), "text": "", "colour": ""}
    return {"reference": str(message.reference), "number": "", "due_at": None, "answer": content}


def _standing(asked: CityCorrection) -> dict[str, Any]:
    return {
        "reference": str(asked.reference),
        "number": asked.case.number if asked.case else "",
        "due_at": (asked.case.due_at if asked.case else asked.due_at).isoformat(),
        "answer": answer_message(asked) if asked.answer else None,
    }


def answer_message(asked: CityCorrection) -> dict[str, str]:
    """Return the message sent to the asking city when the correction is decided."""
    return {
        "reference": str(asked.reference),
        "answer": asked.answer,
        "text": asked.answer_text,
        "colour": asked.ruled_colour,
    }


def settle_decided(*, now: datetime) -> int:
    """Answer the corrections that have been decided since: their record does not count any more, or their case has ended.

    Return their number.
    """
    settled = 0
    waiting = CityCorrection.objects.received().filter(state=State.RECEIVED)
    for asked in waiting.select_related("case__ruling", "case__citizen", "fact", "neighbour").order_by("pk"):
        answer = _answer_of(asked)
        if answer is not None:
            with transaction.atomic():
                settled += _decide(asked, answer, now=now)
    return settled


def _answer_of(asked: CityCorrection) -> dict[str, str] | None:
    """Return the columns of the answer; ``None`` while the correction is open."""
    case = asked.case
    if case is None:
        return None
    if not counts(asked.fact):
        same = {"record_id": asked.fact.record_id, "source": asked.fact.source_id}
        wrong = Suppression.objects.filter(**same, state=Suppression.State.APPROVED).order_by("-pk").first()
        by = wrong.decided_by if wrong else SYSTEM
        return {"answer": Answer.CORRECTED, "answer_text": case.answer, "answered_by": by}
    if case.closed_at is None:
        return None
    last = CaseEvent.objects.filter(case=case).last()
    by = last.by if last else SYSTEM
    if case.ruling is not None and case.outcome in set(Colour):
        return {"answer": Answer.RULED, "ruled_colour": case.outcome, "answer_text": case.answer, "answered_by": by}
    return {"answer": Answer.UPHELD, "answer_text": case.answer, "answered_by": by}


def _decide(asked: CityCorrection, answer: Mapping[str, str], *, now: datetime) -> int:
    rows = CityCorrection.objects.filter(pk=asked.pk)
    if not CityCorrection.TRANSITIONS.move(rows, "decide", **answer, answered_at=now, next_try_at=now):
        return 0
    data = {**asked.described(), "answer": str(answer["answer"]), "decided_by": answer["answered_by"]}
    record("correction.decided", by=SYSTEM, now=now, subject=asked.subject, data=data)
    case = asked.case
    left = CityCorrection.objects.received().filter(case=case, state=State.RECEIVED)
    if case is not None and case.closed_at is None and not left.exists():
        move(case, Verb.CONVERGE, by=SYSTEM, now=now, outcome="converged")
    return 1
