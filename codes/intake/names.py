"""The names that origins give for a citizen, and whether they can belong to one person (``docs/semantics.md`` §1).

Names do not identify: facts belong to their ID number regardless of the name they came with. If origins give clearly
different names, the person is marked ``names_differ`` for an official to check.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.models import Citizen
from regions.names import clearly_different
from regions.sources.models import Batch
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
BY_SOURCE = compose(SQL, "by_source")
TAKEN_AWAY = compose(SQL, "taken_away")
BY_PROVIDER = compose(SQL, "by_provider")
OF_BATCH_TO_COMPARE = compose(SQL, "to_compare", citizens=compose(SQL, "of_batch"))
TO_COMPARE = compose(SQL, "to_compare", citizens="SELECT unnest(%(citizens)s::bigint[])")


class DeclaredName(NamedTuple):
    citizen_id: int
    provider_id: int
    full_name: str
    stated_at: datetime


def keep_names_of_batch(batch: Batch, *, now: datetime) -> None:
    """Store the names of a batch's staged records and compare them with those of other origins.

    Call after its facts are stored.
    """
    values: dict[str, Any] = {"batch": batch.pk, "source": batch.source_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(BY_SOURCE, values)
        cursor.execute(TAKEN_AWAY, values)
        lost = [citizen for (citizen,) in cursor.fetchall()]
    _compare(OF_BATCH_TO_COMPARE, batch=batch.pk)
    if lost:
        compare_names(lost)


def keep_declared_names(declared: Iterable[DeclaredName], *, now: datetime) -> None:
    """Store the names that providers give for the people who declared. Of two declarations the later one counts."""
    newest: dict[tuple[int, int], DeclaredName] = {}
    for one in declared:
        before = newest.get(one[:2])
        if one.full_name and (before is None or one.stated_at >= before.stated_at):
            newest[one[:2]] = one
    if not newest:
        return
    parameters: dict[str, Any] = {
        "citizens": [one.citizen_id for one in newest.values()],
        "providers": [one.provider_id for one in newest.values()],
        "names": [one.full_name for one in newest.values()],
        "instants": [one.stated_at for one in newest.values()],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_PROVIDER, parameters)
    compare_names({one.citizen_id for one in newest.values()})


def compare_names(citizens: Collection[int]) -> None:
    """Mark those of these people for whom origins give clearly different names, and unmark the others."""
    _compare(TO_COMPARE, citizens=list(citizens))


def _compare(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
    for differ in (True, False):
        changed = [pk for pk, marked, names in found if marked != differ and clearly_different(names) == differ]
        if changed:
            Citizen.objects.filter(pk__in=changed).update(names_differ=differ)
