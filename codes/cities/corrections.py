"""Asking another city to correct its record, and the effect of its answer (``docs/adr/0046-corrections-between-cities.md``).

A record passed on by another city is marked in its ``detail``: ``issued_by`` is that city's division, ``issued_id`` the
record's number there if it differs. What two officials decide there applies here to the same record only.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field, ValidationError, model_validator

from codes.cities.neighbours import neighbour_of
from codes.cities.signing import BadMessage
from codes.effective import lock_effective_codes
from codes.models import Appeal, Case, CityCorrection, Evidence, Fact, Neighbour, Suppression
from codes.review.appeals.policy import AppealReason, targets_of
from codes.review.cases.deadlines import deadlines_of
from codes.review.cases.move import find_case, move
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import MAX_FILES
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import LONGEST_TEXT, check_text
from codes.review.proposals.suppressions import citizens_of
from codes.review.proposals.whose_record import covers
from codes.review.reasons import SuppressionReason
from codes.runs.amend import amend_now
from codes.vocabulary import Colour
from regions.journal.record import record
from regions.locks import advisory_lock
from regions.refusals import NotFound, Refused
from regions.tenancy import current_city
from regions.vocabulary import label_in

ISSUED_BY, ISSUED_ID = "issued_by", "issued_id"
# Whatever time the other city says that it needs, the correction is escalated here after this.
LONGEST_WAIT = timedelta(days=7)
MOST_EVIDENCE = 50
# PostgreSQL cannot store a NUL in text.
Words = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]
State, Answer = CityCorrection.State, CityCorrection.Answer


class CorrectionRefusal(TextChoices):
    """Why another city is not asked, or its answer is refused."""

    NOT_ELSEWHERE = "not_elsewhere", _("This record is the city's own. It is decided here, by a ruling or an appeal.")
    UNKNOWN_CITY = (
        "unknown_city",
        _("The city that the record comes from is not known here. Ask the operator to list it."),
    )
    HOLDS_NOTHING = "holds_nothing", _("This record holds no colour at present; there is nothing to ask.")
    ANSWERED_OTHERWISE = "answered_otherwise", _("This correction has been answered already, and otherwise.")
    ASKED_OTHERWISE = "asked_otherwise", _("This reference came before, with another content.")


def issuer_of_record(fact: Fact) -> str:
    """Return the division of the other city that the record comes from; empty if it is the city's own."""
    division = fact.detail.get(ISSUED_BY) if fact.source_id is not None else None
    return division if isinstance(division, str) and division != current_city().division else ""


def owner_of(fact: Fact) -> Neighbour | None:
    """Return the other city that owns the record; ``None`` if the record is the city's own or that city is not known."""
    division = issuer_of_record(fact)
    return neighbour_of(division) if division else None


def owners_of(facts: Collection[Fact]) -> dict[int, Neighbour]:
    """Return the other cities that own the facts, by the facts' keys, in one query."""
    divisions = {fact.pk: division for fact in facts if (division := issuer_of_record(fact))}
    known = {one.division: one for one in Neighbour.objects.filter(division__in=set(divisions.values()), listed=True)}
    return {pk: known[division] for pk, division in divisions.items() if division in known}


def counts(fact: Fact) -> bool:
    """Return whether the record still counts: its newest version is not revoked, and no ruling says that it is wrong."""
    same = {"record_id": fact.record_id, "source": fact.source_id, "provider": fact.provider_id}
    newest = Fact.objects.filter(**same, superseded=False).order_by("-version").first()
    if newest is None or newest.revoked:
        return False
    return not covers(newest)


