"""End a city's service: audit it, destroy its data except the journal, and certify this (``docs/adr/0034-retention.md``).

One operator asks, another confirms. From the confirmation on the city is closed: its host reports this, no task enters it, and its
role has no rights on the data to be destroyed. Each step can be repeated, so that a call continues an earlier one that was interrupted.
"""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg2 import sql

from codes.reconcile import reconcile, settings_of
from codes.witnessing import have_witnessed, heads_elsewhere
from regions.actors import SYSTEM, is_operator
from regions.journal.checkpoints import write_checkpoint
from regions.journal.heads import present_head
from regions.journal.record import CANONICAL, record
from regions.journal.verify import verify_journal
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.locks import advisory_lock
from regions.models import CitySunset
from regions.proposals import require_another, require_operator, require_proposer
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound
from regions.tenancy import as_owner, city_named, current_city, in_city, in_city_as_owner

State = CitySunset.State
# The tables that are kept: the journal, the keys and checkpoints that verify it, and the list of applied migrations.
LEFT = ("journal_journalentry", "journal_checkpoint", "keys_citykey", "django_migrations")
READ_BY_ROLE = ("journal_journalentry", "journal_checkpoint", "keys_citykey")
TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s ORDER BY 1"


class AuditFailed(Exception):
    """The database differs from the journal, or the journal is broken. Nothing was destroyed."""


def ask(schema: str, *, by: str, now: datetime) -> CitySunset:
    """Ask for the end of a city's service, as the first operator. Call outside any city.

    Raises ``NotAllowed``, ``NoSuchCity``, and ``MovedMeanwhile`` if it has been asked for already.
    """
    _require_operator(by=by)
    city = city_named(schema)
    with transaction.atomic():
        # Of two simultaneous requests, the second waits and sees the row of the first, unless that has been withdrawn.
        advisory_lock("sunsets")
        if CitySunset.objects.filter(city=city).exists():
            raise MovedMeanwhile
        sunset = CitySunset.objects.create(city=city, asked_by=by, asked_at=now)
        record("city.sunset_asked", by=by, now=now, subject=f"city:{schema}")
    return sunset


def withdraw(schema: str, *, by: str, now: datetime) -> None:
    """Withdraw one's own request, which is possible until it is confirmed. Call outside any city.

    Raises ``NotAllowed`` and ``Refused``.
    """
    _require_operator(by=by)
    with transaction.atomic():
        sunset = _locked(schema)
        if sunset.state != State.ASKED:
            raise MovedMeanwhile
        require_proposer(by, proposed_by=sunset.asked_by)
        sunset.delete()
        record("city.sunset_withdrawn", by=by, now=now, subject=f"city:{schema}")


def confirm(schema: str, *, by: str, now: datetime) -> CitySunset:
    """Audit the city and close it, as the second operator. Call outside any city and any transaction.

    Raises ``NotAllowed``, ``Refused``, and ``AuditFailed``, which leaves the city unchanged.
    """
    _require_operator(by=by)
    sunset = _find(schema)
    if sunset.state != State.ASKED:
        raise MovedMeanwhile
    require_another(by, proposed_by=sunset.asked_by)
    entries = audit(schema, now=now)
    with as_owner(), transaction.atomic():
        sunset = _locked(schema)
        if sunset.state != State.ASKED:
            raise MovedMeanwhile
        sunset.state, sunset.confirmed_by, sunset.confirmed_at = State.CONFIRMED, by, now
        with in_city_as_owner(schema):
            take_rights()
            sunset.counts = count_rows()
            data = {"asked_by": sunset.asked_by, "audited_entries": entries, "rows": sunset.counts}
            record("city.sunset_confirmed", by=by, now=now, subject=f"city:{schema}", data=data)
        sunset.save(update_fields=["state", "confirmed_by", "confirmed_at", "counts"])
    return sunset


def audit(schema: str, *, now: datetime) -> int:
    """Verify the city's journal and compare the database with it. Return the number of entries.

    Call outside any city. Raises ``AuditFailed``.
    """
    rows, heads = settings_of(city_named(schema)), heads_elsewhere(schema)
    with in_city(schema):
        write_checkpoint(now=now)
        checked = verify_journal(now=now, heads=heads)
        if checked.broken_at is not None:
            raise AuditFailed(f"the journal is broken at entry {checked.broken_at}: {checked.reason}")
        if differing := [str(one) for one in reconcile(rows)]:
            raise AuditFailed(
                f"{len(differing)} differences between the journal and what stands, such as: {differing[0]}"
            )
    return checked.entries


