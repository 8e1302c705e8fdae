"""How rulings end: early by two people, by a newer one, or on their day."""

from datetime import datetime

from django.db import transaction

from codes.effective import hold_effective_codes, settle_citizens
from codes.models import Ruling
from codes.review.permissions import require_role
from codes.review.refusals import MovedMeanwhile, NotFound, Reason, Refused
from codes.review.ruling_policy import check_text
from regions.journal.record import Act, record, record_all
from regions.staff.roles import Role
from regions.tenancy import current_city


def propose_end(*, ruling_id: int, reason: str, by: str, now: datetime) -> Ruling:
    """Propose that a ruling in force ends before its day."""
    require_role(by, Role.REVIEWER)
    reason = check_text(reason, required=True)
    with transaction.atomic():
        ruling = _in_force(ruling_id)
        if ruling.end_proposed_by:
            raise Refused(Reason.END_PROPOSED_ALREADY)
        proposed = {"end_reason": reason, "end_proposed_by": by, "end_proposed_at": now}
        _update(ruling, {"end_proposed_by": ""}, proposed)
        record("ruling.end_proposed", by=by, now=now, subject=f"ruling:{ruling.pk}")
    return ruling


def refuse_end(*, ruling_id: int, by: str, now: datetime) -> Ruling:
    """The ruling stays; the proposal to end it is gone."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        ruling = _ending(ruling_id, by=by)
        _update(
            ruling,
            {"end_proposed_by": ruling.end_proposed_by},
            {"end_reason": "", "end_proposed_by": "", "end_proposed_at": None},
        )
        record("ruling.end_refused", by=by, now=now, subject=f"ruling:{ruling.pk}")
    return ruling


def approve_end(*, ruling_id: int, by: str, now: datetime) -> Ruling:
    """End the ruling now; the citizen's code is at once what it is without it."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        hold_effective_codes()
        ruling = _ending(ruling_id, by=by)
        ended = {"state": "ended", "ended_by": by, "ended_at": now}
        _update(ruling, {"end_proposed_by": ruling.end_proposed_by}, ended)
        settle_citizens([ruling.citizen_id], now=now, ruling_id=ruling.pk)
        record("ruling.ended", by=by, now=now, subject=f"ruling:{ruling.pk}")
    return ruling


def expire_rulings(*, now: datetime) -> int:
    """End the rulings whose day has come, without waiting for the run; how many."""
    today = current_city().day_of(now)
    with transaction.atomic():
        hold_effective_codes()
        over = list(Ruling.objects.filter(state="approved", expires_on__lte=today).order_by("pk"))
        Ruling.objects.filter(pk__in=[ruling.pk for ruling in over]).update(state="ended", ended_at=now)
        for ruling in over:
            settle_citizens([ruling.citizen_id], now=now, ruling_id=ruling.pk)
        record_all([Act("ruling.expired", f"ruling:{ruling.pk}") for ruling in over], by="system", now=now)
    return len(over)


def _in_force(ruling_id: int) -> Ruling:
    ruling = Ruling.objects.filter(pk=ruling_id).first()
    if ruling is None:
        raise NotFound
    if ruling.state != "approved":
        raise Refused(Reason.NOT_IN_FORCE)
    return ruling


def _ending(ruling_id: int, *, by: str) -> Ruling:
    ruling = _in_force(ruling_id)
    if not ruling.end_proposed_by:
        raise Refused(Reason.END_NOT_PROPOSED)
    if ruling.end_proposed_by == by:
        raise Refused(Reason.SAME_PERSON)
    return ruling


def _update(ruling: Ruling, expected: dict[str, object], changes: dict[str, object]) -> None:
    if Ruling.objects.filter(pk=ruling.pk, state="approved", **expected).update(**changes) != 1:
        raise MovedMeanwhile
    for name, value in changes.items():
        setattr(ruling, name, value)
