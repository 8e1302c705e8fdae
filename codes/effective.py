"""The effective code: ruling, agreement, policy, unknown – in this order (``docs/semantics.md`` §4)."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.engine.query import NAMED_BY_RUN
from codes.models import Run
from regions.locks import advisory_lock
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
END_EXPIRED = compose(SQL, "end_expired")

SUSPEND = compose(SQL, "suspend")

TOUCHED_BY_RUN = compose(SQL, "touched_by_run")

TOUCHED_BY_NAME = "SELECT unnest(%(citizens)s::bigint[])"


def settle_effective_codes(run: Run) -> int:
    """Bring every citizen's effective code to the run's verdicts and the rulings in force; how many changed.

    Of an amending run, the codes of the people it names.
    """
    lock_effective_codes()
    with connection.cursor() as cursor:
        cursor.execute(END_EXPIRED, {"run": run.pk})
        cursor.execute(SUSPEND, {"run": run.pk})
    touched = TOUCHED_BY_RUN if run.amends_id is None else NAMED_BY_RUN
    return _settle(touched, run, at=run.as_of, day=run.day, cause_run=run.pk)


def settle_citizens(citizens: Collection[int], *, now: datetime, ruling_id: int | None = None) -> int:
    """Bring these citizens' codes to the last settled run's verdicts and the rulings in force now; how many changed.

    ``ruling_id`` is what a change is put down to where no ruling is in force any more. Call in a transaction that began with
    ``lock_effective_codes``.
    """
    run = Run.objects.last_settled()
    today = current_city().day_of(now)
    return _settle(TOUCHED_BY_NAME, run, at=now, day=today, cause_ruling=ruling_id, citizens=sorted(set(citizens)))


def _settle(touched: str, run: Run | None, **parameters: Any) -> int:
    policy, _, preferred = current_city().interim_policy.partition(":")
    causes = {"run": run.pk if run else None, "cause_run": None, "cause_ruling": None}
    with connection.cursor() as cursor:
        cursor.execute(
            compose(SQL, "settle", touched=touched), {**causes, **parameters, "policy": policy, "preferred": preferred}
        )
        return int(cursor.fetchone()[0])


READ = compose(SQL, "read")
COUNT = compose(SQL, "count")


class CurrentCode(NamedTuple):
    """``since`` is none when no run has covered the citizen."""

    colour: str
    because: str
    since: datetime | None


def effective_code(citizen_id: int) -> CurrentCode:
    return effective_codes([citizen_id])[citizen_id]


def effective_codes(citizens: Collection[int]) -> dict[int, CurrentCode]:
    """In one query."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"citizens": list(citizens), "settled": list(Run.SETTLED)})
        return {citizen: CurrentCode(*row) for citizen, *row in cursor.fetchall()}


def count_effective_codes() -> dict[str, int]:
    """How many people the city knows of each colour, ``unknown`` among them."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"settled": list(Run.SETTLED)})
        return dict(cursor.fetchall())


def lock_effective_codes() -> None:
    """Wait for whoever changes effective codes or many cases now, and keep others waiting until this transaction ends.

    A run's settling and a person's ruling both write codes and cases; one after the other they cannot deadlock.
    """
    advisory_lock("effective codes")
