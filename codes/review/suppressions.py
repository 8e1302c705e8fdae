"""Ruling a record to be wrong: proposed by one official, approved by another; from then on no provider sees it.

What that does to colours is the engine's to say: whom the record is about is judged again in the transaction of the approval.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from codes.effective import hold_effective_codes
from codes.models import Case, Fact, Suppression
from codes.review.grounds import check_grounds
from codes.review.moves import find_case, move
from codes.review.permissions import require, require_role
from codes.review.reasons import RefusalReason, SuppressionReason
from codes.review.refusals import MovedMeanwhile, NotFound, Reason, Refused
from codes.review.ruling_policy import check_text
from codes.review.verbs import Verb
from codes.runs.mend import mend_now, people_of
from regions.journal.record import record
from regions.staff.roles import Role


def propose_suppression(
    *,
    fact_id: int,
    reason_code: str,
    evidence: Sequence[str],
    by: str,
    now: datetime,
    reason: str = "",
    case_id: int | None = None,
) -> Suppression:
    """Propose that the record behind a fact, in all its versions, is wrong. With a case it stands on its timeline."""
    require(by, Verb.PROPOSE_SUPPRESSION)
    reason = check_text(reason)
    if reason_code not in set(SuppressionReason):
        raise Refused(Reason.UNKNOWN_REASON)
    if not evidence:
        raise Refused(Reason.NO_EVIDENCE)
    with transaction.atomic():
        fact = Fact.objects.select_related("citizen").filter(pk=fact_id).first()
        case = find_case(case_id) if case_id is not None else None
        if fact is None or (case is not None and case.citizen_id != fact.citizen_id):
            raise NotFound
        _check_new(fact)
        grounds = check_grounds(evidence, citizen=fact.citizen)
        proposed = Suppression(
            case=case,
            source_id=fact.source_id,
            provider_id=fact.provider_id,
            record_id=fact.record_id,
            reason_code=reason_code,
            reason=reason,
            evidence=grounds,
            proposed_by=by,
            proposed_at=now,
        )
        proposed.save()
        _tell(Verb.PROPOSE_SUPPRESSION, proposed, by=by, now=now, reason_code=reason_code, fact=fact.pk)
    return proposed


def approve_suppression(*, suppression_id: int, by: str, now: datetime, reason: str = "") -> Suppression:
    """Put it in force; whom it is about is judged again at once, and a case that has lost its reason closes by itself."""
    require(by, Verb.APPROVE_SUPPRESSION)
    with transaction.atomic():
        hold_effective_codes()
        approved = _decide(suppression_id, "approved", Verb.APPROVE_SUPPRESSION, reason, "", by=by, now=now)
        mend_now(citizens_of(approved), by=by, now=now, because=f"suppression:{approved.pk}")
    return approved


def refuse_suppression(
    *, suppression_id: int, reason_code: str, by: str, now: datetime, reason: str = ""
) -> Suppression:
    """The record stands."""
    require(by, Verb.REFUSE_SUPPRESSION)
    if reason_code not in set(RefusalReason):
        raise Refused(Reason.UNKNOWN_REASON)
    return _decide(suppression_id, "refused", Verb.REFUSE_SUPPRESSION, reason, reason_code, by=by, now=now)


def withdraw_suppression(*, suppression_id: int, by: str, now: datetime) -> Suppression:
    """Take one's own proposal back."""
    require(by, Verb.WITHDRAW_SUPPRESSION)
    with transaction.atomic():
        proposed = _found(suppression_id, state="proposed")
        if proposed.proposed_by != by:
            raise Refused(Reason.NOT_THE_PROPOSER)
        _update(proposed, {"state": "withdrawn", "ended_at": now})
        _tell(Verb.WITHDRAW_SUPPRESSION, proposed, by=by, now=now)
    return proposed


def propose_suppression_end(*, suppression_id: int, reason: str, by: str, now: datetime) -> Suppression:
    """Propose that a suppressed record counts again."""
    require_role(by, Role.REVIEWER)
    reason = check_text(reason, required=True)
    with transaction.atomic():
        standing = _in_force(suppression_id)
        if standing.end_proposed_by:
            raise Refused(Reason.END_PROPOSED_ALREADY)
        _update(standing, {"end_reason": reason, "end_proposed_by": by, "end_proposed_at": now})
        record("suppression.end_proposed", by=by, now=now, subject=f"suppression:{standing.pk}")
    return standing


