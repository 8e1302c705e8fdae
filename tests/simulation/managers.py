"""Simulate source managers: two people change a source's address, and held deliveries are released or discarded."""

from __future__ import annotations

from datetime import datetime

from codes.intake import collecting
from regions.sources import changes
from regions.sources.models import Batch as BatchRow
from regions.sources.models import Source as SourceRow
from regions.sources.models import SourceChange
from tests.oracle import Batch
from tests.simulation.officials import Officials
from tests.simulation.upstream import Upstream
from tests.worlds import ZONE


def answer_held(officials: Officials, source: Upstream) -> None:
    """Discard the source's held delivery, or release it as two people. If released, its `as_of` becomes the horizon."""
    batch = BatchRow.objects.filter(source__code=source.code, state=BatchRow.State.HELD).first()
    assert (batch is not None) == source.is_held, f"{source.code}: held {source.is_held}, the portal says {batch}"
    if batch is None:
        return
    if officials.dice.once_in(2):
        officials.act("held deliveries given up", "qian", _discard, batch_id=batch.pk)
    else:
        officials.act("releases asked", "qian", _release, batch_id=batch.pk)
        officials.act("held deliveries taken", "wang", _release, batch_id=batch.pk)
        assert batch.as_of is not None
        batches = officials.record.known.batches[source.code]
        batches.append(Batch(officials.now, batch.as_of))
        source.full_on, source.full_count = batch.started_at.astimezone(ZONE).date(), 0
    source.is_held = False


def move_away(officials: Officials, source: Upstream) -> None:
    """Change the address of the same centre. The next collection is then a full one."""
    row = SourceRow.objects.get(code=source.code)
    made = officials.act("new addresses proposed", "qian", _propose, source_id=row.pk, address=f"{row.base_url}/again")
    officials.act("new addresses", "wang", _put_in_force, change_id=made.pk)
    source.full_on = None


def _discard(batch_id: int, *, by: str, now: datetime) -> object:
    return collecting.discard(batch_id, by=by, now=now)


def _release(batch_id: int, *, by: str, now: datetime) -> object:
    return collecting.release(batch_id, by=by, now=now)


def _propose(source_id: int, address: str, *, by: str, now: datetime) -> SourceChange:
    values = {"base_url": address}
    return changes.propose(
        source_id=source_id, values=values, credential=None, effect={}, reason="新地址", by=by, now=now
    )


def _put_in_force(change_id: int, *, by: str, now: datetime) -> object:
    return changes.put_in_force(change_id, by=by, now=now)