def destroy(schema: str, *, forget: Callable[[str], int], now: datetime) -> dict[str, Any]:
    """Destroy the data of a city whose end is confirmed, or what is left of it. Return the certificate.

    ``forget`` removes the city's messages from the broker. The keys are destroyed last. Call outside any city and any
    transaction. Raises ``MovedMeanwhile`` if the end has not been confirmed.
    """
    sunset = _find(schema)
    if sunset.state == State.DONE and sunset.certificate is not None:
        certificate: dict[str, Any] = sunset.certificate
        return certificate
    if sunset.state != State.CONFIRMED:
        raise MovedMeanwhile
    files, messages = _destroy_files(schema), forget(schema)
    with as_owner(), in_city_as_owner(schema):
        with transaction.atomic():
            _empty_tables()
            data = {"rows": sunset.counts, "files": files, "messages": messages}
            record("city.data_destroyed", by=SYSTEM, now=now, subject=f"city:{schema}", data=data)
        with transaction.atomic():
            keys, _ = CityKey.objects.exclude(purpose=Purpose.JOURNAL).delete()
            record("city.keys_destroyed", by=SYSTEM, now=now, subject=f"city:{schema}", data={"keys": keys})
    encryption.forget_cached_keys()
    with in_city(schema):
        write_checkpoint(now=now)
    have_witnessed(schema, now=now)
    return _certify(sunset, schema, files=files, messages=messages, now=now)


def message_of(content: dict[str, Any]) -> bytes:
    """Return the bytes that a certificate's signature covers."""
    return b"sunset certificate\n" + CANONICAL.encode(content).encode()


def take_rights() -> None:
    """Revoke all rights of the city's role except to read the journal and add to it. Call as the owner, in the city."""
    city = current_city()
    names = {"schema": sql.Identifier(city.schema_name), "role": sql.Identifier(f"city_{city.schema_name}")}
    with connection.cursor() as cursor:
        for kind in ("TABLES", "FUNCTIONS"):
            cursor.execute(sql.SQL(f"REVOKE ALL ON ALL {kind} IN SCHEMA {{schema}} FROM {{role}}").format(**names))
        for table in READ_BY_ROLE:
            right = "SELECT" if table == "keys_citykey" else "SELECT, INSERT"
            cursor.execute(
                sql.SQL(f"GRANT {right} ON {{table}} TO {{role}}").format(
                    table=sql.Identifier(city.schema_name, table), **names
                )
            )


def count_rows() -> dict[str, int]:
    """Return table → number of rows, for all data to be destroyed. Call in the city."""
    counts = {}
    with connection.cursor() as cursor:
        for table in destroyed_tables():
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            counts[table] = cursor.fetchone()[0]
    return {table: rows for table, rows in counts.items() if rows}


def destroyed_tables() -> list[str]:
    """Return all tables of the city except those that are kept, so that future tables are included."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [current_city().schema_name])
        return [table for (table,) in cursor.fetchall() if table not in LEFT]


def _empty_tables() -> None:
    """Empty the tables. ``TRUNCATE`` gives them new files, so that no data remains in pages of the old ones."""
    with connection.cursor() as cursor:
        tables = sql.SQL(", ").join(map(sql.Identifier, destroyed_tables()))
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(tables))


def _destroy_files(schema: str) -> int:
    """Delete evidence, exports and lists. Return the number of files."""
    folder = Path(settings.MEDIA_ROOT) / schema
    files = sum(path.is_file() for path in folder.rglob("*"))
    if folder.exists():
        shutil.rmtree(folder)
    return files


def _certify(sunset: CitySunset, schema: str, *, files: int, messages: int, now: datetime) -> dict[str, Any]:
    with in_city(schema) as city:
        head = present_head()
        content = {
            "city": schema,
            "name": city.name_zh,
            "division": city.division,
            "asked_by": sunset.asked_by,
            "confirmed_by": sunset.confirmed_by,
            "rows_destroyed": sunset.counts,
            "files_destroyed": files,
            "messages_destroyed": messages,
            "journal": head.text.decode() if head else "",
            "at": now.isoformat(),
        }
        key_id, signature = encryption.sign(message_of(content), purpose=Purpose.JOURNAL)
        public = encryption.own_public_key(key_id, Purpose.JOURNAL)
    certificate = {**content, "public_key": public.hex(), "signature": signature.hex()}
    CitySunset.objects.filter(pk=sunset.pk, state=State.CONFIRMED).update(
        state=State.DONE, done_at=now, certificate=certificate
    )
    return certificate


def _require_operator(*, by: str) -> None:
    """Raise ``NotAllowed`` unless ``by`` is an operator who is a person, and not one of the portal's own timers."""
    require_operator(by)
    if not is_operator(by):
        raise NotAllowed


def _find(schema: str) -> CitySunset:
    found = CitySunset.objects.filter(city=city_named(schema)).first()
    if found is None:
        raise NotFound
    return found


def _locked(schema: str) -> CitySunset:
    found = CitySunset.objects.select_for_update(of=("self",)).filter(city__schema_name=schema).first()
    if found is None:
        raise NotFound
    return found
