"""Errors of a database that accepts no writes: a standby in use alone, or one made read-only because its disk is full.

Codes are still shown (``docs/adr/0062-showing-goes-on.md``). The few writes this involves are skipped, each by name.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import InternalError, connection, transaction
from psycopg2.errors import ReadOnlySqlTransaction

# Seconds after which a client should retry a request that has to write.
ASK_AGAIN_SECONDS = 60

log = logging.getLogger(__name__)


def is_closed(error: BaseException) -> bool:
    """Return whether the error is that of a write to such a database."""
    return isinstance(error.__cause__, ReadOnlySqlTransaction)


@contextmanager
def left_out_while_closed(what: str) -> Iterator[None]:
    """Run the block, which executes one string of statements. If the database accepts no writes, skip it and log ``what``."""
    try:
        # Outside a transaction the string is a transaction by itself; an explicit one would send BEGIN and COMMIT in addition.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    except InternalError as error:
        if not is_closed(error):
            raise
        log.warning("%s left out: the database takes no writes", what)
