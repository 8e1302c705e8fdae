"""Whose colour changes if records do not count: the engine over suppressions that are written and taken back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from codes.engine.preview import ColourChange, preview_changes
from codes.models import Fact, Run, Suppression


def effect_of_suppression(versions: Sequence[Fact], *, now: datetime) -> Sequence[ColourChange]:
    """Who would change colour with which provider if the record, of which these are all versions, were wrong from now on."""
    if not versions:
        return []
    newest = versions[-1]
    record = {"record_id": newest.record_id, "source_id": newest.source_id, "provider_id": newest.provider_id}
    return changes_without([record], {version.citizen_id for version in versions}, now=now)


def changes_without(
    records: Collection[dict[str, Any]], people: Collection[int], *, now: datetime
) -> Sequence[ColourChange]:
    """Who of the people would change colour if these records were ruled to be wrong now. Nothing stays written.

    ``records``: what names each in a ``Suppression``. Beside them counts what has arrived since the last settled run; before the
    first one there is no colour to change.
    """
    run = Run.objects.last_settled()
    if run is None:
        return []
    with transaction.atomic():
        Suppression.objects.bulk_create([_as_if_ruled(record, now=now) for record in records], batch_size=1000)
        changes = preview_changes(run, sorted(people), known_at=max(now, run.as_of))
        transaction.set_rollback(True)
    return changes


def _as_if_ruled(record: dict[str, Any], *, now: datetime) -> Suppression:
    return Suppression(
        **record,
        state="approved",
        reason_code="preview",
        proposed_by="preview",
        proposed_at=now,
        decided_by="preview of",
        decided_at=now,
    )
