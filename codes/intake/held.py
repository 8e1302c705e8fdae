"""A full delivery that is empty or shrank waits for two people: a source manager asks for its release, an approver decides.

Taking it moves the horizon as if all were well, so it takes two; giving it up leaves everything as it was, and takes one.
"""

from datetime import datetime

from django.db import transaction

from codes.intake.source_facts import accept
from regions.journal.record import record
from regions.proposals import require_another, require_role
from regions.refusals import MovedMeanwhile
from regions.sources import batches
from regions.sources.batch_reasons import BatchReason
from regions.sources.models import Batch
from regions.staff.roles import Role


def release(batch_id: int, *, by: str, now: datetime) -> Batch:
    """Ask for a held batch's release; called again by an approver, take it. Raises ``Refused``.

    A batch that a later one has outrun in the meantime comes back refused with its reason.
    """
    with transaction.atomic():
        batch = _held(batch_id)
        if not batch.release_asked_by:
            return _ask(batch, by=by, now=now)
        require_role(by, Role.APPROVER)
        require_another(by, proposed_by=batch.release_asked_by)
        if reason := batches.clock_fault(batch, now=now):
            batches.refuse(batch, reason, by=by, now=now)
            return batch
        batch.released_by, batch.released_at = by, now
        record("batch.released", by=by, now=now, subject=_subject(batch), data=_told(batch))
        accept(batch, by=by, now=now)
    return batch


def discard(batch_id: int, *, by: str, now: datetime) -> Batch:
    """Give a held batch up: nothing of it is taken. Raises ``Refused``."""
    require_role(by, Role.SOURCE_MANAGER, Role.APPROVER)
    with transaction.atomic():
        batch = _held(batch_id)
        batches.refuse(batch, BatchReason.DISCARDED, by=by, now=now)
    return batch


def _ask(batch: Batch, *, by: str, now: datetime) -> Batch:
    require_role(by, Role.SOURCE_MANAGER)
    batch.release_asked_by, batch.release_asked_at = by, now
    batch.save(update_fields=["release_asked_by", "release_asked_at"])
    record("batch.release_asked", by=by, now=now, subject=_subject(batch), data=_told(batch))
    return batch


def _held(batch_id: int) -> Batch:
    waiting = Batch.objects.select_for_update(of=("self",)).select_related("source")
    found = waiting.filter(pk=batch_id, state=Batch.State.HELD).first()
    if found is None:
        raise MovedMeanwhile
    return found


def _subject(batch: Batch) -> str:
    return f"source:{batch.source.code}"


def _told(batch: Batch) -> dict[str, int | str]:
    return {"batch": batch.pk, "asked_by": batch.release_asked_by}
