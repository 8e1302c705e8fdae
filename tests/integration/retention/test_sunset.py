"""After a city's service has ended, no personal data is left in tables, files and the broker, and the journal is intact."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg2.extensions
import pytest
from celery import Celery
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from psycopg2 import sql
from pytest_django import Settings
from redis import Redis

from codes import sunset
from codes.models import Citizen, Evidence
from codes.review.evidence.files import keep_upload
from codes.sunset import message_of
from portal.celery import app
from portal.embedded.state import open_state
from portal.management.commands import sunset as command
from regions.keys import encryption
from regions.keys.models import CityKey
from regions.models import CitySunset
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.models import Session
from regions.tenancy import all_schemas, in_city
from tests.integration.lines import ANNA, BERT, check_in, declaration, take
from tests.integration.runs.test_workers import Broker
from tests.unit.review.test_uploads import picture

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LI, WANG = "operator:li", "operator:wang"
NAMES, PHONES = ["安娜", "伯特"], ["13800000000", "13900000001"]
COUNT = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('alpha', 'beta', 'public')"


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """A Valkey of this test's own."""
    directory = Path(tempfile.mkdtemp(prefix="portal-state-"))
    directory.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_STATE", str(directory))
        server = Broker(open_state())
    server.start()
    with Celery(broker=str(server), set_as_current=False) as client:
        monkeypatch.setattr(command, "forget_messages", lambda schema: forget(schema, celery=client))
        yield client
    server.stop()
    shutil.rmtree(directory)


forget = command.forget_messages


