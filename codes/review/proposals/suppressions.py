"""Ruling a record to be wrong: proposed by one official, approved by another; from then on no provider sees it.

The engine decides what that does to colours: the people the record is about are judged again in the transaction of the
approval.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from codes.effective import lock_effective_codes
from codes.engine.preview import ColourChange, preview_changes
from codes.models import Case, Fact, Run, Suppression
from codes.review.cases.move import find_case, move
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import check_evidence
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import check_end, check_refusal, check_text
from codes.review.proposals.whose_record import covers
from codes.review.reasons import SuppressionEndReason, SuppressionReason
from codes.runs.amend import amend_now, people_of
from regions.proposals import ProposalQuerySet, require_role
from regions.refusals import CommonReason, NotFound, Refused
from regions.staff.roles import Role

State = Suppression.State


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
    """Propose that the record behind a fact, in all its versions, is wrong.

    With a case, the proposal is on the case's timeline.
    """
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
        references = check_evidence(evidence, citizen=fact.citizen)
        proposed = Suppression(
            case=case,
            source_id=fact.source_id,
            provider_id=fact.provider_id,
            record_id=fact.record_id,
            reason_code=reason_code,
            reason=reason,
            evidence=references,
            proposed_by=by,
            proposed_at=now,
        )
        proposed.save()
        _record_act(Verb.PROPOSE_SUPPRESSION, proposed, by=by, now=now, reason_code=reason_code, fact=fact.pk)
    return proposed


def approve_suppression(*, suppression_id: int, by: str, now: datetime, reason: str = "") -> Suppression:
    """Put it in force.

    The people it is about are judged again at once, and a case without a remaining reason closes as converged.
    """
    require(by, Verb.APPROVE_SUPPRESSION)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        proposed = _alone(suppression_id).to_decide(suppression_id, by=by)
        proposed.approve(State.APPROVED, by=by, now=now, reason=reason)
        _record_act(Verb.APPROVE_SUPPRESSION, proposed, by=by, now=now)
        amend_now(citizens_of(proposed), by=by, now=now, because=proposed.subject)
    return proposed


def refuse_suppression(
    *, suppression_id: int, reason_code: str, by: str, now: datetime, reason: str = ""
) -> Suppression:
    require(by, Verb.REFUSE_SUPPRESSION)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        proposed = _alone(suppression_id).to_decide(suppression_id, by=by)
        proposed.refuse(by=by, now=now, reason=reason, decision_code=reason_code)
        _record_act(Verb.REFUSE_SUPPRESSION, proposed, by=by, now=now)
    return proposed


def withdraw_suppression(*, suppression_id: int, by: str, now: datetime) -> Suppression:
    require(by, Verb.WITHDRAW_SUPPRESSION)
    with transaction.atomic():
        proposed = _alone(suppression_id).to_withdraw(suppression_id, by=by)
        proposed.withdraw(by=by, now=now)
        _record_act(Verb.WITHDRAW_SUPPRESSION, proposed, by=by, now=now)
    return proposed


def propose_suppression_end(
    *, suppression_id: int, reason_code: str, reason: str, by: str, now: datetime
) -> Suppression:
    """Propose that the record counts again.

    ``reason_code``: a ``SuppressionEndReason``, which the citizen reads. ``reason``: a note for officials.
    """
    reason = check_end(reason_code, reason, reasons=SuppressionEndReason)
    return Suppression.propose_end(suppression_id, code=reason_code, reason=reason, by=by, now=now)


def approve_suppression_end(
    *, suppression_id: int, by: str, now: datetime, proposed_at: datetime | None = None
) -> Suppression:
    """End the suppression: the record counts again from now on, and the people it is about are judged again at once."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        lock_effective_codes()
        ended = Suppression.approve_end(suppression_id, by=by, now=now, proposed_at=proposed_at)
        amend_now(citizens_of(ended), by=by, now=now, because=ended.subject)
    return ended


def citizens_of(suppression: Suppression) -> list[int]:
    """Return the people the record is about, in any of its versions."""
    return sorted(people_of([(suppression.record_id, suppression.source_id, suppression.provider_id)]))


def _check_new(fact: Fact) -> None:
    same = Suppression.objects.filter(record_id=fact.record_id, source=fact.source_id, provider=fact.provider_id)
    if covers(fact):
        raise Refused(Reason.RULED_ALREADY)
    if same.waiting().exists():
        raise Refused(CommonReason.PROPOSED_ALREADY)


def _alone(suppression_id: int) -> ProposalQuerySet[Suppression]:
    """Return the suppressions, for one that is decided singly. Raises ``Refused`` if it is decided together with its group."""
    if Suppression.objects.filter(pk=suppression_id, bulk_suppression__isnull=False).exists():
        raise Refused(Reason.PART_OF_GROUP)
    return Suppression.objects.select_related("source", "provider")


def _record_act(verb: Verb, suppression: Suppression, *, by: str, now: datetime, **data: object) -> None:
    """Record the act on the timeline of the open case, which also journals it; without one, in the journal only."""
    case = Case.objects.open().filter(suppressions=suppression).first()
    if case is not None:
        move(case, verb, by=by, now=now, data={"suppression": suppression.pk, **data})
    else:
        before = State.PROPOSED if verb is not Verb.PROPOSE_SUPPRESSION else ""
        suppression.journal(f"record.{verb.value}", by=by, now=now, before=before, suppression=suppression.pk, **data)


def effect_of_suppression(versions: Sequence[Fact], *, now: datetime) -> Sequence[ColourChange]:
    """Return the changes of colour, by provider, if the record were wrong from now on.

    ``versions`` are all versions of the record.
    """
    if not versions:
        return []
    newest = versions[-1]
    record = {"record_id": newest.record_id, "source_id": newest.source_id, "provider_id": newest.provider_id}
    people = {version.citizen_id for version in versions}
    return changes_without([record], people, run=Run.objects.last_settled(), now=now)


def changes_without(
    records: Collection[dict[str, Any]], people: Collection[int], *, run: Run | None, now: datetime
) -> Sequence[ColourChange]:
    """Return the changes of colour of these people if these records were ruled to be wrong now.

    The changes are computed and rolled back.

    ``records``: the columns that identify each in a ``Suppression``. ``run``: the last settled run. Facts that arrived
    since that run count as well. Before the first run there is no colour to change.
    """
    if run is None:
        return []
    with transaction.atomic():
        Suppression.objects.bulk_create(_as_if_ruled(record, now=now) for record in records)
        changes = preview_changes(run, sorted(people), known_at=max(now, run.as_of))
        transaction.set_rollback(True)
    return changes


def _as_if_ruled(record: dict[str, Any], *, now: datetime) -> Suppression:
    return Suppression(
        **record,
        state=Suppression.State.APPROVED,
        reason_code="preview",
        proposed_by="preview",
        proposed_at=now,
        decided_by="preview of",
        decided_at=now,
    )
