"""Bulk suppressions: two people rule that all records of a group's root cause are wrong, as one act.

A late source is collected again by a run, and rules are brought into line by a new version: neither is done here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from codes.effective import lock_effective_codes
from codes.models import BulkSuppression, Case, CaseEvent, Suppression
from codes.review.cases.move import numbers_digest
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import check_documents
from codes.review.permissions import require
from codes.review.proposals.groups import Effect, GroupRecord, effect_without, suppressible
from codes.review.proposals.ruling_policy import check_refusal, check_text
from codes.review.reasons import SuppressionReason
from codes.runs.amend import amend_now
from regions.refusals import CommonReason, Refused

State = BulkSuppression.State


def propose_bulk_suppression(
    *, key: str, reason_code: str, documents: Sequence[str], by: str, now: datetime, reason: str = ""
) -> BulkSuppression:
    """Propose that the records of a group's root cause are wrong, all that turn nobody's colour stricter; nothing changes yet.

    ``key``: the group's; ``documents``: ``document:<number>`` references that stand for all of them.
    """
    require(by, Verb.PROPOSE_SUPPRESSION)
    reason = check_text(reason)
    if reason_code not in set(SuppressionReason):
        raise Refused(Reason.UNKNOWN_REASON)
    if not (evidence := check_documents(documents)):
        raise Refused(Reason.NO_EVIDENCE)
    with transaction.atomic():
        lock_effective_codes()
        if BulkSuppression.objects.waiting().filter(group_key=key).exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        piece = suppressible(key, now=now)
        if not piece.records:
            raise Refused(Reason.NOTHING_TO_SUPPRESS)
        cases = _open_cases(key, piece.people)
        bulk_suppression = BulkSuppression.objects.create(
            group_key=key,
            source_id=piece.records[0].source_id,
            evidence=evidence,
            cases=len(cases),
            records=len(piece.records),
            people=len(piece.people),
            reason_code=reason_code,
            reason=reason,
            proposed_by=by,
            proposed_at=now,
        )
        _write_records(bulk_suppression, piece.records)
        _tell(Verb.PROPOSE_SUPPRESSION, bulk_suppression, piece.people, by=by, now=now)
    return bulk_suppression


def approve_bulk_suppression(*, bulk_suppression_id: int, by: str, now: datetime, reason: str = "") -> BulkSuppression:
    """Put it in force: the people are judged again at once, and every case without a disagreement left closes by itself."""
    require(by, Verb.APPROVE_SUPPRESSION)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        bulk_suppression = BulkSuppression.objects.locked().to_decide(bulk_suppression_id, by=by)
        records = records_of(bulk_suppression)
        if effect_without(records, now=now).stricter:
            raise Refused(Reason.TURNS_STRICTER)
        people = {one.citizen_id for one in records}
        bulk_suppression.suppressions.waiting().update(state=State.APPROVED, decided_by=by, decided_at=now)
        bulk_suppression.decide(State.APPROVED, by=by, now=now, reason=reason)
        _tell(Verb.APPROVE_SUPPRESSION, bulk_suppression, people, by=by, now=now)
        bulk_suppression.run = amend_now(people, by=by, now=now, because=bulk_suppression.subject)
        bulk_suppression.save(update_fields=["run"])
    return bulk_suppression


def refuse_bulk_suppression(
    *, bulk_suppression_id: int, reason_code: str, by: str, now: datetime, reason: str = ""
) -> BulkSuppression:
    """The records stand."""
    require(by, Verb.REFUSE_SUPPRESSION)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        bulk_suppression = BulkSuppression.objects.locked().to_decide(bulk_suppression_id, by=by)
        people = {one.citizen_id for one in records_of(bulk_suppression)}
        decided = {"decided_by": by, "decided_at": now, "decision_code": reason_code}
        bulk_suppression.suppressions.waiting().update(state=State.REFUSED, **decided)
        bulk_suppression.move(State.REFUSED, decision_reason=reason, **decided)
        _tell(Verb.REFUSE_SUPPRESSION, bulk_suppression, people, by=by, now=now)
    return bulk_suppression


def withdraw_bulk_suppression(*, bulk_suppression_id: int, by: str, now: datetime) -> BulkSuppression:
    """Take one's own proposal back."""
    require(by, Verb.WITHDRAW_SUPPRESSION)
    with transaction.atomic():
        bulk_suppression = BulkSuppression.objects.locked().to_withdraw(bulk_suppression_id, by=by)
        people = {one.citizen_id for one in records_of(bulk_suppression)}
        bulk_suppression.suppressions.waiting().update(state=State.WITHDRAWN, ended_at=now)
        bulk_suppression.move(State.WITHDRAWN, ended_at=now)
        _tell(Verb.WITHDRAW_SUPPRESSION, bulk_suppression, people, by=by, now=now)
    return bulk_suppression


def bulk_suppressions_to_decide() -> QuerySet[BulkSuppression]:
    """Proposals that wait for a second person, the oldest first."""
    return BulkSuppression.objects.waiting().select_related("source").order_by("proposed_at", "pk")


def effect_of_bulk_suppression(bulk_suppression: BulkSuppression, *, now: datetime) -> Effect:
    """What would follow if it were approved now. Nothing stays written."""
    return effect_without(records_of(bulk_suppression), now=now)


def records_of(bulk_suppression: BulkSuppression) -> list[GroupRecord]:
    """The records it covers, a row for each person a version of one is about."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOUT, [bulk_suppression.pk])
        return [GroupRecord(*row) for row in cursor.fetchall()]


_ABOUT = """
SELECT DISTINCT ON (f.citizen_id, s.id) f.id, f.citizen_id, s.record_id, s.source_id
FROM codes_suppression s
JOIN codes_fact f ON f.record_id = s.record_id AND f.source_id = s.source_id
WHERE s.bulk_suppression_id = %s
ORDER BY f.citizen_id, s.id, f.version DESC
"""


def _write_records(bulk_suppression: BulkSuppression, records: Collection[GroupRecord]) -> None:
    said = {
        "reason_code": bulk_suppression.reason_code,
        "reason": bulk_suppression.reason,
        "evidence": bulk_suppression.evidence,
    }
    made = {"proposed_by": bulk_suppression.proposed_by, "proposed_at": bulk_suppression.proposed_at}
    rows = [
        Suppression(bulk_suppression=bulk_suppression, source_id=one.source_id, record_id=one.record_id, **said, **made)
        for one in records
    ]
    Suppression.objects.bulk_create(rows, batch_size=1000)


def _open_cases(key: str, people: Collection[int]) -> list[Case]:
    return list(Case.objects.open().filter(group_key=key, citizen__in=people).order_by("pk"))


def _tell(verb: Verb, bulk_suppression: BulkSuppression, people: Collection[int], *, by: str, now: datetime) -> None:
    """On the timeline of each open case; the act has one entry in the journal."""
    cases = _open_cases(bulk_suppression.group_key, people)
    data = {"mending": bulk_suppression.pk, "reason_code": bulk_suppression.reason_code, "bulk": True}
    events = [CaseEvent(case=case, at=now, by=by, verb=verb.value, data=data) for case in cases]
    CaseEvent.objects.bulk_create(events, batch_size=1000)
    before = "" if verb is Verb.PROPOSE_SUPPRESSION else State.PROPOSED
    counted = {"cases": len(cases), "numbers": numbers_digest(cases)}
    bulk_suppression.journal(f"group.{verb.value}", by=by, now=now, before=before, **counted)
