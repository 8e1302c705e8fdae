"""Rulings: a manual colour, proposed by one official and approved by another, in force at once and for a limited time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from codes.effective import effective_code, lock_effective_codes, settle_citizens
from codes.models import Case, Ruling
from codes.review.cases import transitions
from codes.review.cases.assign import assignee_changes
from codes.review.cases.move import Step, acts_of, check_move, find_case
from codes.review.cases.run_effects import open_again
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import check_evidence
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import (
    check_end,
    check_refusal,
    check_ruling,
    check_text,
    hits_of,
    lighter,
    uncovered,
    weighed_in,
    with_equal_versions,
)
from codes.review.reasons import RulingEndReason
from regions.actors import SYSTEM
from regions.journal.record import Act, record_all
from regions.proposals import ProposalQuerySet, require_another, require_role
from regions.refusals import CommonReason, NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city

State = Ruling.State
ENDED = {"from": State.APPROVED.value, "to": State.ENDED.value}


def propose(
    *,
    case_id: int,
    colour: str,
    reason_code: str,
    evidence: Sequence[str],
    expires_on: date,
    by: str,
    now: datetime,
    reason: str = "",
) -> Ruling:
    """Propose a colour for the case's citizen.

    Nothing changes until another official approves. The current hits are weighed.

    ``evidence``: references as in ``codes.review.evidence.files``. ``expires_on``: the first day on which it no longer
    holds, at most 30 days from now.
    """
    require(by, Verb.PROPOSE)
    today = current_city().day_of(now)
    check_ruling(colour=colour, reason_code=reason_code, expires_on=expires_on, evidence=evidence, today=today)
    reason = check_text(reason)
    with transaction.atomic():
        case = find_case(case_id)
        check_move(case, Verb.PROPOSE)
        references = check_evidence(evidence, citizen=case.citizen)
        if Ruling.objects.waiting().filter(citizen=case.citizen).exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        data = {
            "colour": colour,
            "reason_code": reason_code,
            "expires_on": str(expires_on),
            "evidence": len(references),
        }
        changes = assignee_changes(case, by=by, now=now)
        acts = acts_of([Step(case, Verb.PROPOSE, data=data, changes=changes)], by=by, now=now)
        ruling = Ruling.objects.create(
            citizen=case.citizen,
            case=case,
            colour=colour,
            reason_code=reason_code,
            reason=reason,
            evidence=references,
            **weighed_in(hits_of([case.citizen_id])[case.citizen_id]),
            expires_on=expires_on,
            proposed_by=by,
            proposed_at=now,
        )
        record_all(acts, by=by, now=now)
    return ruling


def approve(*, ruling_id: int, by: str, now: datetime, reason: str = "") -> Ruling:
    """Put a proposed ruling in force. The effective code changes now, and every case that the ruling settles is closed."""
    require(by, Verb.APPROVE)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        ruling = _with_case().to_decide(ruling_id, by=by)
        check_approval(ruling, by=by, now=now)
        before = effective_code(ruling.citizen_id, now=now).colour
        steps = closing_steps([ruling], {ruling.citizen_id: before})
        acts = acts_of(steps, by=by, now=now)
        supersede([ruling.citizen_id], now=now)
        ruling.approve(State.APPROVED, by=by, now=now, reason=reason)
        rest_on_rulings(steps)
        record_all(acts, by=by, now=now)
        settle_citizens([ruling.citizen_id], now=now)
    return ruling


def refuse(*, ruling_id: int, reason_code: str, by: str, now: datetime, reason: str = "") -> Ruling:
    require(by, Verb.REFUSE)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        ruling = _with_case().to_decide(ruling_id, by=by)
        step = Step(case_of(ruling), Verb.REFUSE, data={"ruling": ruling.pk, "reason_code": reason_code})
        acts = acts_of([step], by=by, now=now)
        ruling.refuse(by=by, now=now, reason=reason, decision_code=reason_code)
        record_all(acts, by=by, now=now)
    return ruling


def withdraw_proposal(*, ruling_id: int, by: str, now: datetime) -> Ruling:
    require(by, Verb.WITHDRAW_PROPOSAL)
    with transaction.atomic():
        ruling = _with_case().to_withdraw(ruling_id, by=by)
        step = Step(case_of(ruling), Verb.WITHDRAW_PROPOSAL, data={"ruling": ruling.pk})
        acts = acts_of([step], by=by, now=now)
        ruling.withdraw(by=by, now=now)
        record_all(acts, by=by, now=now)
    return ruling


def _with_case() -> ProposalQuerySet[Ruling]:
    """Return the rulings with their cases, without a lock: the case is locked first, as everywhere, and the ruling is
    compared when it is set.
    """
    return Ruling.objects.select_related("citizen", "case__citizen")


def check_approval(ruling: Ruling, *, by: str, now: datetime) -> None:
    """Raise ``Refused`` if this official, or anybody at this time, cannot approve the ruling."""
    require_another(by, proposed_by=ruling.proposed_by)
    if ruling.expires_on <= current_city().day_of(now):
        raise Refused(Reason.EXPIRED_PROPOSAL)
    weighed = with_equal_versions([ruling])[0]
    if uncovered(hits_of([ruling.citizen_id])[ruling.citizen_id], weighed=weighed, colour=ruling.colour):
        raise Refused(Reason.NEW_RECORDS)


def supersede(citizens: Collection[int], *, now: datetime) -> None:
    """End the rulings in force of these citizens, suspended or not, because a newer one replaces them."""
    Ruling.objects.filter(citizen__in=citizens, state=State.APPROVED).update(state=State.ENDED, ended_at=now)


def closing_steps(rulings: Collection[Ruling], before: Mapping[int, str], **extra: Any) -> list[Step]:
    """Return the steps that close the rulings' cases, and their citizens' other cases.

    A ruling settles those too, because it weighed every hit.

    ``before``: citizen → colour. An appeal to which the ruling gives no lighter colour stays open, because it needs an
    answer of its own.
    """
    of_citizen = {ruling.citizen_id: ruling for ruling in rulings}
    steps = []
    for case in Case.objects.open().select_related("citizen").filter(citizen__in=of_citizen).order_by("pk"):
        ruling = of_citizen[case.citizen_id]
        action = Verb.APPROVE if case.pk == ruling.case_id else Verb.SETTLE_BY_RULING
        effect = effect_of(ruling.colour, before[case.citizen_id])
        is_appeal = case.kind == Case.Kind.APPEAL
        if is_appeal and action is Verb.SETTLE_BY_RULING and effect == transitions.NO_LIGHTER:
            continue
        data = {"ruling": ruling.pk, "colour": ruling.colour, "before": before[case.citizen_id], **extra}
        steps.append(Step(case, action, effect if is_appeal else "", data, {"outcome": ruling.colour}))
    return steps


def rest_on_rulings(steps: Collection[Step]) -> None:
    """Store with the closed cases the rulings in force that decided them.

    When such a ruling ends, so does the decision of its case.
    """
    in_force = Ruling.objects.filter(citizen=OuterRef("citizen"), state=State.APPROVED)
    closed = Case.objects.filter(pk__in=[step.case.pk for step in steps])
    closed.update(ruling=Subquery(in_force.values("pk")[:1]))


def effect_of(colour: str, before: str) -> str:
    """Return the effect of a ruled colour on the citizen, as distinguished by the appeal's transitions."""
    if colour == "green":
        return transitions.GREEN
    return transitions.LIGHTER if lighter(colour, than=before) else transitions.NO_LIGHTER


