"""Sources that do every misdeed there is: each ends refused, held, in quarantine or as a warning, on the page and in the journal.

Afterwards a run is made, and nobody's colour has changed by what did not come.
"""

import html
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from codes.effective import effective_codes
from codes.models import Citizen, Registration, Verdict
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from portal.demo.stand_ins.big_data_faults import Fault
from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.journal.models import JournalEntry
from regions.sources import collect
from regions.sources.connectors.timeouts import HttpLimits
from regions.sources.models import Batch
from regions.sources.reasons import RecordReason
from regions.vocabulary import label_in
from tests.integration.sources.officials import at_desk
from tests.integration.sources.stand_ins import NOW, Centre, Police, record, records
from tests.integration.sources.test_faults import LATER, REASONS

OLD = NOW - timedelta(days=5)
PEOPLE = 40
State = Batch.State


def sql(*statements: str) -> Callable[[Police], None]:
    """The police's own hand in their database."""

    def do(police: Police) -> None:
        with police.database.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    return do


def add(**changes: Any) -> Callable[[Police], None]:
    return lambda police: police.add(record(record_id="new", id_type="20", id_number="E99999999", **changes))


def clock(by: timedelta) -> Callable[[Police], None]:
    return lambda police: police.set_clock(NOW + by)


def another_database(police: Police) -> None:
    """The same view on other people's records: the file is exchanged for another one."""
    path = Path(str(police.database.engine.url.database))
    police.database.engine.dispose()
    path.unlink()
    engine = create_engine(police.database.engine.url)
    other = PoliceDatabase(engine)
    other.create()
    other.set_clock(NOW)
    foreign = [
        {**one, "record_id": f"x{one['record_id']}", "id_number": f"E7{n:07}"} for n, one in enumerate(records(PEOPLE))
    ]
    other.add_records(foreign)
    engine.dispose()


def fault(which: Fault) -> Callable[[Centre], None]:
    return lambda centre: centre.set_fault(which)


# What is done, the state of the batch, and what it says: a reason of the batch or of a quarantined record, or a finding.
POLICE: dict[str, tuple[Callable[[Police], None], State, str]] = {
    "view gone": (sql("DROP VIEW health_records"), State.REFUSED, "view_unreadable"),
    "column renamed": (
        sql("DROP VIEW health_records", "CREATE VIEW health_records AS SELECT 1 AS record_id"),
        State.REFUSED,
        "missing_column",
    ),
    "clock empty": (sql("DELETE FROM sj_jzsj"), State.REFUSED, "clock_unreadable"),
    "clock twice": (sql("INSERT INTO sj_jzsj SELECT * FROM sj_jzsj"), State.REFUSED, "clock_unreadable"),
    "clock of no time": (sql("UPDATE sj_jzsj SET jzsj = '0000-00-00'"), State.REFUSED, "clock_unreadable"),
    "clock of the year 9999": (
        sql("UPDATE sj_jzsj SET jzsj = '9999-12-31T00:00:00Z'"),
        State.REFUSED,
        "clock_unreadable",
    ),
    "clock back": (clock(-timedelta(days=2)), State.REFUSED, "clock_went_back"),
    "clock ahead": (clock(timedelta(days=1)), State.REFUSED, "clock_ahead"),
    "emptied": (sql("DELETE FROM jk_jlb"), State.HELD, "shrunken_delivery"),
    "half gone": (sql("DELETE FROM jk_jlb WHERE xh % 2 = 0"), State.HELD, "shrunken_delivery"),
    "some gone": (sql("DELETE FROM jk_jlb WHERE xh <= 3"), State.ACCEPTED, "missing"),
    "another database": (another_database, State.ACCEPTED, "missing"),
    "inserted behind the horizon": (
        add(kind="close_contact", started_on="2026-11-18", recorded_at=OLD),
        State.ACCEPTED,
        "late",
    ),
    "changed in place": (sql("UPDATE jk_jlb SET dqdm = '510104' WHERE xh = 1"), State.ACCEPTED, "changed"),
    "contradictions": (
        sql(
            "CREATE TEMP TABLE t AS SELECT * FROM jk_jlb WHERE xh = 1",
            "UPDATE t SET xh = 1000, lb = 'arrival'",
            "INSERT INTO jk_jlb SELECT * FROM t",
        ),
        State.ACCEPTED,
        "conflicting_version",
    ),
    "every record twice": (
        sql(
            "CREATE TEMP TABLE t AS SELECT * FROM jk_jlb",
            "UPDATE t SET xh = xh + 1000",
            "INSERT INTO jk_jlb SELECT * FROM t",
        ),
        State.ACCEPTED,
        "",
    ),
    "day 0000": (sql("UPDATE jk_jlb SET ksrq = '0000-00-00' WHERE xh = 1"), State.ACCEPTED, "bad_date"),
    "day 9999": (sql("UPDATE jk_jlb SET ksrq = '9999-12-31' WHERE xh = 1"), State.ACCEPTED, "bad_date"),
    "end 0000": (sql("UPDATE jk_jlb SET jsrq = '0000-00-00' WHERE xh = 1"), State.ACCEPTED, "bad_date"),
    "instant 0000": (sql("UPDATE jk_jlb SET lrsj = '0000-00-00' WHERE xh = 1"), State.ACCEPTED, "bad_date"),
    "no instant": (sql("UPDATE jk_jlb SET lrsj = '' WHERE xh = 1"), State.ACCEPTED, "bad_date"),
    "undecodable": (sql("UPDATE jk_jlb SET xm = CAST(x'D5C5' AS TEXT) WHERE xh = 1"), State.ACCEPTED, "bad_encoding"),
    "all in GBK": (sql("UPDATE jk_jlb SET xm = CAST(x'D5C5' AS TEXT)"), State.REFUSED, "too_many_bad"),
    "NUL": (sql("UPDATE jk_jlb SET xm = 'a' || char(0) WHERE xh = 1"), State.ACCEPTED, "bad_encoding"),
    "no such kind": (sql("UPDATE jk_jlb SET lb = 'XYZ' WHERE xh = 1"), State.ACCEPTED, "bad_kind"),
    "no kind we know": (sql("UPDATE jk_jlb SET lb = 'XYZ'"), State.REFUSED, "too_many_bad"),
    "no such person": (sql("UPDATE jk_jlb SET zjhm = '?' WHERE xh = 1"), State.ACCEPTED, "bad_id"),
    "no such place": (sql("UPDATE jk_jlb SET dqdm = '999999999' WHERE xh = 1"), State.ACCEPTED, "bad_area"),
    "nameless record": (sql("UPDATE jk_jlb SET jlbh = NULL WHERE xh = 1"), State.ACCEPTED, "missing_field"),
    "no database": (sql("DROP VIEW health_clock"), State.REFUSED, "view_unreadable"),
}
CENTRE: dict[str, tuple[Callable[[Centre], None], State, str]] = {
    **{str(one): (fault(one), State.REFUSED, reasons) for one, reasons in REASONS.items()},
    "slow": (fault(Fault.SLOW), State.REFUSED, "timed_out"),
    "drip": (fault(Fault.DRIP), State.REFUSED, "timed_out"),
    "wide json bomb": (fault(Fault.WIDE_JSON_BOMB), State.REFUSED, "too_large|too_deep"),
    "large page": (fault(Fault.LARGE_PAGE), State.REFUSED, "too_large"),
    "empty": (fault(Fault.EMPTY), State.HELD, "shrunken_delivery"),
    "nul": (fault(Fault.NUL), State.ACCEPTED, "bad_encoding"),
    "clock back": (lambda centre: centre.set_clock(NOW - timedelta(days=2)), State.REFUSED, "clock_went_back"),
    "clock ahead": (lambda centre: centre.set_clock(NOW + timedelta(days=1)), State.REFUSED, "clock_ahead"),
}


