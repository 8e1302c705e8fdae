"""A citizen's appeal: filed against one hit, withdrawn within ten minutes, objected to after a denial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from codes.effective import effective_code
from codes.models import Appeal, Case, Citizen, Fact, Ruling
from codes.review.appeals.policy import Target, check_appeal, targets_of
from codes.review.cases.deadlines import deadlines_of
from codes.review.cases.move import Step, acts_of, find_case, move, note
from codes.review.cases.transitions import Verb
from codes.review.errors import Reason
from codes.review.evidence.files import attach
from codes.review.permissions import require, require_own
from codes.review.proposals.ruling_policy import check_text
from regions.journal.record import record, record_all
from regions.refusals import NotFound, Refused
from regions.tenancy import current_city

WITHDRAW_WITHIN = timedelta(minutes=10)
OBJECT_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Filed:
    """The content of the confirmation page: the case's number, the end of the time for withdrawal, and the deadlines of
    the case.
    """

    case_id: int
    number: str
    withdraw_until: datetime
    first_look_by: datetime | None
    answer_by: datetime


def file_appeal(
    *,
    citizen: Citizen,
    provider: str,
    rule: str,
    fact_id: int,
    reason_code: str,
    by: str,
    now: datetime,
    text: str = "",
    tested_on: date | None = None,
    evidence_ids: Sequence[int] = (),
) -> Filed:
    """File an appeal against a hit of the citizen's current verdict with a provider (its code).

    ``evidence_ids``: drafts kept by ``evidence.keep_upload``. Raises ``Refused``, with what to do instead if no appeal
    helps.
    """
    require(by, Verb.FILE)
    require_own(by, citizen)
    text = check_text(text)
    with transaction.atomic():
        today = current_city().day_of(now)
        # Before the checks: of two appeals that a citizen files at once, the second finds the first.
        number = Case.objects.next_number("A", today)
        target = _target(citizen, provider, rule, fact_id, now=now)
        check_appeal(
            kind=target.kind,
            reason_code=reason_code,
            text=text,
            files=len(set(evidence_ids)),
            tested_on=tested_on,
            anchor=target.anchor,
            today=today,
            about=target.about,
        )
        case = _open_case(number, citizen, target, now=now)
        appeal = Appeal.objects.create(
            case=case,
            provider_id=target.provider_id,
            rule=rule,
            fact_id=fact_id,
            reason_code=reason_code,
            text=text,
            tested_on=tested_on,
            colour=effective_code(citizen.pk, now=now).colour,
            filed_by=by,
            filed_at=now,
            withdraw_until=now + WITHDRAW_WITHIN,
        )
        files = attach(evidence_ids, case=case, by=by)
        data = {"provider": provider, "rule": rule, "fact": fact_id, "reason_code": reason_code, "files": files}
        note(case, Verb.FILE, by=by, now=now, data=data)
        record("case.filed", by=by, now=now, subject=f"case:{case.number}", data=data)
    return Filed(case.pk, case.number, appeal.withdraw_until, case.first_look_due_at, case.due_at)


def withdraw(*, case_id: int, by: str, now: datetime) -> Case:
    require(by, Verb.WITHDRAW)
    with transaction.atomic():
        case, appeal = _own_appeal(case_id, by=by)
        if now > appeal.withdraw_until:
            raise Refused(Reason.WITHDRAWAL_OVER)
        acts = acts_of([Step(case, Verb.WITHDRAW, changes={"outcome": "withdrawn"})], by=by, now=now)
        Ruling.objects.waiting().filter(case=case).update(state=Ruling.State.WITHDRAWN, ended_at=now)
        record_all(acts, by=by, now=now)
    return case


def log_disagreement(*, case_id: int, text: str, by: str, now: datetime) -> Case:
    """Record that the citizen does not accept the denial. The text is kept with the case for the next official who reads it."""
    require(by, Verb.LOG_DISAGREEMENT)
    text = check_text(text, required=True)
    with transaction.atomic():
        case, appeal = _own_appeal(case_id, by=by)
        if case.closed_at is not None and now > case.closed_at + OBJECT_WITHIN:
            raise Refused(Reason.DISAGREEMENT_OVER)
        move(case, Verb.LOG_DISAGREEMENT, by=by, now=now)
        Appeal.objects.filter(pk=appeal.pk).update(disagreement=text)
    return case


def _target(citizen: Citizen, provider: str, rule: str, fact_id: int, *, now: datetime) -> Target:
    """Return the hit that is appealed against.

    Raises ``Refused`` if the hit does not hold the code, or if an appeal is open already.
    """
    if not Fact.objects.filter(pk=fact_id, citizen=citizen).exists():
        raise NotFound
    wanted = (provider, rule, fact_id)
    found = [one for one in targets_of(citizen) if (one.provider, one.rule, one.fact_id) == wanted]
    standing = effective_code(citizen.pk, now=now)
    if not found or (standing.colour, standing.because) == ("green", "ruling"):
        raise Refused(Reason.NOTHING_TO_APPEAL)
    if Case.objects.open().filter(citizen=citizen, kind=Case.Kind.APPEAL).exists():
        raise Refused(Reason.APPEALED_ALREADY)
    return found[0]


def _open_case(number: str, citizen: Citizen, target: Target, *, now: datetime) -> Case:
    due = deadlines_of(target.colour, opened_at=now)
    last = Case.objects.filter(citizen=citizen, kind=Case.Kind.APPEAL).order_by("-pk").first()
    return Case.objects.create(
        number=number,
        kind=Case.Kind.APPEAL,
        citizen=citizen,
        severity=target.colour,
        follows=last,
        opened_at=now,
        due_at=due.answer,
        first_look_due_at=due.first_look,
    )


def _own_appeal(case_id: int, *, by: str) -> tuple[Case, Appeal]:
    case = find_case(case_id)
    appeal = Appeal.objects.filter(case=case).first()
    if appeal is None:
        raise NotFound
    require_own(by, case.citizen)
    return case, appeal
