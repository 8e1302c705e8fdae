"""A police database's URL: structured fields only, judged before anything connects."""

import pytest

from regions.sources.connectors.database import check_database_url
from regions.sources.connectors.delivery import HostNotAllowed, SourceFault, SourceMisconfigured
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.police_database import read_view_name

ALLOWED = AllowList.parse("db.example:*,plain.example:*;plain,127.0.0.1:5432,sqlite:*")


@pytest.mark.parametrize(
    ("url", "driver", "port"),
    [
        ("postgresql://u:hidden@db.example/police", "postgresql+psycopg2", 5432),
        ("postgresql+psycopg2://u:hidden@DB.example:6432/police?sslmode=verify-full", "postgresql+psycopg2", 6432),
        ("mysql://u:hidden@db.example/police", "mysql+pymysql", 3306),
        ("mariadb+pymysql://u:hidden@db.example/police?charset=utf8mb4", "mariadb+pymysql", 3306),
        ("postgresql://u:hidden@db.example/公安", "postgresql+psycopg2", 5432),
    ],
)
def test_a_checked_url_names_its_driver_and_port(url: str, driver: str, port: int) -> None:
    checked = check_database_url(url, ALLOWED)
    assert (checked.drivername, checked.host, checked.port) == (driver, "db.example", port)
    assert checked.password == "hidden"


@pytest.mark.parametrize(
    "url", ["postgresql://u:hidden@db.example/x", "postgresql://u@db.example/x?sslmode=verify-full"]
)
def test_off_the_loopback_a_certificate_is_asked_for(url: str) -> None:
    assert check_database_url(url, ALLOWED).query == {"sslmode": "verify-full"}


@pytest.mark.parametrize(
    "url",
    [
        *(f"postgresql://u:hidden@db.example/x?sslmode={mode}" for mode in ("disable", "allow", "prefer", "require")),
        "postgresql+asyncpg://u:hidden@db.example/x",
        "oracle+oracledb://u:hidden@db.example/?service_name=JK.GA",
        "mysql+mysqldb://u:hidden@db.example/x",
        "mssql+pyodbc://u:hidden@db.example/x",
    ],
)
def test_what_asks_for_less_or_cannot_be_told_to_is_refused(url: str) -> None:
    with pytest.raises(HostNotAllowed) as fault:
        check_database_url(url, ALLOWED)
    assert fault.value.reason == "tls_required"
    assert check_database_url(url.replace("db.example", "plain.example"), ALLOWED).host == "plain.example"


def test_on_the_loopback_and_where_the_operator_says_so_the_url_decides() -> None:
    for place in ("127.0.0.1:5432", "plain.example"):
        assert not check_database_url(f"postgresql://u:hidden@{place}/x", ALLOWED).query


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hidden@db.example/x?host=evil.example",
        "postgresql://u:hidden@db.example/x?hostaddr=10.0.0.1",
        "postgresql://u:hidden@db.example/x?options=-csearch_path%3Devil",
        "postgresql://u:hidden@db.example/x?service=other",
        "postgresql://u:hidden@db.example/x?passfile=/etc/passwd",
        "postgresql://u:hidden@db.example/x?sslmode=require&sslmode=disable",
        "postgresql://u:hidden@db.example/x?sslmode=require%20host%3Devil",
        "mysql://u:hidden@db.example/x?read_default_file=/etc/my.cnf",
        "mysql://u:hidden@db.example/x?unix_socket=/run/mysqld.sock",
        "mysql://u:hidden@db.example/x?local_infile=1",
        "mysql://u:hidden@db.example/x?init_command=DROP",
        "mssql+pyodbc://u:hidden@db.example/x?odbc_connect=DRIVER%3Dx",
        "sqlite:////tmp/police.db?mode=rwc",
        "sqlite+pysqlcipher:////tmp/police.db",
        "sqlite://db.example/police.db",
    ],
)
def test_options_are_refused_by_name_only(url: str) -> None:
    with pytest.raises(SourceMisconfigured) as fault:
        check_database_url(url, ALLOWED)
    assert fault.value.reason == "url_option"
    assert "hidden" not in str(fault.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a url",
        "postgresql://u:hidden@/x",
        "postgresql://u:hidden@%2Frun%2Fpostgresql/x",
        "postgresql://u:hidden@db.example,evil.example/x",
        "postgresql://u:hidden@db.example:x/x",
        "postgresql://u:hidden@db.example:-1/x",
        "postgresql://u:hidden@db.example:65536/x",
        "postgresql://u:hidden@db.example/dbname=x host=evil",
        "postgresql://u:hidden@db.example/host%3Devil.example",
        "unknown://u:hidden@db.example/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:police.db",
    ],
)
def test_what_is_no_plain_url_is_a_setting_to_correct(url: str) -> None:
    with pytest.raises(SourceMisconfigured) as fault:
        check_database_url(url, ALLOWED)
    assert fault.value.reason == "bad_setting"
    assert "hidden" not in str(fault.value)


@pytest.mark.parametrize("url", ["postgresql://u:hidden@evil.example/x", "postgresql://u:hidden@127.0.0.1:5433/x"])
def test_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(HostNotAllowed) as fault:
        check_database_url(url, ALLOWED)
    assert "hidden" not in str(fault.value)


def test_files_need_the_operators_word() -> None:
    assert check_database_url("sqlite:////tmp/police.db", ALLOWED).database == "/tmp/police.db"  # noqa: S108
    with pytest.raises(HostNotAllowed):
        check_database_url("sqlite:////tmp/police.db", AllowList.parse("db.example:*"))


@pytest.mark.parametrize(("name", "parts"), [("health_records", (None, "health_records")), ("jk.视图", ("jk", "视图"))])
def test_view_names(name: str, parts: tuple[str | None, str]) -> None:
    assert read_view_name(name) == parts


@pytest.mark.parametrize("name", ["", "a.b.c", ".a", "a.", "a b", 'a"b', "a;b", "1a", "a-b", "(SELECT 1)", "x" * 64])
def test_what_is_no_view_name_is_refused(name: str) -> None:
    with pytest.raises(SourceFault) as fault:
        read_view_name(name)
    assert fault.value.reason == "bad_view_name"
