"""Bulk suppressions: two people rule, as one act, that all records of a group's root cause are wrong.

Other causes are handled elsewhere: a late source is collected again by a run, and rules are aligned by a new version.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from codes.effective import lock_effective_codes
from codes.engine.preview import preview_changes
from codes.models import BulkSuppression, Case, Run, Suppression
from codes.review.cases.move import Step, move_all, naming
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import check_documents
from codes.review.permissions import require
from codes.review.proposals.groups import Effect, GroupRecord, suppressible
from codes.review.proposals.ruling_policy import check_refusal, check_text
from codes.review.reasons import SuppressionReason
from codes.runs.amend import amend_now
from regions.refusals import CommonReason, Refused
from regions.sql import compose

State = BulkSuppression.State
TAKEN_OUT = "group.suppression_taken_out"
SQL = Path(__file__).with_suffix(".sql")
COVERED = compose(SQL, "covered", suppressions=compose(SQL, "as_they_are"))
AS_IF_APPROVED = compose(SQL, "covered", suppressions=compose(SQL, "as_if_approved"))


class Covered(NamedTuple):
    records: list[GroupRecord]
    effect: Effect


def propose_bulk_suppression(
    *, key: str, reason_code: str, documents: Sequence[str], by: str, now: datetime, reason: str = ""
) -> BulkSuppression:
    """Propose that the records of a group's root cause are wrong, as far as nobody's colour would become stricter.

    Nothing changes yet.

    ``key``: the group's key. ``documents``: ``document:<number>`` references that apply to all records.
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
        covered = suppressible(key, run=Run.objects.last_settled(), now=now)
        if not covered.records:
            raise Refused(Reason.NOTHING_TO_SUPPRESS)
        alike: dict[str, Any] = {
            "reason_code": reason_code,
            "reason": reason,
            "evidence": evidence,
            "proposed_by": by,
            "proposed_at": now,
        }
        proposed = BulkSuppression.objects.create(
            group_key=key,
            source_id=covered.records[0].source_id,
            cases=len(_open_cases(key, covered.people)),
            records=len(covered.records),
            people=len(covered.people),
            **alike,
        )
        suppressions = [
            Suppression(bulk_suppression=proposed, source_id=one.source_id, record_id=one.record_id, **alike)
            for one in covered.records
        ]
        Suppression.objects.bulk_create(suppressions, batch_size=1000)
        _record(Verb.PROPOSE_SUPPRESSION, proposed, covered.people, by=by, now=now)
    return proposed


def approve_bulk_suppression(*, bulk_suppression_id: int, by: str, now: datetime, reason: str = "") -> BulkSuppression:
    """Put it in force.

    The people are judged again at once, and every case that has no disagreement any more closes as converged.
    """
    require(by, Verb.APPROVE_SUPPRESSION)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        proposed = BulkSuppression.objects.locked().to_decide(bulk_suppression_id, by=by)
        covered = effect_of_bulk_suppression(proposed, run=Run.objects.last_settled(), now=now)
        if covered.effect.stricter:
            raise Refused(Reason.TURNS_STRICTER)
        people = {one.citizen_id for one in covered.records}
        proposed.approve(State.APPROVED, by=by, now=now, reason=reason)
        proposed.suppressions.decide(State.APPROVED, by=by, now=now)
        _record(Verb.APPROVE_SUPPRESSION, proposed, people, by=by, now=now)
        proposed.run = amend_now(people, by=by, now=now, because=proposed.subject)
        proposed.save(update_fields=["run"])
    return proposed


def refuse_bulk_suppression(
    *, bulk_suppression_id: int, reason_code: str, by: str, now: datetime, reason: str = ""
) -> BulkSuppression:
    require(by, Verb.REFUSE_SUPPRESSION)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        proposed = BulkSuppression.objects.locked().to_decide(bulk_suppression_id, by=by)
        _refuse(proposed, by=by, now=now, reason=reason, decision_code=reason_code)
    return proposed