@pytest.fixture
def media(owner: psycopg2.extensions.connection, settings: Settings, tmp_path: Path) -> Path:
    """Anna and Bert in both cities, with answers, phones, evidence, a session and an export; all of it known to the journal."""
    settings.MEDIA_ROOT = tmp_path / "media"
    for schema in ("alpha", "beta"):
        with in_city(schema):
            bert = declaration(entry_id="d-2", id_number=BERT, full_name=NAMES[1], phone=PHONES[1])
            took = take(declaration(), bert, check_in(), now=NOW)
            assert {one.outcome.value for one in took} == {"accepted"}, took
            first = Citizen.objects.order_by("pk")[0]
            who: dict[str, Any] = {"citizen": first, "by": f"citizen:{first.ref}", "now": NOW}
            keep_upload(content=picture("PNG"), original_name="安娜.png", **who)
            Session.objects.create(session_key=f"key-{schema}", session_data="x", expire_date=NOW)
    return tmp_path / "media"


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("sunset", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def visit(path: str) -> tuple[int, str]:
    """A page of alpha's host; the next visit leaves the city."""
    answer = Client(headers={"host": "alpha.localhost"}).get(path)
    Client(headers={"host": "localhost"}).get("/")
    return answer.status_code, answer.content.decode()


def dump(owner: psycopg2.extensions.connection, schema: str) -> dict[str, str]:
    """The content of every table, as text."""
    found = {}
    with owner.cursor() as cursor:
        cursor.execute(COUNT)
        for place, table in cursor.fetchall():
            if place == schema:
                cursor.execute(
                    sql.SQL("SELECT string_agg(t::text, chr(10)) FROM {} t").format(sql.Identifier(place, table))
                )
                (found[table],) = cursor.fetchone() or ("",)
    return {table: text for table, text in found.items() if text}


def hidden(schema: str) -> list[str]:
    """All that tells somebody apart: numbers, names, phones, and what they are found by."""
    with in_city(schema):
        told: list[Any] = [ANNA, BERT, *NAMES, *PHONES]
        for citizen in Citizen.objects.all():
            told += [bytes(citizen.id_hash).hex(), bytes(citizen.phone_hash or b"\0" * 9).hex()]
            told += [bytes(citizen.id_encrypted).hex(), bytes(citizen.phone_encrypted or b"\0" * 9).hex()]
        return [*told, *Evidence.objects.values_list("name", flat=True)]


def test_nothing_of_a_person_is_left(
    owner: psycopg2.extensions.connection, media: Path, broker: Celery, tmp_path: Path
) -> None:
    secret, others = hidden("alpha"), dump(owner, "beta")
    found_before = {one for one in secret if any(one in text for text in dump(owner, "alpha").values())}
    assert len(found_before) > 8, "the search finds what there is"
    for schema in ("alpha", "beta"):
        with broker.connection_for_write() as connection:
            queue = app.conf.task_default_queue
            broker.send_task("codes.advance_run", args=(schema, 1), queue=queue, connection=connection)

    assert run("--city", "alpha", "--by", LI)[0] == 0
    assert visit("/")[0] != 410, "asked for, it goes on"
    assert run("--city", "alpha", "--by", LI, "--confirm")[0] == 2, "one operator is not two"
    assert run("--city", "alpha", "--by", "system", "--confirm")[0] == 2
    file = tmp_path / "certificate.json"
    code, said = run("--city", "alpha", "--by", WANG, "--confirm", "--output", str(file))
    assert code == 0, said

    left = dump(owner, "alpha")
    assert set(left) == {"journal_journalentry", "journal_checkpoint", "keys_citykey", "django_migrations"}
    everything = [*left.values(), *dump(owner, "public").values()]
    everything += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    with Redis.from_url(broker.conf.broker_url) as redis:
        messages = redis.lrange(app.conf.task_default_queue, 0, -1)
        everything += [str(one) for one in messages]
    assert len(messages) == 1, "the other city's waits"
    beta = hidden("beta")
    assert [one for one in secret if one not in beta and any(one in text for text in everything)] == []
    assert [one for one in [ANNA, BERT, *NAMES, *PHONES] if any(one in text for text in everything)] == []
    assert not (media / "alpha").exists()
    assert (media / "beta").exists()
    with in_city("alpha"):
        assert set(CityKey.objects.values_list("purpose", flat=True)) == {"journal"}
    certificate = json.loads(file.read_text())
    signature, key = bytes.fromhex(certificate.pop("signature")), bytes.fromhex(certificate.pop("public_key"))
    assert encryption.verify(message_of(certificate), signature, public_key=key)
    assert certificate["rows_destroyed"]["codes_citizen"] == 2
    assert (certificate["files_destroyed"], certificate["messages_destroyed"]) == (1, 1)

    call_command("verify_journal", "--city", "alpha", stdout=StringIO())
    with pytest.raises(CommandError, match="has ended"):
        call_command("reconcile", "--city", "alpha", stdout=StringIO())
    assert all_schemas() == ["beta"]
    status, words = visit("/sign-in/")
    assert (status, "has ended" in words) == (410, True)
    witnessed = {"journal_journalentry", "journal_checkpoint", "staff_account"}
    after = dump(owner, "beta")
    assert {table: text for table, text in after.items() if table not in witnessed} == {
        table: text for table, text in others.items() if table not in witnessed
    }
    assert run("--city", "alpha", "--by", WANG, "--confirm") == (0, said.partition("\n")[2]), "done once"


@pytest.mark.parametrize("step", ["_empty_tables", "have_witnessed", "_certify"])
def test_an_end_that_is_broken_off_is_gone_on_with(
    owner: psycopg2.extensions.connection, media: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def nothing(schema: str) -> int:
        return 0

    def dies(*_: Any, **__: Any) -> None:
        raise ConnectionError

    sunset.ask("alpha", by=LI, now=NOW)
    sunset.confirm("alpha", by=WANG, now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(sunset, step, dies)
        with pytest.raises(ConnectionError):
            sunset.destroy("alpha", forget=nothing, now=NOW)
    assert all_schemas() == ["beta"], "it stays closed"
    certificate = sunset.destroy("alpha", forget=nothing, now=NOW)
    assert certificate["rows_destroyed"]["codes_citizen"] == 2
    assert "codes_citizen" not in dump(owner, "alpha")


def the_audit_refuses(owner: psycopg2.extensions.connection, *, because: str) -> None:
    """The second operator is told so, and the city is as it was."""
    before = dump(owner, "alpha")["codes_citizen"]
    assert run("--city", "alpha", "--by", LI)[0] == 0
    code, said = run("--city", "alpha", "--by", WANG, "--confirm")
    assert (code, because in said) == (6, True), said
    assert dump(owner, "alpha")["codes_citizen"] == before
    assert CitySunset.objects.get().state == "asked"


def test_a_journal_that_does_not_hold_ends_nothing(
    owner: psycopg2.extensions.connection, media: Path, broker: Celery
) -> None:
    with owner.cursor() as cursor:
        cursor.execute("UPDATE alpha.staff_rolegrant SET role = 'approver' WHERE false")
        cursor.execute("UPDATE alpha.journal_journalentry SET by = 'nobody' WHERE seq = 2")
    the_audit_refuses(owner, because="broken at entry 2")
    assert run("--city", "alpha", "--by", WANG, "--withdraw")[0] == 2
    assert run("--city", "alpha", "--by", LI, "--withdraw")[0] == 0
    assert not CitySunset.objects.exists()


def test_what_the_journal_does_not_account_for_ends_nothing(
    owner: psycopg2.extensions.connection, media: Path, broker: Celery
) -> None:
    """The journal holds; somebody has changed what stands, past it."""
    with owner.cursor() as cursor:
        cursor.execute(
            "UPDATE alpha.sources_source SET retired = NOT retired WHERE id = (SELECT min(id) FROM alpha.sources_source)"
        )
    the_audit_refuses(owner, because="differences between the journal and what stands")


def test_what_is_only_asked_for_is_not_destroyed(owner: psycopg2.extensions.connection, media: Path) -> None:
    sunset.ask("alpha", by=LI, now=NOW)
    before = dump(owner, "alpha")["codes_citizen"]
    with pytest.raises(MovedMeanwhile):
        sunset.destroy("alpha", forget=lambda _schema: 0, now=NOW)
    assert dump(owner, "alpha")["codes_citizen"] == before
    assert (media / "alpha").exists()


def test_from_the_confirmation_on_its_role_reads_the_journal_and_adds_to_it(
    owner: psycopg2.extensions.connection, media: Path
) -> None:
    sunset.ask("alpha", by=LI, now=NOW)
    sunset.confirm("alpha", by=WANG, now=NOW)
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, kind FROM pg_tables, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS kind"
            " WHERE schemaname = 'alpha' AND has_table_privilege('city_alpha', 'alpha.' || quote_ident(tablename), kind)"
        )
        assert set(cursor.fetchall()) == {
            ("journal_journalentry", "SELECT"),
            ("journal_journalentry", "INSERT"),
            ("journal_checkpoint", "SELECT"),
            ("journal_checkpoint", "INSERT"),
            ("keys_citykey", "SELECT"),
        }
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'alpha'::regnamespace"
            " AND has_function_privilege('city_alpha', oid, 'EXECUTE')"
        )
        assert cursor.fetchall() == []


def test_of_many_who_ask_and_withdraw_at_once_each_does_or_is_refused(owner: psycopg2.extensions.connection) -> None:
    start = Barrier(3)

    def ask_and_withdraw(by: str) -> None:
        try:
            start.wait()
            for _ in range(60):
                with suppress(MovedMeanwhile):
                    sunset.ask("alpha", by=by, now=NOW)
                with suppress(Refused, NotFound):
                    sunset.withdraw("alpha", by=by, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask_and_withdraw, (LI, WANG, "operator:zhao"))) == [None] * 3