def approve_suppression_end(*, suppression_id: int, by: str, now: datetime) -> Suppression:
    """The record counts again from now on, and whom it is about is judged again at once."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        hold_effective_codes()
        standing = _in_force(suppression_id)
        if not standing.end_proposed_by:
            raise Refused(Reason.END_NOT_PROPOSED)
        if standing.end_proposed_by == by:
            raise Refused(Reason.SAME_PERSON)
        _update(standing, {"state": "ended", "ended_by": by, "ended_at": now})
        record("suppression.ended", by=by, now=now, subject=f"suppression:{standing.pk}")
        mend_now(citizens_of(standing), by=by, now=now, because=f"suppression:{standing.pk}")
    return standing


def refuse_suppression_end(*, suppression_id: int, by: str, now: datetime) -> Suppression:
    """The record stays suppressed; the proposal to count it again is gone."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        standing = _in_force(suppression_id)
        if not standing.end_proposed_by:
            raise Refused(Reason.END_NOT_PROPOSED)
        if standing.end_proposed_by == by:
            raise Refused(Reason.SAME_PERSON)
        _update(standing, {"end_reason": "", "end_proposed_by": "", "end_proposed_at": None})
        record("suppression.end_refused", by=by, now=now, subject=f"suppression:{standing.pk}")
    return standing


def citizens_of(suppression: Suppression) -> list[int]:
    """Whom the record is about, in any of its versions."""
    return sorted(people_of([(suppression.record_id, suppression.source_id, suppression.provider_id)]))


def _check_new(fact: Fact) -> None:
    same = Suppression.objects.filter(record_id=fact.record_id, source=fact.source_id, provider=fact.provider_id)
    states = set(same.filter(state__in=["proposed", "approved"]).values_list("state", flat=True))
    if "approved" in states:
        raise Refused(Reason.RULED_ALREADY)
    if "proposed" in states:
        raise Refused(Reason.PROPOSED_ALREADY)


def _decide(
    suppression_id: int, state: str, verb: Verb, reason: str, code: str, *, by: str, now: datetime
) -> Suppression:
    reason = check_text(reason)
    with transaction.atomic():
        proposed = _found(suppression_id, state="proposed")
        if proposed.proposed_by == by:
            raise Refused(Reason.SAME_PERSON)
        decided = {"decided_by": by, "decided_at": now, "decision_reason": reason, "decision_code": code}
        _update(proposed, {"state": state, **decided})
        _tell(verb, proposed, by=by, now=now)
    return proposed


def _found(suppression_id: int, *, state: str) -> Suppression:
    found = Suppression.objects.filter(pk=suppression_id).first()
    if found is None:
        raise NotFound
    if found.mending_id is not None:
        raise Refused(Reason.PART_OF_GROUP)
    if found.state != state:
        raise MovedMeanwhile
    return found


def _in_force(suppression_id: int) -> Suppression:
    found = Suppression.objects.filter(pk=suppression_id).first()
    if found is None:
        raise NotFound
    if found.state != "approved":
        raise Refused(Reason.NOT_IN_FORCE)
    return found


def _update(suppression: Suppression, changes: dict[str, object]) -> None:
    """Compare-and-set on the state and the proposed end that were read."""
    read = Suppression.objects.filter(
        pk=suppression.pk, state=suppression.state, end_proposed_by=suppression.end_proposed_by
    )
    if read.update(**changes) != 1:
        raise MovedMeanwhile
    for name, value in changes.items():
        setattr(suppression, name, value)


def _tell(verb: Verb, suppression: Suppression, *, by: str, now: datetime, **data: object) -> None:
    """On the open case's timeline, which journals it; else in the journal alone."""
    case = Case.objects.open().filter(suppressions=suppression).first()
    told = {"suppression": suppression.pk, **data}
    if case is not None:
        move(case, verb, by=by, now=now, data=told)
    else:
        record(f"record.{verb.value}", by=by, now=now, subject=f"suppression:{suppression.pk}", data=told)
