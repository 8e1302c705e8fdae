"""Changing a source's settings: one source manager proposes, an approver puts it in force. The journal names columns, not values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from regions.journal.record import record
from regions.sources.change_reasons import ChangeReason
from regions.sources.collect import credential_of
from regions.sources.models import Source, SourceChange
from regions.sources.settings_check import changed, differing, seal, settings_faults
from regions.staff.roles import Role
from regions.two_people import PairReason, Refusal, require_another, require_reason, require_role


def propose(
    *,
    source_id: int,
    values: Mapping[str, Any],
    credential: str | None,
    effect: Mapping[str, Any],
    reason: str,
    by: str,
    now: datetime,
) -> SourceChange:
    """Propose new settings; nothing changes before somebody else approves. Raises ``Refusal``.

    ``values``: columns of ``settings_check.CHANGEABLE``; ``credential`` none keeps the present one; ``effect`` is what was
    found out about it, kept for whoever decides.
    """
    require_role(by, Role.SOURCE_MANAGER)
    reason = require_reason(reason)
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        new = differing(source, values)
        if not new and credential is None:
            raise Refusal(ChangeReason.CHANGES_NOTHING)
        _check(source, new, credential)
        if source.changes.filter(state=SourceChange.State.PROPOSED).exists():
            raise Refusal(ChangeReason.ANOTHER_WAITS)
        change = SourceChange.objects.create(
            source=source,
            values=new,
            before={name: getattr(source, name) for name in new},
            credential=None if credential is None else seal(credential),
            effect=dict(effect),
            reason=reason,
            proposed_by=by,
            proposed_at=now,
        )
        record("source.change_proposed", by=by, now=now, subject=_subject(change), data=_told(change))
    return change


def put_in_force(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Make the proposed settings the source's. Raises ``Refusal``, also when the source is no longer as it was."""
    require_role(by, Role.APPROVER)
    with transaction.atomic():
        change = _proposed(change_id)
        require_another(by, proposed_by=change.proposed_by)
        source = Source.objects.select_for_update().get(pk=change.source_id)
        if any(getattr(source, name) != value for name, value in change.before.items()):
            raise Refusal(ChangeReason.SETTINGS_MOVED)
        candidate = changed(source, change.values, bytes(change.credential) if change.credential else None)
        credential = credential_of(candidate) if change.credential else None
        _check(source, change.values, credential)
        candidate.save()
        _decide(change, SourceChange.State.IN_FORCE, by=by, now=now)
        record("source.changed", by=by, now=now, subject=_subject(change), data=_told(change))
    return change


def refuse(change_id: int, *, reason: str, by: str, now: datetime) -> SourceChange:
    """Leave the source as it is. Raises ``Refusal``."""
    require_role(by, Role.APPROVER)
    reason = require_reason(reason)
    with transaction.atomic():
        change = _proposed(change_id)
        require_another(by, proposed_by=change.proposed_by)
        _decide(change, SourceChange.State.REFUSED, by=by, now=now, reason=reason)
        record("source.change_refused", by=by, now=now, subject=_subject(change), data=_told(change))
    return change


def withdraw(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Take one's own proposal back. Raises ``Refusal``."""
    require_role(by, Role.SOURCE_MANAGER)
    with transaction.atomic():
        change = _proposed(change_id)
        if change.proposed_by != by:
            raise Refusal(PairReason.NOT_THE_PROPOSER)
        _decide(change, SourceChange.State.WITHDRAWN, by=by, now=now)
        record("source.change_withdrawn", by=by, now=now, subject=_subject(change), data=_told(change))
    return change


def _check(source: Source, values: Mapping[str, Any], credential: str | None) -> None:
    """The list of places may have become shorter since it was proposed, so this is asked at both times."""
    faults = settings_faults(source, values, credential)
    if faults:
        raise Refusal(ChangeReason.BAD_SETTINGS, told="; ".join(map(str, faults)))


def _proposed(change_id: int) -> SourceChange:
    waiting = SourceChange.objects.select_for_update(of=("self",)).select_related("source")
    found = waiting.filter(pk=change_id, state=SourceChange.State.PROPOSED).first()
    if found is None:
        raise Refusal(PairReason.NOT_WAITING)
    return found


def _decide(change: SourceChange, state: SourceChange.State, *, by: str, now: datetime, reason: str = "") -> None:
    change.state, change.decided_by, change.decided_at, change.decision_reason = state, by, now, reason
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])


def _subject(change: SourceChange) -> str:
    return f"source:{change.source.code}"


def _told(change: SourceChange) -> dict[str, Any]:
    """Addresses and words may tell more than an auditor needs; that they changed is what is kept."""
    columns = sorted([*change.values, *(["credential"] if change.credential else [])])
    return {"change": change.pk, "columns": columns, "proposed_by": change.proposed_by}