def case_of(ruling: Ruling) -> Case:
    """Return the case of a ruling. Every proposal made here has one. Raises ``NotFound``."""
    if ruling.case is None:
        raise NotFound
    return ruling.case


def propose_end(*, ruling_id: int, reason_code: str, reason: str, by: str, now: datetime) -> Ruling:
    """Propose to end the ruling now.

    ``reason_code``: a ``RulingEndReason``, which the citizen reads. ``reason``: a note for officials.
    """
    reason = check_end(reason_code, reason, reasons=RulingEndReason)
    return Ruling.propose_end(ruling_id, code=reason_code, reason=reason, by=by, now=now)


def approve_end(*, ruling_id: int, by: str, now: datetime, proposed_at: datetime | None = None) -> Ruling:
    """End the ruling now.

    The citizen's code becomes at once what it is without the ruling, and a disagreement that it decided gets a case
    again.
    """
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        lock_effective_codes()
        ruling = Ruling.approve_end(ruling_id, by=by, now=now, proposed_at=proposed_at)
        ended = {ruling.citizen_id: ruling.pk}
        settle_citizens(list(ended), now=now, ended=ended, end_code=ruling.end_code)
        open_again([ruling.citizen_id], now=now)
    return ruling


def expire_rulings(*, now: datetime) -> int:
    """End the rulings whose end date has come, without waiting for the run. Return their number."""
    due = Ruling.objects.filter(state=State.APPROVED, expires_on__lte=current_city().day_of(now))
    if not due.exists():
        return 0  # usually, so that the lock is not taken
    with transaction.atomic():
        lock_effective_codes()
        over = list(due.select_related("case").order_by("pk"))
        Ruling.objects.filter(pk__in=[ruling.pk for ruling in over]).update(state=State.ENDED, ended_at=now)
        ended = {ruling.citizen_id: ruling.pk for ruling in over}
        settle_citizens(list(ended), now=now, ended=ended)
        acts = [Act("ruling.expired", ruling.subject, {**ENDED, **ruling.described()}) for ruling in over]
        record_all(acts, by=SYSTEM, now=now)
        open_again(list(ended), now=now)
    return len(over)
