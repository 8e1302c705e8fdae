"""Crashes at random points: a database error or the end of the whole process, before or after any statement of the work."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any, TypeVar

from django.db import OperationalError, connection

from tests.worlds.dice import Dice

T = TypeVar("T")
# A run executes a few hundred statements. A larger number than that causes no crash.
STATEMENTS = 400
# Longer than every lease of the ledger.
LEASES_ARE_OVER = timedelta(minutes=11)
SECONDS_TO_NOTICE = 30
ERROR, DEATH = "crashes", "deaths"
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@dataclass
class Bomb:
    """Causes the crash before or after the n-th statement within the work's transactions.

    Statements outside a transaction and savepoints are not counted: a crash there equals one after the last counted
    statement or before the next.
    """

    left: int
    goes_off: Callable[[], None]
    after: bool

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not connection.in_atomic_block or sql.startswith(OF_TRANSACTIONS):
            return execute(sql, params, many, context)
        self.left -= 1
        if self.left == 0 and not self.after:
            self.goes_off()
        done = execute(sql, params, many, context)
        if self.left == 0:
            self.goes_off()
        return done


def work_through(dice: Dice, work: Callable[[datetime], T], *, now: datetime, crashes: int) -> tuple[T, Counter[str]]:
    """Do the work, interrupted at most ``crashes`` times and continued each time by another process.

    Return the result of the work and the numbers of interruptions by kind.
    """
    interrupted: Counter[str] = Counter()
    for _ in range(crashes):
        what = dice.pick((ERROR, DEATH))
        bomb = Bomb(dice.number(1, STATEMENTS), _die if what == DEATH else _fail, dice.once_in(2))
        if not (_dies if what == DEATH else _fails)(work, now, bomb):
            break
        interrupted[what] += 1
        now += LEASES_ARE_OVER
    return work(now), interrupted


def _fail() -> None:
    raise OperationalError("simulated")


def _fails(work: Callable[[datetime], object], now: datetime, bomb: Bomb) -> bool:
    try:
        with connection.execute_wrapper(bomb):
            work(now)
    except OperationalError:
        return True
    return False


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dies(work: Callable[[datetime], object], now: datetime, bomb: Bomb) -> bool:
    """Do the work in another process. Return whether that process died; if not, the work is done."""

    def process() -> None:
        with connection.execute_wrapper(bomb):
            work(now)

    connection.close()  # a session belongs to one process
    with warnings.catch_warnings():
        # Python 3.12 and later warn because other threads may hold locks. Here they only wait for requests to the stand-ins.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        worker = get_context("fork").Process(target=process)
        worker.start()
    worker.join()
    assert worker.exitcode in (0, -signal.SIGKILL), "the work failed in its process"
    _wait_for_its_session_to_end()
    return worker.exitcode != 0


def _wait_for_its_session_to_end() -> None:
    """Wait until the server has ended the session of the dead process, so that the result does not depend on when it does."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL"
    with connection.cursor() as cursor:
        while cursor.execute(others) or cursor.fetchone() != (1,):
            assert time.monotonic() < deadline, "the session of a dead process goes on"
            time.sleep(0.01)
