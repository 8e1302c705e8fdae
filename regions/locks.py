"""PostgreSQL's advisory locks by name. Each city has its own locks, and so has ``public``."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.transaction import TransactionManagementError

# Both names determine all 64 bits of a key, so that two locks do not collide.
KEY = "hashtextextended(%s, hashtextextended(current_schema(), 0))"
# For sending with other statements, in one transaction with them: the parameter ``lock`` is the name.
TAKE_LOCK = f"SELECT pg_advisory_xact_lock({KEY % '%(lock)s'})"
TRY_LOCK = f"SELECT pg_try_advisory_lock(key), key FROM (SELECT {KEY}) AS named(key)"  # noqa: S608 - of ours


def advisory_lock(name: str) -> None:
    """Wait for the current schema's lock of this name and hold it until the transaction ends.

    Raises ``TransactionManagementError`` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"the lock {name!r} outside a transaction")
    with connection.cursor() as cursor:
        cursor.execute(TAKE_LOCK, {"lock": name})


@contextmanager
def session_lock(name: str) -> Iterator[bool]:
    """Yield whether the lock was free. If so, hold it for the block; PostgreSQL releases it if the process is killed."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, [name])
        taken, key = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
