"""Every table belongs to a class of data or contains no personal data; the owner's functions delete expired data and no more."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from django.db import connection
from psycopg2 import sql
from pytest_django import DjangoCaptureOnCommitCallbacks

from codes import retention
from codes.models import Citizen, PersonAccess
from regions.journal.models import JournalEntry
from regions.models import City
from regions.retention.classes import data_classes, nothing_personal
from regions.retention.sweeping import SWEPT, sweep_class
from regions.staff.models import Session
from tests.integration.tenancy.refused import is_refused

TABLES = "SELECT DISTINCT tablename FROM pg_catalog.pg_tables WHERE schemaname IN ('public', 'alpha')"


def declared_tables() -> list[str]:
    return [table for one in data_classes() for table in one.tables]


def test_every_table_is_in_one_class_or_says_nothing_of_a_person(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        present = {table for (table,) in cursor.fetchall()}
    declared = declared_tables()
    assert len(declared) == len(set(declared)), "a table is in two classes"
    assert set(declared).isdisjoint(nothing_personal())
    assert present - {*declared, *nothing_personal()} == set(), "declare these in a module data_classes"
    assert {*declared, *nothing_personal()} - present == set(), "there are no such tables"


def test_every_class_says_what_becomes_of_it() -> None:
    for one in data_classes():
        assert all(map(str, (one.personal, one.stays, one.title))), one.name
        assert bool(one.steps) == (one.days is not None), one.name
        assert not (one.by and one.steps), one.name
        assert {step.table for step in one.steps} <= {*one.tables, "codes_evidence"}, one.name


def test_a_young_row_stays_whatever_limit_a_session_names(alpha: City, now: datetime) -> None:
    """By its own rights a city's session removes no access at all; by the function only what is past its time."""
    citizen = Citizen.objects.create(ref="C1", id_type="10", id_hash=b"1", id_encrypted=b"1", known_since=now)
    for age in (1, 3 * 365 - 20, 3 * 365 + 40):
        told = {"by": "li", "purpose": "case", "what": "record", "at": now - timedelta(days=age)}
        PersonAccess.objects.create(citizen=citizen, **told)
    assert is_refused(sql.SQL("DELETE FROM codes_personaccess"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM retention_accesses_0(now() + interval '100 years')")
        assert cursor.fetchone() == (1,)
    assert PersonAccess.objects.count() == 2


def test_what_is_swept_is_told_in_the_journal(alpha: City, now: datetime) -> None:
    for number in range(3):
        Session.objects.create(
            session_key=f"k{number}", session_data="x", expire_date=now + timedelta(hours=1 - 2 * number)
        )
    (sessions,) = [one for one in data_classes() if one.name == "sessions"]

    assert sweep_class(sessions, now=now) == 2

    (entry,) = JournalEntry.objects.filter(verb=SWEPT)
    assert entry.subject == "data:sessions"
    assert (entry.data["table"], entry.data["rows"]) == ("django_session", 2)
    assert entry.data["digest"] == sha256(b"k1\nk2").hexdigest()
    assert sweep_class(sessions, now=now) == 0
    assert JournalEntry.objects.filter(verb=SWEPT).count() == 1


def test_files_go_once_their_rows_are_gone(
    db: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    removed: list[str] = []
    monkeypatch.setattr(retention, "remove_file", removed.append)
    monkeypatch.setattr(retention, "remove_list", removed.append)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.destroy_evidence(["a", "b"]) == {"files": 2}
        assert retention.remove_rehearsal_lists(["c"]) == {"files": 1}
        assert removed == []
    assert removed == ["a", "b", "c"]
