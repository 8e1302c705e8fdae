"""A database that takes no writes: a standby that serves alone, or one that was closed because its disk is full.

What is only shown goes on (``docs/adr/0062-showing-goes-on.md``). The few writes on its way are left out, each by name.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import InternalError, connection, transaction
from psycopg2.errors import ReadOnlySqlTransaction

# When to ask again for what has to be written.
ASK_AGAIN_SECONDS = 60

log = logging.getLogger(__name__)


def is_closed(error: BaseException) -> bool:
    """Whether this is what a write meets there."""
    return isinstance(error.__cause__, ReadOnlySqlTransaction)


@contextmanager
def left_out_while_closed(what: str) -> Iterator[None]:
    """Do the block, which sends the database one text of statements; where it takes no writes ``what`` is left out, the log says so."""
    try:
        # Outside of transactions such a text is one by itself: to begin and end another around it would be sent, too.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    except InternalError as error:
        if not is_closed(error):
            raise
        log.warning("%s left out: the database takes no writes", what)
