"""PostgreSQL's advisory locks, by name: each city has its own, and ``public`` too."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.transaction import TransactionManagementError

# All 64 bits of a key come from both names, so that no two locks wait for each other by accident.
KEY = "hashtextextended(%s, hashtextextended(current_schema(), 0))"
# For what is sent with other statements, as one transaction with them: the parameter ``lock`` is the name.
TAKE_LOCK = f"SELECT pg_advisory_xact_lock({KEY % '%(lock)s'})"
TRY_LOCK = f"SELECT pg_try_advisory_lock(key), key FROM (SELECT {KEY}) AS named(key)"  # noqa: S608 - of ours


def advisory_lock(name: str) -> None:
    """Wait for the current schema's lock of this name, held until the transaction ends. Raises ``TransactionManagementError``."""
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"the lock {name!r} outside a transaction")
    with connection.cursor() as cursor:
        cursor.execute(TAKE_LOCK, {"lock": name})


@contextmanager
def session_lock(name: str) -> Iterator[bool]:
    """Whether the lock could be had at once; if so, it is held for the block, and a killed process lets go by itself."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, [name])
        taken, key = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
