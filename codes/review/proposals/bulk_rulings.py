"""Proposing one ruling for many cases with a common cause: only lighter colours, and one journal entry with the number
of cases.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from codes.effective import effective_codes, lock_effective_codes, settle_citizens
from codes.models import Case, CaseState, EffectiveChange, Ruling, VerdictChange
from codes.models.case import UNDECIDED
from codes.review.cases.assign import assignee_changes
from codes.review.cases.move import BULK_LIMIT, BulkResult, Step, move_all, record_many, turns_no_stricter
from codes.review.cases.queue import CaseFilter, causes_of, open_cases
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import check_documents
from codes.review.permissions import require
from codes.review.proposals.ruling_policy import (
    check_refusal,
    check_ruling,
    check_text,
    hits_of,
    uncovered,
    weighed_in,
    with_equal_versions,
)
from codes.review.proposals.rulings import State, case_of, closing_steps, rest_on_rulings, supersede
from codes.vocabulary import Cause, Colour
from regions.proposals import may_still_propose, require_another
from regions.refusals import Refused
from regions.tenancy import current_city

LIGHTER = (Colour.GREEN, Colour.YELLOW)


class Likeness(NamedTuple):
    """What the cases of one line have in common: the kind, all causes, and each provider's colour (or the one appealed
    against).
    """

    kind: str
    causes: tuple[Cause, ...]
    colours: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """A key that is the same for the same likeness in every process."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class BulkLine:
    """``people``: the number of people for whom a proposal of each colour would be made."""

    likeness: Likeness
    people: Counter[Colour]


@dataclass(frozen=True)
class BulkPreview:
    """What ``propose_many`` would do, by likeness, the most people first.

    ``left_out``: the number of cases for which no colour is proposed.
    """

    lines: list[BulkLine]
    left_out: int


def preview_many(*, chosen: CaseFilter, by: str, now: datetime) -> BulkPreview:
    """Return the preview. Raises ``Refused``."""
    require(by, Verb.PROPOSE)
    found = _found(chosen, now=now)
    cases = _decidable(found, by=by)
    colours = _effective(cases, now=now)
    people: dict[Likeness, Counter[Colour]] = {}
    proposed = 0
    for case, likeness in zip(cases, _likenesses(cases), strict=True):
        lighter = [one for one in LIGHTER if turns_no_stricter(one.value, colours[case.citizen_id])]
        if lighter:
            people.setdefault(likeness, Counter()).update(lighter)
            proposed += 1
    lines = [BulkLine(likeness, counted) for likeness, counted in people.items()]
    lines.sort(key=lambda line: (-line.people.total(), line.likeness))
    return BulkPreview(lines, len(found) - proposed)


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
    alike: Collection[str] | None = None,
) -> BulkResult:
    """Propose green or yellow for every undecided case of the filter that nobody else holds and whose colour would not
    become stricter.

    ``alike``: keys of likenesses from ``preview_many``. Cases of any other likeness are left out, including those
    opened after the preview. ``documents``: ``document:<number>`` references that apply to all cases. Approval is the
    same as for any other ruling.
    """
    require(by, Verb.PROPOSE)
    if colour == "red":
        raise Refused(Reason.NO_BULK_RED)
    today = current_city().day_of(now)
    evidence = check_documents(documents)
    check_ruling(colour=colour, reason_code=reason_code, expires_on=expires_on, evidence=evidence, today=today)
    reason = check_text(reason)
    with transaction.atomic():
        lock_effective_codes()
        found = _found(chosen, now=now, lock=True)
        cases = _proposable(found, colour, by=by, now=now, alike=alike)
        hits = hits_of({case.citizen_id for case in cases})
        rulings = [
            Ruling(
                citizen_id=case.citizen_id,
                case=case,
                colour=colour,
                reason_code=reason_code,
                reason=reason,
                evidence=evidence,
                **weighed_in(hits[case.citizen_id]),
                expires_on=expires_on,
                proposed_by=by,
                proposed_at=now,
            )
            for case in cases
        ]
        Ruling.objects.bulk_create(rulings, batch_size=1000)
        data = {"colour": colour, "reason_code": reason_code, "expires_on": str(expires_on)}
        step_data = {**data, "evidence": len(evidence), "bulk": True}
        steps = [
            Step(case, Verb.PROPOSE, data=step_data, changes=assignee_changes(case, by=by, now=now)) for case in cases
        ]
        move_all(steps, by=by, now=now)
        record_many(Verb.PROPOSE, cases, by=by, now=now, data={**data, "filter": chosen.as_json()})
    return BulkResult(len(cases), len(found) - len(cases))