def open_correction(
    *,
    case_id: int,
    fact_id: int,
    text: str,
    by: str,
    now: datetime,
    records: Collection[int] = (),
    files: Collection[int] = (),
) -> CityCorrection:
    """Ask the owner of a record that holds the case's citizen to correct it.

    ``records`` of the citizen and ``files`` of the case show that it is wrong.

    The question is sent within a minute. The case's deadline is not paused.
    """
    require(by, Verb.SEND_CORRECTION)
    text = check_text(text, required=True)
    with transaction.atomic():
        case = find_case(case_id)
        fact = Fact.objects.filter(pk=fact_id, citizen=case.citizen_id).first()
        if fact is None:
            raise NotFound
        shown = Fact.objects.filter(pk__in=records, citizen=case.citizen_id).order_by("pk")[:MOST_EVIDENCE]
        sent = Evidence.objects.filter(case=case, pk__in=files)
        if sent.count() != len(set(files)):
            raise Refused(Reason.UNKNOWN_EVIDENCE)
        return _open(fact, case, text=text, evidence=_evidence(shown, sent), by=by, now=now)


def _evidence(shown: Iterable[Fact], sent: QuerySet[Evidence]) -> list[dict[str, Any]]:
    """Return records as stored in this city, and the digests of files, which the other city requests by digest
    (``codes.cities.evidence``).
    """
    records = [
        {"record": one.kind, "from": str(one.started_on), "until": str(one.ended_on) if one.ended_on else None}
        for one in shown
    ]
    files = sent.order_by("pk").values_list("content_type", "sha256")[:MAX_FILES]
    return [*records, *({"file": content_type, "sha256": bytes(sha256).hex()} for content_type, sha256 in files)]


def _open(
    fact: Fact, case: Case, *, text: str, evidence: list[dict[str, Any]], by: str, now: datetime
) -> CityCorrection:
    if not issuer_of_record(fact):
        raise Refused(CorrectionRefusal.NOT_ELSEWHERE)
    owner = owner_of(fact)
    if owner is None:
        raise Refused(CorrectionRefusal.UNKNOWN_CITY)
    held = [Colour(one.colour) for one in targets_of(case.citizen) if one.fact_id == fact.pk]
    if not held or not counts(fact):
        raise Refused(CorrectionRefusal.HOLDS_NOTHING)
    advisory_lock(f"correction of {fact.pk}")
    if CityCorrection.objects.sent().unanswered().filter(fact=fact).exists():
        raise Refused(Reason.ASKED_ALREADY)
    colour = max(held, key=lambda one: one.severity)
    asked = CityCorrection.objects.create(
        side=CityCorrection.Side.SENT,
        state=State.UNSENT,
        neighbour=owner,
        citizen=case.citizen,
        fact=fact,
        case=case,
        colour=colour.value,
        text=text,
        evidence=evidence,
        opened_by=by,
        opened_at=now,
        due_at=deadlines_of(colour.value, opened_at=now).answer,
        next_try_at=now,
    )
    move(case, Verb.SEND_CORRECTION, by=by, now=now, data={"fact": fact.pk, "city": owner.division})
    record("correction.opened", by=by, now=now, subject=asked.subject, data=asked.described())
    return asked


def open_for_appeals(*, now: datetime) -> int:
    """Ask the owners of records that citizens have appealed against, once the appeal can no longer be withdrawn.

    Return the number of questions.

    Each appeal asks once; officials decide whether to ask again. Nothing is tried while the record's owner is not listed,
    or is asked about the record already.
    """
    appeals = (
        Appeal.objects.annotate(owner=KeyTextTransform(ISSUED_BY, "fact__detail"))
        .filter(
            ~Exists(CityCorrection.objects.sent().filter(case=OuterRef("case"))),
            ~Exists(CityCorrection.objects.sent().unanswered().filter(fact=OuterRef("fact"))),
            Exists(Neighbour.objects.filter(division=OuterRef("owner"), listed=True)),
            case__closed_at__isnull=True,
            withdraw_until__lt=now,
            fact__source__isnull=False,
        )
        .exclude(owner=current_city().division)
        .select_related("case__citizen", "fact")
    )
    opened = 0
    for appeal in appeals.order_by("pk"):
        try:
            with transaction.atomic():
                # The officials who read it work in Chinese, the language of the law.
                text = appeal.text or label_in("zh-hans", AppealReason(appeal.reason_code))
                # Only what the citizen sent with the appeal, without what officials have added.
                evidence = _evidence([], Evidence.objects.filter(case=appeal.case, uploaded_by=appeal.filed_by))
                _open(appeal.fact, appeal.case, text=text, evidence=evidence, by=appeal.filed_by, now=now)
        except Refused:  # the appeal continues without the question
            continue
        opened += 1
    return opened


