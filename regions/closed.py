"""A database that takes no writes: a standby that serves alone, or one that was closed because its disk is full.

What is only shown goes on (``docs/adr/0062-showing-goes-on.md``). The few writes on its way are left out, each by name.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InternalError, transaction
from psycopg2.errors import ReadOnlySqlTransaction

# When to ask again for what has to be written.
ASK_AGAIN_SECONDS = 60

log = logging.getLogger(__name__)


def is_closed(error: BaseException) -> bool:
    """Whether this is what a write meets there."""
    return isinstance(error.__cause__, ReadOnlySqlTransaction)


@contextmanager
def left_out_while_closed(what: str) -> Iterator[None]:
    """Do the block whole, or not at all where the database takes no writes; ``what`` is left out then, the log says so."""
    try:
        with transaction.atomic():
            yield
    except InternalError as error:
        if not is_closed(error):
            raise
        log.warning("%s left out: the database takes no writes", what)