def _found(chosen: CaseFilter, *, now: datetime, lock: bool = False) -> list[Case]:
    cases = open_cases(chosen, now=now).select_related("disagreement", "appeal__provider").order_by("pk")
    if lock:
        cases = cases.select_for_update(of=("self",))
    found = list(cases[: BULK_LIMIT + 1])
    if len(found) > BULK_LIMIT:
        raise Refused(Reason.TOO_MANY)
    return found


def _proposable(found: list[Case], colour: str, *, by: str, now: datetime, alike: Collection[str] | None) -> list[Case]:
    """Return the cases that can be decided, are of the selected likenesses, and get no stricter colour."""
    cases = _decidable(found, by=by)
    effective = _effective(cases, now=now)
    lighter = [case for case in cases if turns_no_stricter(colour, effective[case.citizen_id])]
    if alike is None:
        return lighter
    return [case for case, one in zip(lighter, _likenesses(lighter), strict=True) if one.key in alike]


def _decidable(found: list[Case], *, by: str) -> list[Case]:
    """Return at most one case per citizen: undecided, without another assignee, and without a waiting proposal."""
    citizens = {case.citizen_id for case in found}
    taken = set(Ruling.objects.filter(citizen__in=citizens, state=State.PROPOSED).values_list("citizen_id", flat=True))
    kept: dict[int, Case] = {}
    for case in found:
        if case.state in UNDECIDED and case.assigned_to in ("", by) and case.citizen_id not in taken:
            kept.setdefault(case.citizen_id, case)
    return list(kept.values())


def _effective(cases: Collection[Case], *, now: datetime) -> dict[int, str]:
    codes = effective_codes({case.citizen_id for case in cases}, now=now)
    return {citizen: one.colour for citizen, one in codes.items()}


def _likenesses(cases: Sequence[Case]) -> list[Likeness]:
    causes = causes_of(cases)
    return [Likeness(case.kind, tuple(sorted(causes.get(case.pk, ()))), _colours(case)) for case in cases]


def _colours(case: Case) -> tuple[tuple[str, str], ...]:
    if case.disagreement is not None:
        return tuple(sorted(case.disagreement.colours.items()))
    appeal = getattr(case, "appeal", None)
    return ((appeal.provider.code, appeal.colour),) if appeal is not None else ()


def approve_many(*, ruling_ids: Sequence[int], by: str, now: datetime) -> BulkResult:
    """Put in force the proposals of others that are neither red nor stricter, if no new hit has arrived since.

    Proposals for people whose colour has changed since are left to be decided singly, because the proposer looked at
    another state.
    """
    require(by, Verb.APPROVE)
    wanted = set(ruling_ids)
    if len(wanted) > BULK_LIMIT:
        raise Refused(Reason.TOO_MANY)
    with transaction.atomic():
        lock_effective_codes()
        _lock_cases(wanted)
        found = _waiting(wanted)
        standing = effective_codes([ruling.citizen_id for ruling in found], now=now)
        before = {citizen: one.colour for citizen, one in standing.items()}
        rulings = _approvable(found, before, by=by, now=now)
        steps = closing_steps(rulings, before, bulk=True)
        move_all(steps, by=by, now=now)
        people = [ruling.citizen_id for ruling in rulings]
        supersede(people, now=now)
        Ruling.objects.filter(pk__in=[ruling.pk for ruling in rulings]).decide(State.APPROVED, by=by, now=now)
        rest_on_rulings(steps)
        settle_citizens(people, now=now)
        closed = [step.case for step in steps]
        record_many(Verb.APPROVE, closed, by=by, now=now, data={"rulings": len(rulings)})
    return BulkResult(len(rulings), len(wanted) - len(rulings))


