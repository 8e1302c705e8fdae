"""The daily sweep of a city: class by class and batch by batch, each batch with its journal entry in one short transaction.

It can be interrupted at any moment: each call finds the expired rows anew, and continues a class that was begun.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from psycopg2 import sql

from regions.actors import SYSTEM
from regions.attempts import attempt
from regions.cluster import on_node
from regions.journal.record import record
from regions.leased_jobs import DIED, Clock, claim_job, error_fault, sweep
from regions.retention.classes import DataClass, Step, data_classes
from regions.retention.models import RetentionSweep
from regions.tenancy import current_city

SWEPT = "retention.swept"
State = RetentionSweep.State


def sweep_waiting(*, now: datetime) -> list[int]:
    """Return the sweeps a worker should claim: today's if it has not ended, and those that a worker left unfinished."""
    RetentionSweep.objects.get_or_create(day=current_city().day_of(now), defaults={"started_at": now})
    return sweep(RetentionSweep.objects.all(), now=now, give_up=lambda one: _end_badly(one, *DIED, now=now))


def carry_out(sweep_id: int, *, clock: Clock) -> bool:
    """Sweep every class this sweep has not done yet. Return whether this call finished it. Call in a city and in no transaction."""
    job = claim_job(RetentionSweep.objects.filter(pk=sweep_id), now=clock())
    if job is None:
        return False
    with attempt(job, lambda error: _failed(job, error, now=clock()), clock=clock):
        for one in data_classes():
            if one.steps and one.name not in job.found:
                now = clock()
                rows = sweep_class(one, now=now)
                job.found = {**job.found, one.name: {"rows": rows, **standing(one, now=now)}}
                job.mine().update(found=job.found)
    return job.leave(State.DONE, ended_at=clock())


def sweep_public(*, now: datetime) -> int:
    """Sweep the tables in ``public``: operators' sessions and sign-in attempts. Return the number of rows. Call in no city."""
    return sum(sweep_class(one, now=now) for one in data_classes())


def sweep_class(one: DataClass, *, now: datetime) -> int:
    """Delete or clear all expired rows that are no longer needed. Return their number. Call in a city or in ``public``."""
    return sum(_sweep_step(one, number, step, now=now) for number, step in steps_here(one))


def steps_here(one: DataClass) -> list[tuple[int, Step]]:
    """Return the steps whose tables the current schema has."""
    present = set(connection.introspection.table_names())
    return [(number, step) for number, step in enumerate(one.steps) if step.table in present]


def standing(one: DataClass, *, now: datetime) -> dict[str, Any]:
    """Return the oldest row of the class, and the number of rows that have expired and are still needed."""
    oldest: list[datetime] = []
    needed = 0
    for _, step in steps_here(one):
        statement = sql.SQL(
            "SELECT min({age}), count(*) FILTER (WHERE ({age}) < %(limit)s) FROM {table} t WHERE {present}"
        ).format(age=sql.SQL(step.age), table=sql.Identifier(step.table), present=sql.SQL(step.present))
        with connection.cursor() as cursor:
            cursor.execute(statement, {"limit": limit_of(one, now)})
            first, past = cursor.fetchone()
        oldest += [first] if first else []
        needed += past
    return {"needed": needed, "oldest": min(oldest).isoformat() if oldest else None}


def limit_of(one: DataClass, now: datetime) -> datetime:
    """Return the instant before which rows have expired."""
    return now - timedelta(days=one.days or 0)


def _sweep_step(one: DataClass, number: int, step: Step, *, now: datetime) -> int:
    total = 0
    while rows := _sweep_batch(one, number, step, now=now):
        total += rows
    return total


def _sweep_batch(one: DataClass, number: int, step: Step, *, now: datetime) -> int:
    """Sweep one batch of rows, and write their journal entry in the same transaction. Return the number of rows."""
    limit = limit_of(one, now)
    here = sql.SQL(on_node("journal_journalentry"))
    call = sql.SQL("SELECT swept, told {} CROSS JOIN {}(%s)").format(here, sql.Identifier(one.function(number)))
    with transaction.atomic():
        if one.before:
            one.before(now)
        with connection.cursor() as cursor:
            cursor.execute(call, [limit])
            rows = cursor.fetchall()
        if rows:
            told = one.after([text for _, text in rows if text is not None]) if one.after else {}
            record(
                SWEPT,
                by=SYSTEM,
                now=now,
                subject=f"data:{one.name}",
                data={**_tombstone(step, [key for key, _ in rows]), "older_than": limit.isoformat(), **told},
            )
    return len(rows)


def _tombstone(step: Step, keys: list[str]) -> Mapping[str, Any]:
    """Return the journal data about swept rows: their table, their number and a digest of their keys."""
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()
    return {"table": step.table, "rows": len(keys), "cleared": sorted(step.clear), "digest": digest}


def _failed(job: RetentionSweep, error: Exception, *, now: datetime) -> None:
    if not job.give_back():
        _end_badly(job, *error_fault(error), now=now)


def _end_badly(job: RetentionSweep, fault: Any, params: Mapping[str, Any], *, now: datetime) -> None:
    with transaction.atomic():
        if job.leave(State.FAILED, ended_at=now, fault=fault.value, params=params):
            record("retention.failed", by=SYSTEM, now=now, subject="city", data={"day": str(job.day)})
