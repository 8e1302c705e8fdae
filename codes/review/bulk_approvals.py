"""Approving many proposals at once: those that turn nobody's code stricter; the rest wait for a look of their own."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from codes.effective import effective_codes, hold_effective_codes, settle_citizens
from codes.models import Case, CaseState, Ruling
from codes.review.bulk import BULK_LIMIT, Handled, turns_no_stricter
from codes.review.moves import move_all, record_many
from codes.review.permissions import require
from codes.review.refusals import Reason
from codes.review.ruling_policy import uncovered
from codes.review.rulings import closing_steps
from codes.review.verbs import Verb
from codes.review.weighing import hits_of
from regions.refusals import Refused
from regions.tenancy import current_city


def approve_many(*, ruling_ids: Sequence[int], by: str, now: datetime) -> Handled:
    """Put the proposals in force that others made, that are no red and no stricter, and about which nothing new is known."""
    require(by, Verb.APPROVE)
    wanted = set(ruling_ids)
    if len(wanted) > BULK_LIMIT:
        raise Refused(Reason.TOO_MANY)
    with transaction.atomic():
        hold_effective_codes()
        _lock_cases(wanted)
        proposed = Ruling.objects.filter(pk__in=wanted, state="proposed", case__state=CaseState.PROPOSED.value)
        found = list(proposed.select_for_update(of=("self",)).select_related("case").order_by("pk"))
        standing = effective_codes([ruling.citizen_id for ruling in found])
        before = {citizen: one.colour for citizen, one in standing.items()}
        rulings = _approvable(found, before, by=by, now=now)
        steps = closing_steps(rulings, before, bulk=True)
        move_all(steps, by=by, now=now)
        people = [ruling.citizen_id for ruling in rulings]
        Ruling.objects.filter(citizen__in=people, state="approved").update(state="ended", ended_at=now)
        Ruling.objects.filter(pk__in=[ruling.pk for ruling in rulings]).update(
            state="approved", decided_by=by, decided_at=now
        )
        settle_citizens(people, now=now)
        closed = [step.case for step in steps]
        record_many(Verb.APPROVE, closed, by=by, now=now, data={"rulings": len(rulings)})
    return Handled(len(rulings), len(wanted) - len(rulings))


def _lock_cases(ruling_ids: Collection[int]) -> None:
    """All that may be closed, before their rulings: as in every other action."""
    citizens = Ruling.objects.filter(pk__in=ruling_ids).values("citizen")
    list(Case.objects.open().filter(citizen__in=citizens).select_for_update().order_by("pk").values("pk"))


def _approvable(found: list[Ruling], before: dict[int, str], *, by: str, now: datetime) -> list[Ruling]:
    hits = hits_of(list(before))
    today = current_city().day_of(now)
    return [
        ruling
        for ruling in found
        if ruling.colour != "red"
        and ruling.proposed_by != by
        and ruling.expires_on > today
        and turns_no_stricter(ruling.colour, before[ruling.citizen_id])
        and not uncovered(hits[ruling.citizen_id], weighed=ruling.weighed, colour=ruling.colour)
    ]
