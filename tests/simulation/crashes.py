"""Crashes at drawn points: an error of the database, or a process that is killed, before or after any statement of the work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connection

from tests.worlds.dice import Dice

T = TypeVar("T")
# A run does some hundreds; beyond its last one nothing happens.
STATEMENTS = 400
# No lease of the ledger is longer.
LEASES_ARE_OVER = timedelta(minutes=11)
# Here transactions are savepoints of one large one, which an error in these would break; their neighbours are tried.
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class Killed(BaseException):
    """The process is gone: nothing catches this, and what it had not committed is undone."""


@dataclass
class Bomb:
    """``depth``: of the transaction around the simulation. Between the city's own, what the next one begins with is tried instead."""

    left: int
    error: type[BaseException]
    after: bool
    depth: int = field(default_factory=lambda: len(connection.savepoint_ids))

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        between = len(connection.savepoint_ids) <= self.depth
        if between or sql.startswith(OF_TRANSACTIONS):
            return execute(sql, params, many, context)
        self.left -= 1
        if self.left == 0 and not self.after:
            raise self.error("simulated")
        done = execute(sql, params, many, context)
        if self.left == 0:
            raise self.error("simulated")
        return done


def draw_bomb(dice: Dice, statements: int = STATEMENTS) -> AbstractContextManager[None]:
    error = dice.pick((OperationalError, Killed))
    return connection.execute_wrapper(Bomb(dice.number(1, statements), error, dice.once_in(2)))


def work_through(dice: Dice, work: Callable[[datetime], T], *, now: datetime, crashes: int) -> tuple[T, int]:
    """Do it, at most so often interrupted and then taken up by another process; how often it was."""
    interrupted = 0
    for _ in range(crashes):
        try:
            with draw_bomb(dice):
                return work(now), interrupted
        except (OperationalError, Killed):
            interrupted += 1
            now += LEASES_ARE_OVER
    return work(now), interrupted
