"""Proposing one ruling for many cases of one cause: only ever a lighter colour, and one journal entry that says how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from codes.effective import effective_codes, hold_effective_codes
from codes.models import Case, Ruling
from codes.models.case import UNDECIDED
from codes.review.assignments import hold
from codes.review.bulk import BULK_LIMIT, Handled, turns_no_stricter
from codes.review.grounds import check_documents
from codes.review.moves import Step, move_all, record_many
from codes.review.permissions import require
from codes.review.queue import CaseFilter, open_cases
from codes.review.refusals import Reason
from codes.review.ruling_policy import Weighed, check_ruling, check_text
from codes.review.verbs import Verb
from codes.review.weighing import hits_of, weighed_in
from regions.refusals import Refused
from regions.tenancy import current_city


@dataclass(frozen=True, slots=True)
class Draft:
    """What is proposed for everybody alike."""

    colour: str
    reason_code: str
    reason: str
    evidence: list[str]
    expires_on: date

    def ruling(self, case: Case, weighed: Weighed, *, by: str, now: datetime) -> Ruling:
        """The unsaved ruling for one case; each weighs its own citizen's hits."""
        return Ruling(
            citizen_id=case.citizen_id,
            case=case,
            colour=self.colour,
            reason_code=self.reason_code,
            reason=self.reason,
            evidence=self.evidence,
            weighed=weighed,
            expires_on=self.expires_on,
            proposed_by=by,
            proposed_at=now,
        )


def propose_many(
    *,
    chosen: CaseFilter,
    colour: str,
    reason_code: str,
    documents: Sequence[str],
    expires_on: date,
    by: str,
    now: datetime,
    reason: str = "",
) -> Handled:
    """Propose a green or yellow for every undecided case of the filter that nobody else holds and that it makes no stricter.

    ``documents``: ``document:<number>`` references that stand for all of them. Approval is as for any other ruling.
    """
    require(by, Verb.PROPOSE)
    if colour == "red":
        raise Refused(Reason.NO_BULK_RED)
    today = current_city().day_of(now)
    evidence = check_documents(documents)
    check_ruling(colour=colour, reason_code=reason_code, expires_on=expires_on, evidence=evidence, today=today)
    draft = Draft(colour, reason_code, check_text(reason), evidence, expires_on)
    with transaction.atomic():
        hold_effective_codes()
        found = list(open_cases(chosen, now=now).select_for_update(of=("self",)).order_by("pk")[: BULK_LIMIT + 1])
        if len(found) > BULK_LIMIT:
            raise Refused(Reason.TOO_MANY)
        cases = _proposable(found, colour, by=by)
        _write(cases, draft, by=by, now=now)
        said = {"colour": colour, "reason_code": reason_code, "expires_on": str(expires_on)}
        record_many(Verb.PROPOSE, cases, by=by, now=now, data={**said, "filter": chosen.as_json()})
    return Handled(len(cases), len(found) - len(cases))


def _proposable(found: list[Case], colour: str, *, by: str) -> list[Case]:
    """One case a citizen, undecided, free or one's own, nothing proposed yet, and no stricter for it."""
    citizens = {case.citizen_id for case in found}
    taken = set(Ruling.objects.filter(citizen__in=citizens, state="proposed").values_list("citizen_id", flat=True))
    effective = effective_codes(citizens)
    kept: dict[int, Case] = {}
    for case in found:
        free = case.state in UNDECIDED and case.assigned_to in ("", by) and case.citizen_id not in taken
        if free and turns_no_stricter(colour, effective[case.citizen_id].colour):
            kept.setdefault(case.citizen_id, case)
    return list(kept.values())


def _write(cases: list[Case], draft: Draft, *, by: str, now: datetime) -> None:
    hits = hits_of({case.citizen_id for case in cases})
    Ruling.objects.bulk_create(
        [draft.ruling(case, weighed_in(hits[case.citizen_id]), by=by, now=now) for case in cases], batch_size=1000
    )
    data: dict[str, Any] = {
        "colour": draft.colour,
        "reason_code": draft.reason_code,
        "expires_on": str(draft.expires_on),
    }
    data |= {"evidence": len(draft.evidence), "bulk": True}
    steps = [Step(case, Verb.PROPOSE, data=data, changes=hold(case, by=by, now=now)) for case in cases]
    move_all(steps, by=by, now=now)