class AnswerMessage(BaseModel):
    """What the asked city sends."""

    reference: UUID
    answer: Literal["corrected", "upheld", "ruled", "not_ours"]
    text: Words = ""
    colour: Literal["", "red", "yellow", "green"] = ""

    @model_validator(mode="after")
    def _names_a_ruled_colour(self) -> "AnswerMessage":
        if (self.answer == "ruled") != bool(self.colour):
            raise ValueError("a colour belongs to a ruling")
        return self


def take_answer(body: Mapping[str, Any], *, of: Neighbour, now: datetime) -> dict[str, str]:
    """Process another city's answer.

    Repeating the same answer changes nothing. Raises ``BadMessage``, ``NotFound`` and ``Refused``.
    """
    try:
        message = AnswerMessage.model_validate(dict(body))
    except ValidationError:
        raise BadMessage from None
    with transaction.atomic():
        # Taken before any of its rows are locked, because the people concerned are judged again in this transaction.
        lock_effective_codes()
        asked = (
            CityCorrection.objects.sent()
            .select_related("neighbour", "case__citizen", "fact")
            .filter(neighbour=of, reference=message.reference)
            .first()
        )
        if asked is None or asked.state == State.WITHDRAWN:
            raise NotFound
        take_answer_to(asked, message, now=now)
    return {"reference": str(message.reference), "state": State.ANSWERED.value}


def take_answer_to(asked: CityCorrection, message: AnswerMessage, *, now: datetime) -> None:
    """Store the answer and apply it in one transaction, which must hold the lock of effective codes. Raises ``Refused``."""
    city = asked.neighbour.actor
    answer = {"answer": message.answer, "answer_text": message.text, "ruled_colour": message.colour}
    changes = {**answer, "answered_by": city, "answered_at": now, "next_try_at": None, "fault": "", "tries": 0}
    if not CityCorrection.TRANSITIONS.move(CityCorrection.objects.filter(pk=asked.pk), "answer", **changes):
        asked.refresh_from_db()
        if all(getattr(asked, name) == value for name, value in answer.items()):
            return
        raise Refused(CorrectionRefusal.ANSWERED_OTHERWISE)
    asked.refresh_from_db(fields=["state", *changes])
    data = {"answer": message.answer, "fact": asked.fact_id, "city": asked.neighbour.division}
    if asked.case is not None and asked.case.closed_at is None:
        move(asked.case, Verb.ANSWER_CORRECTION, by=city, now=now, data=data)
    record("correction.answered", by=city, now=now, subject=asked.subject, data={**asked.described(), **data})
    if asked.answer == Answer.CORRECTED and counts(asked.fact):
        _clear(asked, by=city, now=now)


def _clear(asked: CityCorrection, *, by: str, now: datetime) -> None:
    """Suppress the record, as proposed by whoever asked and decided by the city that owns it, and judge the people
    concerned again.
    """
    fact = asked.fact
    same = Suppression.objects.filter(record_id=fact.record_id, source=fact.source_id, bulk_suppression=None)
    wrong = same.waiting().first()
    if wrong is None:
        wrong = Suppression.objects.create(
            case=asked.case,
            source_id=fact.source_id,
            record_id=fact.record_id,
            reason_code=SuppressionReason.OWNER_CORRECTED,
            evidence=[f"correction:{asked.reference}"],
            proposed_by=asked.opened_by,
            proposed_at=asked.opened_at,
        )
    wrong.decide(Suppression.State.APPROVED, by=by, now=now)
    data = {"suppression": wrong.pk, "city": asked.neighbour.division}
    if asked.case is not None and asked.case.closed_at is None:
        move(asked.case, Verb.APPROVE_SUPPRESSION, by=by, now=now, data=data)
    else:
        wrong.journal("record.suppression_approved", by=by, now=now, before=Suppression.State.PROPOSED, **data)
    CityCorrection.objects.filter(pk=asked.pk).update(suppression=wrong)
    amend_now(citizens_of(wrong), by=by, now=now, because=wrong.subject)