# What is told by its time-out alone.
WAITED_FOR = ("slow", "drip")


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch, deed: str) -> None:
    """A busy machine takes a second for what is found otherwise."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)
    seconds = 1 if deed in WAITED_FOR else 60
    monkeypatch.setattr(
        collect, "HTTP_LIMITS", HttpLimits(read_seconds=seconds, page_seconds=seconds, total_seconds=120, attempts=2)
    )


def settle(now: datetime) -> None:
    run, _ = start_run(by="system", now=now, as_of=now, collects=False)
    run_here(run.pk, clock=lambda: now, progress=lambda _: None)


def colours(people: list[int], now: datetime) -> tuple[list[tuple[int, int, str]], dict[int, str]]:
    """What their verdicts and effective codes say."""
    verdicts = Verdict.objects.filter(citizen__in=people).order_by("citizen", "provider")
    codes = {citizen: code.colour for citizen, code in effective_codes(people, now=now).items()}
    return list(verdicts.values_list("citizen", "provider", "colour")), codes


def misbehave(source: Police | Centre, deed: Callable[[Any], None], state: State, told: str) -> None:
    if isinstance(source, Centre):
        source.add(records(PEOPLE))
    else:
        source.add(*records(PEOPLE))
    assert source.collect().accepted == PEOPLE
    people = list(Citizen.objects.values_list("pk", flat=True))
    provider = source.source.providers.get()
    Registration.objects.bulk_create(
        Registration(citizen_id=citizen, provider=provider, registered_at=OLD) for citizen in people
    )
    settle(NOW)
    before = colours(people, NOW)
    assert set(before[1].values()) == {"red"}
    source.set_clock(NOW)
    deed(source)
    entries = JournalEntry.objects.count()

    batch = source.collect(now=LATER, full=True)

    assert batch.state == state
    (entry,) = JournalEntry.objects.order_by("seq")[entries:]
    manager = at_desk("qian", "source_manager", now=LATER, host="alpha.localhost").in_english()
    page = manager.read(f"/staff/sources/{source.source.code}/")
    if state != State.ACCEPTED:
        assert batch.reason in told.split("|")
        assert (entry.verb, entry.data["reason"]) == (f"batch.{state}", batch.reason)
        assert batch.message_in("en") in html.unescape(page)
    elif not told:
        # Said twice is said once: nothing comes of it.
        assert (entry.data["delivered"], entry.data["accepted"], batch.quarantined) == (2 * PEOPLE, 0, 0)
    elif told in ("missing", "late", "changed"):
        assert entry.data[told] == getattr(batch, told) > 0
        assert f"{told if told != 'changed' else 'changed in place'}: {getattr(batch, told)}" in page
    else:
        assert {one.reason for one in batch.quarantine.all()} == {told}
        assert entry.data["quarantined"] == batch.quarantined > 0
        quarantine = manager.read(f"/staff/sources/{source.source.code}/quarantine/")
        assert label_in("en", RecordReason(told)) in html.unescape(quarantine)
    settle(LATER)
    assert colours(people, LATER) == before


@pytest.mark.parametrize("deed", POLICE)
def test_a_hostile_police_database(police: Police, deed: str) -> None:
    misbehave(police, *POLICE[deed])


@pytest.mark.parametrize("deed", CENTRE)
def test_a_hostile_centre(centre: Centre, deed: str) -> None:
    misbehave(centre, *CENTRE[deed])
