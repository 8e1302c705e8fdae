"""Encrypt again, with the data key in use, what earlier keys encrypted: rows of every encrypted column, and evidence files.

The city's own role may not change most of these rows, so this is done as the owner. Each batch is a short transaction of its own: the
work can be interrupted at any time, and the next call continues with the rest.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.apps import apps
from django.db import connection, transaction

from codes.models import Evidence
from codes.review.evidence.files import encrypt_anew
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.models import Encrypted
from regions.proposals import require_role_or_operator
from regions.staff.roles import Role

ROWS_AT_ONCE = 5000


class Column(NamedTuple):
    """An encrypted column of the city's tables."""

    table: str
    name: str
    use: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def encrypted_columns() -> list[Column]:
    """Return the encrypted columns of all models. They are found by inspection, so that future models are included."""
    return sorted(
        Column(model._meta.db_table, name, use)
        for model in apps.get_models()
        if issubclass(model, Encrypted)
        for name, use in model.encrypted.items()
    )


def re_encrypt(*, by: str, now: datetime, progress: Callable[[str, int], None]) -> int:
    """Encrypt again all values that the data key in use has not encrypted. Return the number of rows and files.

    Call as the owner, inside a city. Raises ``NotAllowed``, and ``CannotDecrypt`` for a value that no key of the city decrypts.
    """
    require_role_or_operator(by, Role.SECURITY_ADMIN)
    key = encryption.data_key_in_use()
    total = 0
    for column in encrypted_columns():
        done = sum(_batches(column, key, by=by, now=now))
        progress(str(column), done)
        total += done
    files = sum(encrypt_anew(one, key) for one in Evidence.objects.order_by("pk").iterator(ROWS_AT_ONCE))
    progress("evidence files", files)
    if files:
        with transaction.atomic():
            record("keys.files_encrypted_anew", by=by, now=now, subject="city", data={"key": key, "files": files})
    return total + files


def _batches(column: Column, key: int, *, by: str, now: datetime) -> Iterator[int]:
    """Process the column in batches. Yield the number of changed rows of each batch."""
    after = 0
    while True:
        with transaction.atomic():
            rows = _of_other_keys(column, key, after)
            if not rows:
                return
            after = rows[-1][0]
            anew = [
                encryption.encrypt_bytes(encryption.decrypt_bytes(value, use=column.use), use=column.use)
                for _, value in rows
            ]
            taken = _replace(column, rows, anew)
            if taken:
                data = {"key": key, "column": str(column), "rows": taken}
                record("keys.rows_encrypted_anew", by=by, now=now, subject="city", data=data)
        yield taken


def _of_other_keys(column: Column, key: int, after: int) -> list[tuple[int, bytes]]:
    statement = (
        f'SELECT id, "{column.name}" FROM "{column.table}" WHERE id > %s AND "{column.name}" IS NOT NULL'  # noqa: S608 - names of our models
        f' AND substring("{column.name}" FROM 1 FOR 4) <> %s ORDER BY id LIMIT {ROWS_AT_ONCE}'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, key.to_bytes(encryption.KEY_ID_BYTES, "big")])
        return [(row, bytes(value)) for row, value in cursor.fetchall()]


def _replace(column: Column, rows: list[tuple[int, bytes]], anew: list[bytes]) -> int:
    """Replace the values that are still as they were read, since others may have changed meanwhile. Return the number of rows."""
    statement = (
        f'UPDATE "{column.table}" t SET "{column.name}" = v.anew'  # noqa: S608 - names of our models
        " FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS v(id, read, anew)"
        f' WHERE t.id = v.id AND t."{column.name}" = v.read'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[row for row, _ in rows], [value for _, value in rows], anew])
        return int(cursor.rowcount)
