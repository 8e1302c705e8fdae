"""Having the city computed again because two officials decided about a record: nobody waits for the nightly run."""

import logging
from datetime import datetime

from django.db import transaction
from kombu.exceptions import OperationalError

from codes.runs.ledger import start_run
from codes.tasks import ring
from regions.tenancy import current_city

log = logging.getLogger(__name__)


def recompute_soon(*, by: str, now: datetime) -> bool:
    """Open a run over what the city holds already; false when one is under way, and the one after it will count the change."""
    run, opened = start_run(by=by, now=now, collects=False)
    schema = current_city().schema_name
    transaction.on_commit(lambda: _ring(schema, run.pk))
    return opened


def _ring(schema: str, run_id: int) -> None:
    try:
        ring(schema, run_id)
    except OperationalError as fault:  # the sweeper finds the run without a bell
        log.warning("no broker to ring at for run %s: %s", run_id, type(fault).__name__)
