"""Approving many proposals at once: those that turn nobody's code stricter; the rest wait for a look of their own."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from codes.effective import effective_codes, hold_effective_codes, settle_citizens
from codes.models import Case, CaseEvent, CaseState, InformationRequest, Ruling
from codes.review.bulk import BULK_LIMIT, Handled, numbers_digest, turns_no_stricter
from codes.review.life import moves_from
from codes.review.permissions import require
from codes.review.refusals import Reason
from codes.review.ruling_policy import uncovered
from codes.review.rulings import effect_of
from codes.review.verbs import Verb
from codes.review.weighing import hits_of
from regions.journal.record import record
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
        proposed = Ruling.objects.filter(pk__in=wanted, state="proposed", case__state=CaseState.PROPOSED.value)
        found = list(proposed.select_for_update(of=("self",)).select_related("case").order_by("pk"))
        standing = effective_codes([ruling.citizen_id for ruling in found])
        before = {citizen: one.colour for citizen, one in standing.items()}
        rulings = _approvable(found, before, by=by, now=now)
        closed = _close_cases(rulings, before, by=by, now=now)
        people = [ruling.citizen_id for ruling in rulings]
        Ruling.objects.filter(citizen__in=people, state="approved").update(state="ended", ended_at=now)
        Ruling.objects.filter(pk__in=[ruling.pk for ruling in rulings]).update(
            state="approved", decided_by=by, decided_at=now
        )
        settle_citizens(people, now=now)
        data = {"rulings": len(rulings), "cases": len(closed), "numbers": numbers_digest(closed)}
        record("case.bulk_approved", by=by, now=now, data=data)
    return Handled(len(rulings), len(wanted) - len(rulings))


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


def _close_cases(rulings: list[Ruling], before: dict[int, str], *, by: str, now: datetime) -> list[Case]:
    """Close each ruling's case and its citizen's others, as ``rulings.close_by_ruling`` does for one."""
    by_citizen = {ruling.citizen_id: ruling for ruling in rulings}
    closed: list[Case] = []
    ends: dict[tuple[str, str], list[int]] = defaultdict(list)
    events = []
    for case in Case.objects.filter(citizen__in=by_citizen, closed_at__isnull=True).select_for_update().order_by("pk"):
        ruling = by_citizen[case.citizen_id]
        verb = Verb.APPROVE if case.pk == ruling.case_id else Verb.SETTLE_BY_RULING
        effect = effect_of(ruling.colour, before[case.citizen_id])
        when = effect if case.kind == Case.Kind.APPEAL else ""
        rows = [row for row in moves_from(case.kind, case.state, verb) if row.when == when]
        if not rows:  # an appeal that another case's ruling brings nothing
            continue
        closed.append(case)
        ends[rows[0].becomes.value, ruling.colour].append(case.pk)
        data = {"ruling": ruling.pk, "colour": ruling.colour, "before": before[case.citizen_id], "bulk": True}
        events.append(CaseEvent(case=case, at=now, by=by, verb=verb.value, data=data))
    for (state, colour), cases in ends.items():
        Case.objects.filter(pk__in=cases).update(state=state, closed_at=now, paused_at=None, outcome=colour)
    CaseEvent.objects.bulk_create(events, batch_size=1000)
    InformationRequest.objects.filter(case__in=closed, state="open").update(state="dropped", closed_at=now)
    return closed
