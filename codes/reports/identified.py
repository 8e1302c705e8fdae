"""Exports with full names and ID numbers: one person requests one and states a purpose; it is written after another confirms."""

from datetime import datetime, timedelta

from django.db import transaction

from codes.models import ExportFault, IdentifiedExport
from codes.reports.export import FileFormat
from codes.reports.jobs import ask_for_export
from codes.reports.request import CannotExport, ReportRequest, checked_purpose, request_of, require_right
from regions.actors import SYSTEM
from regions.proposals import require_another, require_operator

WAITS = timedelta(days=3)
State = IdentifiedExport.State


def propose(
    request: ReportRequest, *, file_format: FileFormat, purpose: str, by: str, now: datetime
) -> IdentifiedExport:
    """Request an identified export, for a second person to confirm. Raises ``CannotExport`` and ``MayNotIdentify``."""
    purpose = checked_purpose(purpose)
    require_right(by)
    with transaction.atomic():
        own = IdentifiedExport.objects.waiting().filter(
            report=request.report, file_format=file_format, reason=purpose, proposed_by=by
        )
        if any(request_of(one) == request for one in own):
            raise CannotExport(ExportFault.ASKED_ALREADY)
        asked = IdentifiedExport.objects.create(
            report=request.report.value,
            file_format=file_format.value,
            first=request.first,
            last=request.last,
            only=dict(request.only),
            reason=purpose,
            proposed_by=by,
            proposed_at=now,
            expires_at=now + WAITS,
        )
        asked.journal("export.identify_asked", by=by, now=now)
    return asked


def agree_at_the_machine(
    request: ReportRequest, *, file_format: FileFormat, purpose: str, by: str, operator: str, now: datetime
) -> IdentifiedExport:
    """Request an identified export by command: the account requests it, and the operator at the machine confirms.

    Raises ``CannotExport`` and ``MayNotIdentify``.
    """
    require_operator(operator)
    with transaction.atomic():
        asked = propose(request, file_format=file_format, purpose=purpose, by=by, now=now)
        asked.decide(State.APPROVED, by=operator, now=now, act="export.identify_confirmed")
    return asked


def confirm(pk: int, *, by: str, now: datetime) -> IdentifiedExport:
    """Confirm a request as the second person, and queue the export. Raises ``Refused``."""
    require_right(by)
    with transaction.atomic():
        asked = _to_decide(pk, by=by, now=now)
        asked.approve(State.APPROVED, by=by, now=now, act="export.identify_confirmed")
        ask_for_export(
            request_of(asked),
            file_format=FileFormat(asked.file_format),
            by=asked.proposed_by,
            now=now,
            confirmation=asked,
        )
    return asked


@transaction.atomic
def refuse(pk: int, *, reason: str, by: str, now: datetime) -> IdentifiedExport:
    """Refuse a request as the second person. Raises ``Refused``."""
    require_right(by)
    return _to_decide(pk, by=by, now=now).refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(pk: int, *, by: str, now: datetime) -> IdentifiedExport:
    """Withdraw one's own request. Raises ``Refused``."""
    require_right(by)
    own = IdentifiedExport.objects.locked().to_withdraw(pk, by=by)
    return own.withdraw(by=by, now=now)


def lapse_unanswered(*, now: datetime) -> int:
    """Close the requests that were not answered in time. Return their number."""
    with transaction.atomic():
        late = list(IdentifiedExport.objects.locked().waiting().filter(expires_at__lte=now).order_by("pk"))
        for asked in late:
            asked.act("export.identify_lapsed", State.LAPSED, by=SYSTEM, now=now)
    return len(late)


def _to_decide(pk: int, *, by: str, now: datetime) -> IdentifiedExport:
    asked = IdentifiedExport.objects.locked().find(pk)
    if asked.expires_at <= now:
        raise CannotExport(ExportFault.NOT_ANSWERED)
    require_another(by, proposed_by=asked.proposed_by)
    return asked
