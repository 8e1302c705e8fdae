"""Unexpected contents of a delivery: records before the horizon, changed in place, or missing.

They are counted and listed, never deleted.

See ``docs/adr/0024-full-comparison.md``.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from regions.sources.connectors.delivery import Comparison
from regions.sources.models import Batch
from regions.sources.ranges import LISTED_A_KIND, KnownRanges
from regions.sql import compose

FIND = compose(Path(__file__).with_suffix(".sql"), "find")


def find_unexpected(
    batch: Batch, *, horizon: datetime | None, comparison: Comparison | None, known: KnownRanges | None
) -> None:
    """Count and list unexpected records, before the batch is judged, so that the officials who decide on a held batch see them.

    The counts are stored with the batch's next state. In a source's first delivery nothing is unexpected.
    """
    if horizon is None:
        return
    picked = comparison.differing if comparison and known else None
    values: dict[str, Any] = {
        "batch": batch.pk,
        "source": batch.source_id,
        "horizon": horizon,
        "full": batch.full,
        "bits": comparison.ranges.bits if comparison and picked is not None else None,
        "ranges": picked,
        "compared_with": known.ranges.as_of if known else None,
        "before": known.batch if known else None,
        "most": LISTED_A_KIND,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FIND, values)
        batch.late, batch.changed, batch.missing = cursor.fetchone()
