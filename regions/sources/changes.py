"""Changing a source's settings: one source manager proposes, an approver puts it in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from regions.proposals import ProposalQuerySet, require_reason, require_role
from regions.refusals import CommonReason, Refused
from regions.sources.change_reasons import ChangeReason
from regions.sources.collect import credential_of
from regions.sources.models import Source, SourceChange
from regions.sources.settings_check import changed, differing, seal, settings_faults
from regions.staff.roles import Role

State = SourceChange.State


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
    """Propose new settings; nothing changes before somebody else approves. Raises ``Refused``.

    ``values``: columns of ``settings_check.CHANGEABLE``; ``credential`` none keeps the present one; ``effect`` is what was
    found out about it, kept for whoever decides.
    """
    require_role(by, Role.SOURCE_MANAGER)
    reason = require_reason(reason)
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        new = differing(source, values)
        if not new and credential is None:
            raise Refused(ChangeReason.CHANGES_NOTHING)
        _check(source, new, credential)
        if SourceChange.objects.waiting().filter(source=source).exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
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
        change.journal("source.change_proposed", by=by, now=now)
    return change


def put_in_force(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Make the proposed settings the source's. Raises ``Refused``, also when the source is no longer as it was."""
    with transaction.atomic():
        change = _locked().to_decide(change_id, by=by)
        source = Source.objects.select_for_update().get(pk=change.source_id)
        if any(getattr(source, name) != value for name, value in change.before.items()):
            raise Refused(ChangeReason.SETTINGS_MOVED)
        candidate = changed(source, change.values, bytes(change.credential) if change.credential else None)
        credential = credential_of(candidate) if change.credential else None
        _check(source, change.values, credential)
        candidate.save()
        change.decide(State.IN_FORCE, by=by, now=now, act="source.changed")
    return change


def refuse(change_id: int, *, reason: str, by: str, now: datetime) -> SourceChange:
    """Leave the source as it is. Raises ``Refused``."""
    require_role(by, Role.APPROVER)
    reason = require_reason(reason)
    with transaction.atomic():
        change = _locked().to_decide(change_id, by=by)
        change.decide(State.REFUSED, by=by, now=now, reason=reason, act="source.change_refused")
    return change


def withdraw(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Take one's own proposal back. Raises ``Refused``."""
    with transaction.atomic():
        change = _locked().to_withdraw(change_id, by=by)
        change.decide(State.WITHDRAWN, by=by, now=now, act="source.change_withdrawn")
    return change


def _locked() -> ProposalQuerySet[SourceChange]:
    return SourceChange.objects.locked().select_related("source")


def _check(source: Source, values: Mapping[str, Any], credential: str | None) -> None:
    """The list of places may have become shorter since it was proposed, so this is asked at both times."""
    faults = settings_faults(source, values, credential)
    if faults:
        raise Refused(ChangeReason.BAD_SETTINGS, told="; ".join(map(str, faults)))
