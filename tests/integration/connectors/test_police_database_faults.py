"""Police databases that are down, closed, slow, renamed or corrupt: a clear refusal each time, and never a password in it."""

import socket
import sqlite3
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, text

from regions.sources.connectors.delivery import (
    DeliveryInconsistent,
    HostNotAllowed,
    SourceFault,
    SourceRefused,
    SourceUnreachable,
)
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.police_database import open_delivery
from regions.sources.connectors.timeouts import DatabaseTimeouts
from regions.sources.records import check_record
from tests.integration.connectors import police
from tests.integration.connectors.conftest import drop_database, make_database

HURRIED = DatabaseTimeouts(connect_seconds=2, statement_seconds=1)


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each make with one record."""
    if request.param == "mariadb":
        engine = create_engine(request.getfixturevalue("mariadb_url"), poolclass=NullPool)
        police.create(engine)
        police.add(engine)
        yield engine
        police.run(engine, "DROP TABLE IF EXISTS health_records, health_clock")
        return
    engine = request.getfixturevalue({"postgresql": "postgres", "sqlite": "sqlite"}[request.param])
    police.create(engine)
    police.add(engine)
    yield engine


def refusal(engine: Engine, kind: type[SourceFault], **changes: Any) -> SourceFault:
    """The fault a delivery ends with, its text free of passwords."""
    with pytest.raises(kind) as raised:
        police.read(engine, **changes)
    told = "".join(traceback.format_exception(raised.value)) + raised.value.message_in("zh-hans")
    assert "hidden" not in told
    assert not engine.url.password or str(engine.url.password) not in told
    return raised.value


def test_renamed_columns_are_named(database: Engine) -> None:
    police.run(
        database,
        "ALTER TABLE health_records RENAME COLUMN started_on TO begin_date",
        "ALTER TABLE health_records RENAME COLUMN revoked TO cancelled",
    )
    fault = refusal(database, SourceRefused)
    assert fault.reason == "missing_column"
    assert "started_on, revoked" in str(fault)
    police.run(database, "ALTER TABLE health_clock RENAME COLUMN as_of TO until_when")
    assert "as_of" in str(refusal(database, SourceRefused))


def test_columns_in_capitals_are_found(database: Engine) -> None:
    quote = "`" if database.dialect.name == "mariadb" else '"'
    police.run(database, f"ALTER TABLE health_records RENAME COLUMN kind TO {quote}KIND{quote}")
    assert police.read(database)[1][0]["kind"] == "MJ"


def test_more_columns_than_agreed_are_not_read(database: Engine) -> None:
    police.run(database, "ALTER TABLE health_records ADD COLUMN photo text")
    assert "photo" not in police.read(database)[1][0]


def test_a_view_that_is_not_there_is_named(database: Engine) -> None:
    fault = refusal(database, SourceRefused, records_view="no_such_view")
    assert fault.reason == "view_unreadable"
    assert "no_such_view" in str(fault)
    assert refusal(database, SourceRefused, clock_view="no_such_clock").reason == "view_unreadable"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM health_clock",
        "INSERT INTO health_clock SELECT as_of FROM health_clock",
        "UPDATE health_clock SET as_of = NULL",
        "UPDATE health_clock SET as_of = '1800-01-01 00:00:00'",
    ],
)
def test_a_clock_without_one_usable_time_is_refused(database: Engine, statement: str) -> None:
    police.run(database, statement)
    assert refusal(database, DeliveryInconsistent).reason == "clock_unreadable"


@pytest.mark.parametrize("make", ["postgres_url", "mariadb_url"])
def test_a_wrong_password_is_told_and_not_shown(request: pytest.FixtureRequest, make: str) -> None:
    url: URL = request.getfixturevalue(make)
    engine = create_engine(url.set(password="hidden-and-wrong"))
    assert refusal(engine, SourceRefused).reason == "login_refused"
    engine = create_engine(url.set(database="no_such_database"))
    assert refusal(engine, SourceRefused).reason == "login_refused"


@pytest.mark.parametrize("driver", ["postgresql+psycopg2", "mariadb+pymysql"])
def test_a_server_that_is_away_is_unreachable(driver: str) -> None:
    engine = create_engine(URL.create(driver, "u", "hidden", "127.0.0.1", 9, "police"))
    assert refusal(engine, SourceUnreachable).reason == "no_connection"


@pytest.mark.parametrize("driver", ["postgresql+psycopg2", "mariadb+pymysql"])
def test_a_server_that_never_speaks_is_not_waited_for(driver: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = create_engine(URL.create(driver, "u", "hidden", "127.0.0.1", silent.getsockname()[1], "police"))
        assert refusal(engine, SourceUnreachable, timeouts=HURRIED).reason == "timed_out"


def test_a_file_that_is_away_is_not_made(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path / 'away.sqlite'}")
    assert refusal(engine, SourceUnreachable).reason == "no_connection"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Dear city, " * 1000)
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path / 'letter.sqlite'}")
    assert refusal(engine, SourceRefused).reason == "view_unreadable"


def test_a_slow_view_is_given_up(postgres: Engine) -> None:
    police.create(postgres)
    police.run(postgres, "CREATE VIEW slow AS SELECT r.* FROM health_records r, pg_sleep(30)")
    police.add(postgres)
    assert refusal(postgres, SourceUnreachable, records_view="slow", timeouts=HURRIED).reason == "timed_out"


def test_a_slow_mariadb_is_given_up(mariadb_url: URL) -> None:
    engine = create_engine(mariadb_url, poolclass=NullPool)
    police.create(engine)
    police.add(engine)
    police.run(engine, "CREATE VIEW slow AS SELECT r.* FROM health_records r WHERE sleep(30) = 0")
    try:
        timeouts = DatabaseTimeouts(connect_seconds=2, statement_seconds=20, delivery_seconds=1)
        assert refusal(engine, SourceUnreachable, records_view="slow", timeouts=timeouts).reason == "timed_out"
        assert refusal(engine, SourceUnreachable, records_view="slow", timeouts=HURRIED).reason == "broken_off"
    finally:
        police.run(engine, "DROP VIEW slow", "DROP TABLE health_records, health_clock")


def test_a_connection_that_breaks_in_the_middle_is_told(postgres: Engine) -> None:
    police.create(postgres)
    police.run(
        postgres,
        "INSERT INTO health_records (record_id, recorded_at) "
        "SELECT n::text, '2026-11-20T00:00:00Z' FROM generate_series(1, 20000) n",
    )
    settings: dict[str, Any] = {
        "url": police.url_of(postgres.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": police.SHANGHAI,
        "allowed": police.LOOPBACK,
    }
    with open_delivery(**settings) as delivery:
        next(delivery.records)
        police.run(
            postgres,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'health-code-portal' AND datname = current_database()",
        )
        with pytest.raises(SourceUnreachable) as fault:
            list(delivery.records)
    assert fault.value.reason == "broken_off"


def test_what_goes_wrong_with_the_reader_is_not_blamed_on_the_source(database: Engine) -> None:
    settings: dict[str, Any] = {
        "url": police.url_of(database.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": police.SHANGHAI,
        "allowed": police.LOOPBACK,
    }
    with pytest.raises(RuntimeError, match="ours"), open_delivery(**settings):
        raise RuntimeError("ours")


def test_reading_never_writes_in_postgresql(postgres: Engine) -> None:
    police.create(postgres)
    police.add(postgres)
    police.run(
        postgres,
        "CREATE FUNCTION leave_a_trace() RETURNS boolean LANGUAGE sql VOLATILE"
        " AS $$ INSERT INTO health_clock VALUES (now()) RETURNING true $$",
        "CREATE VIEW nosy AS SELECT * FROM health_records WHERE leave_a_trace()",
    )
    assert "25006" in str(refusal(postgres, SourceRefused, records_view="nosy"))


def test_reading_never_writes_in_mariadb(mariadb_url: URL) -> None:
    engine = create_engine(mariadb_url, poolclass=NullPool)
    police.create(engine)
    police.add(engine)
    police.run(
        engine,
        "CREATE FUNCTION leave_a_trace() RETURNS int MODIFIES SQL DATA"
        " BEGIN INSERT INTO health_clock VALUES (now()); RETURN 1; END",
        "CREATE VIEW nosy AS SELECT * FROM health_records WHERE leave_a_trace() = 1",
    )
    try:
        assert "1792" in str(refusal(engine, SourceRefused, records_view="nosy"))
    finally:
        police.run(engine, "DROP VIEW nosy", "DROP FUNCTION leave_a_trace", "DROP TABLE health_records, health_clock")


def test_a_view_the_login_may_not_read_is_refused(postgres: Engine) -> None:
    police.create(postgres)
    reader = f"reader_{postgres.url.database}"
    police.run(postgres, f"CREATE ROLE {reader} LOGIN PASSWORD 'hidden'", f"GRANT SELECT ON health_clock TO {reader}")
    try:
        engine = create_engine(postgres.url.set(username=reader, password="hidden"))
        fault = refusal(engine, SourceRefused)
        assert fault.reason == "view_unreadable"
        assert "health_records cannot be read (42501)" in str(fault)
    finally:
        police.run(postgres, f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")


def _reasons(engine: Engine) -> list[str]:
    """Of each record what the check says about it, or the name in it."""
    as_of, contents = police.read(engine)
    checked = [
        check_record(one, kinds={"MJ": "symptom"}, as_of=as_of, zone=police.SHANGHAI)
        for one in sorted(contents, key=lambda one: str(one["record_id"]))
    ]
    return [str(getattr(one, "reason", None) or one.full_name) for one in checked]  # type: ignore[union-attr]


@pytest.mark.parametrize("column", ["full_name", "id_number", "kind", "area", "detail"])
def test_one_undecodable_value_of_a_database_without_encoding_spoils_its_record_only(
    postgres_server: URL, column: str
) -> None:
    url = make_database(postgres_server, "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args={"client_encoding": "utf8"})
        police.create(engine, json="text")
        for number in range(3):
            police.add(engine, record_id=f"GA-{number}")
        spoilt = f"UPDATE health_records SET {column} = convert_from(:value, 'SQL_ASCII') WHERE record_id = 'GA-1'"  # noqa: S608
        with engine.begin() as connection:
            connection.execute(text(spoilt), {"value": "许功".encode("gbk")})
        assert _reasons(engine) == ["张三", "bad_encoding", "张三"]
        assert len(police.read(engine, since=datetime(2026, 11, 20, tzinfo=UTC))[1]) == 3
        assert len(police.read(engine, full=True)[1]) == 3
    finally:
        drop_database(url)


def test_a_database_in_another_encoding_is_read_in_it(postgres_server: URL) -> None:
    url = make_database(postgres_server, "ENCODING 'EUC_CN' LOCALE 'C' TEMPLATE template0")
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args={"client_encoding": "utf8"})
        police.create(engine)
        police.add(engine)
        police.add(engine, record_id="GA-2", full_name="李四", area=None, detail=None)
        assert _reasons(engine) == ["张三", "李四"]
        views: dict[str, Any] = {"records_view": "health_records", "clock_view": "health_clock"}
        read: dict[str, Any] = {"url": police.url_of(engine.url), "zone": police.SHANGHAI, "allowed": police.LOOPBACK}
        with open_delivery(**views, **read, since=None, full=True) as delivery:
            assert delivery.comparison is None, "the city would compute other ranges from the ids it holds"
    finally:
        drop_database(url)


def test_undecodable_text_in_a_file_spoils_its_record_only(sqlite: Engine) -> None:
    police.create(sqlite)
    police.add(sqlite)
    with sqlite3.connect(str(sqlite.url.database)) as connection:
        connection.execute("UPDATE health_records SET full_name = CAST(? AS TEXT)", ["张三".encode("gbk")])
    connection.close()
    as_of, (content,) = police.read(sqlite)
    fault = check_record(content, kinds={"MJ": "symptom"}, as_of=as_of, zone=police.SHANGHAI)
    assert getattr(fault, "reason", None) == "bad_encoding"


@pytest.mark.parametrize("make", ["postgres_url", "mariadb_url"])
def test_the_address_checked_is_the_address_used(request: pytest.FixtureRequest, make: str) -> None:
    """The name is in no name server: only the address that the guard resolved can have been used."""
    url: URL = request.getfixturevalue(make)
    engine = create_engine(url, poolclass=NullPool)
    police.create(engine)
    named = create_engine(url.set(host="db.police.example"))
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    try:
        both = AllowList.parse(f"db.police.example:{url.port};plain,127.0.0.1:{url.port}")
        assert police.read(named, allowed=both, resolve=lambda *_: next(answers))[1] == []
        assert next(answers) == ["10.0.0.1"]
        name_only = AllowList.parse(f"db.police.example:{url.port};plain")
        fault = refusal(named, HostNotAllowed, allowed=name_only, resolve=lambda *_: ["127.0.0.1"])
        assert fault.reason == "address_not_allowed"
    finally:
        police.run(engine, "DROP TABLE health_records", "DROP TABLE health_clock")
