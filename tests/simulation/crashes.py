"""Crashes at drawn points: an error of the database, or the death of the whole process, before or after any statement of the work."""

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
# A run does some hundreds; beyond its last one nothing happens.
STATEMENTS = 400
# No lease of the ledger is longer.
LEASES_ARE_OVER = timedelta(minutes=11)
SECONDS_TO_NOTICE = 30
ERROR, DEATH = "crashes", "deaths"
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@dataclass
class Bomb:
    """Goes off at the n-th statement within the work's transactions. Between two of them is after the one and before the other."""

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
    """Do it, at most so often interrupted and then taken up by another process; how often it was, and by what."""
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
    """Whether the process that does it dies; else it has done it."""

    def process() -> None:
        with connection.execute_wrapper(bomb):
            work(now)

    connection.close()  # a session belongs to one process
    with warnings.catch_warnings():
        # From 3.12 on: other threads may hold locks. Those of the stand-ins wait for requests.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        worker = get_context("fork").Process(target=process)
        worker.start()
    worker.join()
    assert worker.exitcode in (0, -signal.SIGKILL), "the work failed in its process"
    _wait_for_its_session_to_end()
    return worker.exitcode != 0


def _wait_for_its_session_to_end() -> None:
    """The server notices a death in its own time; a month does not depend on how soon."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL"
    with connection.cursor() as cursor:
        while cursor.execute(others) or cursor.fetchone() != (1,):
            assert time.monotonic() < deadline, "the session of a dead process goes on"
            time.sleep(0.01)
