"""Work on a claimed row: its lease is renewed in a second thread, and an error releases or ends the row.

The lease of a worker that was killed or stopped runs out. The lease of one that hangs is renewed for ``LONGEST`` at most.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from regions.leased_jobs import Clock, Leased
from regions.tenancy import in_city

log = logging.getLogger(__name__)
# Longer than the slowest delivery of a source that is still accepted.
LONGEST = timedelta(hours=2)
RENEWALS_PER_LEASE = 3
JOIN_SECONDS = 10


@contextmanager
def attempt(row: Leased, failed: Callable[[Exception], object], *, clock: Clock) -> Iterator[None]:
    """Run the block on a claimed row. On an error, call ``failed``, which releases the row or ends it, and raise the error again."""
    try:
        with _renewed(row, clock):
            yield
    except Exception as error:
        failed(error)
        raise


@contextmanager
def _renewed(row: Leased, clock: Clock) -> Iterator[None]:
    """Renew the lease in a thread, as the work may be one long statement. The thread opens its own connection when it first needs it."""
    ended = Event()
    # django-tenants' addition to a connection is not in Django's types.
    schema: str = connection.tenant.schema_name  # type: ignore[attr-defined]
    thread = Thread(target=_renew, args=(row, clock, ended, schema), daemon=True, name="lease renewal")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(JOIN_SECONDS)


def _renew(row: Leased, clock: Clock, ended: Event, schema: str) -> None:
    pause = settings.LEASE.total_seconds() / RENEWALS_PER_LEASE
    last = time.monotonic() + LONGEST.total_seconds()
    try:
        while not ended.wait(pause) and time.monotonic() < last:
            _renew_once(row, clock, schema)
    finally:
        connection.close()


def _renew_once(row: Leased, clock: Clock, schema: str) -> None:
    place: Any = nullcontext() if schema == "public" else in_city(schema)
    try:
        with place:
            row.mine().update(lease_until=clock() + settings.LEASE)
    except (DatabaseError, InterfaceError) as error:
        # The next try has a new connection; if none succeeds, another worker takes the row over.
        log.warning("a lease was not renewed: %s", type(error).__name__)
        connection.close()
