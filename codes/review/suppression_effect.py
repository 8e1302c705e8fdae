"""Whose colour changes if a record does not count: the engine over a suppression that is written and taken back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from codes.engine.preview import ColourChange, preview_changes
from codes.models import Fact, Run, Suppression


def effect_of_suppression(versions: Sequence[Fact], *, now: datetime) -> Sequence[ColourChange]:
    """Who would change colour with which provider if the record were wrong from now on. Nothing stays written.

    ``versions``: all of the record. Beside it counts what has arrived since the last settled run; before the first one there is
    no colour to change.
    """
    run = Run.objects.filter(state__in=Run.SETTLED).order_by("-pk").first()
    if run is None or not versions:
        return []
    newest = versions[-1]
    record = {"record_id": newest.record_id, "source_id": newest.source_id, "provider_id": newest.provider_id}
    about = sorted({version.citizen_id for version in versions})
    with transaction.atomic():
        Suppression.objects.create(
            **record,
            state="approved",
            reason_code="preview",
            proposed_by="preview",
            proposed_at=now,
            decided_by="preview of",
            decided_at=now,
        )
        changes = preview_changes(run, about, known_at=now)
        transaction.set_rollback(True)
    return changes