def take_out(*, ruling_ids: Sequence[int], reason_code: str, by: str, now: datetime, reason: str = "") -> int:
    """Refuse some of the rulings that were proposed together.

    Their cases return to their reviewers. Return the number refused.
    """
    require(by, Verb.REFUSE)
    reason = check_refusal(reason_code, reason)
    with transaction.atomic():
        _lock_cases(ruling_ids)
        found = _waiting(ruling_ids)
        for ruling in found:
            require_another(by, proposed_by=ruling.proposed_by)
        data = {"reason_code": reason_code, "bulk": True}
        steps = [Step(case_of(one), Verb.REFUSE, data={"ruling": one.pk, **data}) for one in found]
        move_all(steps, by=by, now=now)
        refused = Ruling.objects.filter(pk__in=[one.pk for one in found])
        refused.decide(State.REFUSED, by=by, now=now, reason=reason, decision_code=reason_code)
        if found:
            record_many(Verb.REFUSE, [step.case for step in steps], by=by, now=now, data={"reason_code": reason_code})
    return len(found)


def with_changed_since(proposed: QuerySet[Ruling]) -> QuerySet[Any]:
    """Annotate ``has_changed``: whether the person's colour, with a provider or in effect, has changed since the proposal."""
    asked, ended_later = {"citizen": OuterRef("citizen")}, Q(run__ended_at__gt=OuterRef("proposed_at"))
    effective = EffectiveChange.objects.filter(
        ended_later | Q(run__isnull=True, since__gt=OuterRef("proposed_at")), **asked
    )
    verdicts = VerdictChange.objects.counted().filter(ended_later, **asked)
    return proposed.annotate(has_changed=Q(Exists(effective) | Exists(verdicts)))


def _waiting(ruling_ids: Collection[int]) -> list[Ruling]:
    proposed = Ruling.objects.filter(pk__in=ruling_ids, state=State.PROPOSED, case__state=CaseState.PROPOSED.value)
    return list(proposed.select_for_update(of=("self",)).select_related("case").order_by("pk"))


def _lock_cases(ruling_ids: Collection[int]) -> None:
    """Lock all cases that may be closed before their rulings, in the same order as every other action."""
    citizens = Ruling.objects.filter(pk__in=ruling_ids).values("citizen")
    list(Case.objects.open().filter(citizen__in=citizens).select_for_update().order_by("pk").values("pk"))


def _approvable(found: list[Ruling], before: dict[int, str], *, by: str, now: datetime) -> list[Ruling]:
    hits = hits_of(list(before))
    today = current_city().day_of(now)
    weighed = with_equal_versions(found)
    proposed = Ruling.objects.filter(pk__in=[one.pk for one in found])
    changed = set(with_changed_since(proposed).filter(has_changed=True).values_list("pk", flat=True))
    proposers = {name for name in {one.proposed_by for one in found} if may_still_propose(name, *Ruling.PROPOSERS)}
    return [
        ruling
        for ruling, known in zip(found, weighed, strict=True)
        if ruling.colour != "red"
        and ruling.proposed_by != by
        and ruling.proposed_by in proposers
        and ruling.expires_on > today
        and ruling.pk not in changed
        and turns_no_stricter(ruling.colour, before[ruling.citizen_id])
        and not uncovered(hits[ruling.citizen_id], weighed=known, colour=ruling.colour)
    ]
