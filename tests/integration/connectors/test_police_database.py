"""The police database's connector on PostgreSQL, MariaDB and SQLite gives the same records."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.sources.connectors.police_database import open_delivery
from regions.sources.records import CheckedRecord, check_record
from tests.integration.connectors import police
from tests.integration.connectors.samples import AS_OF, records

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each make, without tables."""
    if request.param == "mariadb":
        engine = create_engine(request.getfixturevalue("mariadb_url"), poolclass=NullPool)
        yield engine
        police.run(engine, "DROP TABLE IF EXISTS health_records, health_clock", "DROP VIEW IF EXISTS jk_view, jk_clock")
    else:
        yield request.getfixturevalue({"postgresql": "postgres", "sqlite": "sqlite"}[request.param])


def instants(contents: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(content["recorded_at"]) for content in contents]


def test_a_record_is_read_as_the_contract_has_it(database: Engine) -> None:
    police.create(database)
    police.add(database)
    as_of, (content,) = police.read(database)
    assert as_of == NOON
    assert datetime.fromisoformat(content.pop("recorded_at")) == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert content.pop("detail") in ('{"train": "G8701"}', {"train": "G8701"})
    rest = {name: value for name, value in police.ROW.items() if name not in ("recorded_at", "detail")}
    assert content == rest
    assert content["revoked"] is False


def test_what_is_read_passes_the_check(database: Engine) -> None:
    police.create(database)
    police.add(database, revoked=True, area="510100", ended_on="2026-11-19")
    as_of, (content,) = police.read(database)
    record = check_record(content, kinds={"MJ": "close_contact"}, as_of=as_of, zone=police.SHANGHAI)
    assert isinstance(record, CheckedRecord)
    assert (record.revoked, record.area, record.detail) == (True, "510100", {"train": "G8701"})


def test_only_what_is_newer_than_since_comes(database: Engine) -> None:
    police.create(database)
    for hour in range(6, 12):
        police.add(database, record_id=f"GA-{hour}", recorded_at=f"2026-11-20 {hour:02}:00:00")
    police.add(database, record_id="timeless", recorded_at=None)
    since = datetime(2026, 11, 20, 9, tzinfo=police.SHANGHAI)
    for moment in (since, since.astimezone(UTC), since.astimezone(ZoneInfo("America/New_York"))):
        _, contents = police.read(database, since=moment)
        assert sorted(content["record_id"] for content in contents) == ["GA-10", "GA-11", "timeless"]
    _, contents = police.read(database, since=since - timedelta(microseconds=1))
    assert len(contents) == 4


def test_an_empty_delivery_still_has_its_clock(database: Engine) -> None:
    police.create(database)
    assert police.read(database) == (NOON, [])


def test_impossible_dates_spoil_their_record_only(database: Engine) -> None:
    police.create(database)
    impossible = {
        "postgresql": {"started_on": "20210-01-01", "ended_on": "infinity"},
        "mariadb": {"started_on": "0000-00-00", "ended_on": "9999-12-31"},
        "sqlite": {"started_on": "soon", "ended_on": "9999-12-31"},
    }[database.dialect.name]
    police.add(database, **impossible)
    police.add(database, record_id="GA-2")
    _, contents = police.read(database)
    reasons = [
        getattr(check_record(each, kinds={"MJ": "symptom"}, as_of=NOON, zone=police.SHANGHAI), "reason", None)
        for each in sorted(contents, key=lambda content: str(content["record_id"]))
    ]
    assert reasons == ["bad_date", None]


def test_several_versions_of_a_record_all_come(database: Engine) -> None:
    police.create(database)
    police.add(database)
    police.add(database, recorded_at="2026-11-20 10:00:00", revoked=True)
    _, contents = police.read(database)
    assert sorted(content["revoked"] for content in contents) == [False, True]


def test_the_clock_and_the_records_are_of_one_moment(database: Engine) -> None:
    """Rows that others commit after the delivery began are not part of it."""
    police.create(database)
    police.add(database)
    if database.dialect.name == "sqlite":
        # Without it a writer waits for the reader to end, which holds as well but would hang here.
        with database.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    settings: dict[str, Any] = {
        "url": police.url_of(database.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": police.SHANGHAI,
        "allowed": police.LOOPBACK,
    }
    with open_delivery(**settings) as delivery:
        police.add(database, record_id="GA-2")
        assert [record.content["record_id"] for record in delivery.records] == ["GA-1"]
    assert len(police.read(database)[1]) == 2


def test_times_without_a_zone_are_the_citys(database: Engine) -> None:
    without_zone = {"postgresql": "timestamp", "mariadb": "datetime(6)", "sqlite": "text"}[database.dialect.name]
    police.create(database, instant=without_zone)
    police.add(database)
    for zone in (ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Urumqi")):
        expected = datetime(2026, 11, 20, 9, tzinfo=zone)
        as_of, contents = police.read(database, zone=zone)
        assert as_of == datetime(2026, 11, 20, 12, tzinfo=zone)
        assert instants(contents) == [expected]
        assert police.read(database, zone=zone, since=expected)[1] == []
        assert len(police.read(database, zone=zone, since=expected - timedelta(seconds=1))[1]) == 1


def test_mariadbs_two_kinds_of_time_are_told_apart(mariadb_url: Any) -> None:
    """TIMESTAMP is an instant, DATETIME what the wall clock showed: both become the same."""
    engine = create_engine(mariadb_url, poolclass=NullPool)
    police.create(engine, instant="timestamp(6)")
    try:
        police.run(
            engine,
            "SET time_zone = '+00:00'",
            "UPDATE health_clock SET as_of = '2026-11-20 04:00:00'",
            "INSERT INTO health_records (record_id, recorded_at) VALUES ('GA-1', '2026-11-20 01:00:00')",
        )
        as_of, contents = police.read(engine)
        assert as_of == NOON
        assert instants(contents) == [datetime(2026, 11, 20, 1, tzinfo=UTC)]
        assert police.read(engine, since=datetime(2026, 11, 20, 1, tzinfo=UTC))[1] == []
    finally:
        police.run(engine, "DROP TABLE health_records, health_clock")


@pytest.mark.parametrize("make", ["postgres", "sqlite"])
def test_the_stand_in_keeps_the_contract(request: pytest.FixtureRequest, make: str) -> None:
    engine: Engine = request.getfixturevalue(make)
    stand_in = PoliceDatabase(engine, schema="jk" if make == "postgres" else None)
    stand_in.create()
    stand_in.add_records(records(7))
    stand_in.add_records(records(2, until=AS_OF + timedelta(hours=1)))
    stand_in.set_clock(AS_OF)
    views = {"records_view": stand_in.records_view, "clock_view": stand_in.clock_view}
    as_of, contents = police.read(engine, **views)
    assert as_of == AS_OF
    for content, sent in zip(contents, records(7), strict=True):
        checked = [check_record(each, kinds={}, as_of=AS_OF, zone=police.SHANGHAI) for each in (content, sent)]
        assert isinstance(checked[0], CheckedRecord)
        assert checked[0] == checked[1]
    stand_in.set_clock(AS_OF + timedelta(hours=1))
    assert len(police.read(engine, **views)[1]) == 9
    stand_in.remove_records()
    assert police.read(engine, **views) == (AS_OF + timedelta(hours=1), [])
