"""From an accepted batch to citizens and facts, in a few statements over the whole of it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.intake.citizens import REF_LETTERS, hold_intake
from regions.sources.batches import close_accepted
from regions.sources.models import Batch
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
NEW_CITIZENS = compose(SQL, "new_citizens", ref_letters=REF_LETTERS)

MISSING_NAMES = compose(SQL, "missing_names")

NEW_VERSIONS = compose(SQL, "new_versions")


def accept(batch: Batch, *, by: str, now: datetime) -> None:
    """Make facts of the batch's staged records and move the source's horizon, all in one transaction."""
    values: dict[str, Any] = {"batch": batch.pk, "source": batch.source_id, "now": now}
    with transaction.atomic():
        hold_intake()
        with connection.cursor() as cursor:
            cursor.execute(NEW_CITIZENS, values)
            cursor.execute(MISSING_NAMES, values)
            cursor.execute(NEW_VERSIONS, values)
            stored, wanted = cursor.fetchone()
        if stored != wanted:
            raise RuntimeError(f"batch {batch.pk}: {stored} of {wanted} versions found their citizen")
        close_accepted(batch, accepted=stored, by=by, now=now)