def take_out_of_bulk_suppression(
    *, bulk_suppression_id: int, citizens: Collection[int], reason_code: str, by: str, now: datetime, reason: str = ""
) -> int:
    """Refuse the proposal for these people's records and for everybody who shares one.

    Return the number of people. The rest stays proposed.

    If nobody is left, the proposal itself is refused.
    """
    require(by, Verb.REFUSE_SUPPRESSION)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        proposed = BulkSuppression.objects.locked().to_decide(bulk_suppression_id, by=by)
        covered = records_of(proposed)
        out = {one.record_id for one in covered if one.citizen_id in citizens}
        people = {one.citizen_id for one in covered if one.record_id in out}
        if all(one.record_id in out for one in covered):
            _refuse(proposed, by=by, now=now, reason=reason, decision_code=reason_code)
        elif out:
            taken = proposed.suppressions.filter(record_id__in=out)
            taken.decide(State.REFUSED, by=by, now=now, reason=reason, decision_code=reason_code)
            named = _on_timelines(Verb.REFUSE_SUPPRESSION, proposed, people, by=by, now=now)
            proposed.journal(TAKEN_OUT, by=by, now=now, before=proposed.state, **named)
    return len(people)


def withdraw_bulk_suppression(*, bulk_suppression_id: int, by: str, now: datetime) -> BulkSuppression:
    require(by, Verb.WITHDRAW_SUPPRESSION)
    with transaction.atomic():
        proposed = BulkSuppression.objects.locked().to_withdraw(bulk_suppression_id, by=by)
        proposed.suppressions.waiting().update(state=State.WITHDRAWN, ended_at=now)
        proposed.withdraw(by=by, now=now)
        _record(Verb.WITHDRAW_SUPPRESSION, proposed, people_of(proposed), by=by, now=now)
    return proposed


def bulk_suppressions_to_decide() -> QuerySet[BulkSuppression]:
    """Return the proposals that wait for a second person, the oldest first."""
    return BulkSuppression.objects.waiting().select_related("source").order_by("proposed_at", "pk")


def effect_of_bulk_suppression(proposed: BulkSuppression, *, run: Run | None, now: datetime) -> Covered:
    """Return the records it covers, and the effect of approving it now.

    The effect is computed and rolled back. ``run``: the last settled run.
    """
    with transaction.atomic():
        records = _read(AS_IF_APPROVED, proposed, now=now)
        people = sorted({one.citizen_id for one in records})
        changes = preview_changes(run, people, known_at=max(now, run.as_of)) if run else []
        transaction.set_rollback(True)
    return Covered(records, Effect.of(changes, records))


def records_of(bulk_suppression: BulkSuppression) -> list[GroupRecord]:
    """Return the records it covers, without those taken out of it; one row per record and person."""
    return _read(COVERED, bulk_suppression)


def _read(statement: str, bulk_suppression: BulkSuppression, **others: Any) -> list[GroupRecord]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"one": bulk_suppression.pk, "state": bulk_suppression.state, **others})
        return [GroupRecord.of(row) for row in cursor.fetchall()]


def people_of(bulk_suppression: BulkSuppression) -> set[int]:
    return {one.citizen_id for one in records_of(bulk_suppression)}


def _refuse(proposed: BulkSuppression, *, by: str, now: datetime, reason: str, decision_code: str) -> None:
    """Refuse the proposal and each of its suppressions."""
    people = people_of(proposed)
    proposed.suppressions.decide(State.REFUSED, by=by, now=now, decision_code=decision_code)
    proposed.refuse(by=by, now=now, reason=reason, decision_code=decision_code)
    _record(Verb.REFUSE_SUPPRESSION, proposed, people, by=by, now=now)


def _open_cases(key: str, people: Collection[int]) -> list[Case]:
    """Return the open cases in locking order, with the columns that a move reads."""
    cases = Case.objects.open().filter(group_key=key, citizen__in=people)
    return list(cases.select_for_update(of=("self",)).order_by("pk"))


def _record(verb: Verb, proposed: BulkSuppression, people: Collection[int], *, by: str, now: datetime) -> None:
    """Record the act on the timeline of each open case, and as one entry in the journal."""
    before = "" if verb is Verb.PROPOSE_SUPPRESSION else State.PROPOSED
    named = _on_timelines(verb, proposed, people, by=by, now=now)
    proposed.journal(f"group.{verb.value}", by=by, now=now, before=before, **named)


def _on_timelines(
    verb: Verb, proposed: BulkSuppression, people: Collection[int], *, by: str, now: datetime
) -> dict[str, Any]:
    """Record the act on the timelines of these people's open cases. Return the journal data that names the cases."""
    cases = _open_cases(proposed.group_key, people)
    data = {"mending": proposed.pk, "reason_code": proposed.reason_code, "bulk": True}
    move_all([Step(case, verb, data=data) for case in cases], by=by, now=now)
    return naming([case.number for case in cases])
