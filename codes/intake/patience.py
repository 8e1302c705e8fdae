"""Not waiting for ever: a page or a call that needs the intake gives up when a batch holds it for long."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg2.errorcodes import LOCK_NOT_AVAILABLE


class IntakeBusy(RuntimeError):
    """The intake is held by another; nothing of what was asked last has been stored. Ask again."""


@contextmanager
def patience(*, seconds: int) -> Iterator[None]:
    """Wait so long for any lock in the block. Raises ``IntakeBusy``."""
    _set_lock_timeout(f"{seconds}s")
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise IntakeBusy from error
        raise
    finally:
        _set_lock_timeout("0")


def _set_lock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])
