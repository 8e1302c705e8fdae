"""Faults of a source: no facts change, the horizon stays, and the batch states the reason."""

from datetime import timedelta

import pytest

from codes.models import Citizen, Fact
from portal.demo.stand_ins.big_data_faults import Fault
from regions.journal.models import JournalEntry
from regions.sources.models import Batch, StagedRecord
from tests.integration.sources.stand_ins import NOW, Centre, Police, record, records

LATER = NOW + timedelta(hours=1)
REASONS = {
    Fault.DOWN: "no_connection|broken_off",
    Fault.UNAUTHORISED: "refused",
    Fault.REFUSED: "refused",
    Fault.FORBIDDEN_PAGE: "refused",
    Fault.REDIRECT: "redirected",
    Fault.BUSY: "busy",
    Fault.BUSY_FOR_HOURS: "busy",
    Fault.ERRORS: "server_error",
    Fault.HALF_PAGE: "broken_off",
    Fault.SHORT_PAGE: "count_mismatch",
    Fault.REPEATED_PAGE: "page_repeated",
    Fault.OVERLAPPING_PAGE: "page_repeated",
    Fault.SKIPPED_PAGE: "count_mismatch",
    Fault.LONG_PAGE: "page_too_long",
    Fault.CHANGING_TOTAL: "total_changed",
    Fault.CHANGING_AS_OF: "as_of_changed",
    Fault.LOOP: "cursor_repeated|page_repeated",
    Fault.EMPTY_PAGES: "page_empty",
    Fault.HTML: "html_answer",
    Fault.NOT_JSON: "not_json",
    Fault.JSON_BOMB: "too_deep",
    Fault.GZIP_BOMB: "too_large",
    Fault.GBK: "too_many_bad",
}


@pytest.mark.parametrize(("fault", "reasons"), REASONS.items(), ids=lambda value: str(value).split("|", maxsplit=1)[0])
def test_a_fault_moves_no_horizon_and_nobodys_facts(centre: Centre, fault: Fault, reasons: str) -> None:
    centre.add(records(25))
    good = centre.collect()
    centre.set_clock(NOW)
    centre.add([record(record_id="new", kind="confirmed_case", recorded_at=NOW - timedelta(minutes=10))])
    centre.set_fault(fault)
    entries = JournalEntry.objects.count()

    batch = centre.collect(now=LATER, full=True)

    assert batch.state == Batch.State.REFUSED
    assert batch.reason in reasons.split("|")
    assert centre.source.batches.accepted().first() == good
    assert Fact.objects.count() == Citizen.objects.count() == 25
    assert not StagedRecord.objects.exists()
    assert JournalEntry.objects.count() == entries + 1
    assert batch.message_in("zh-hans") != batch.message_in("en")

    centre.set_fault(Fault.NONE)
    assert centre.collect(now=LATER).accepted == 1


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.SHRUNKEN])
def test_a_delivery_with_most_people_missing_waits_for_two_people(centre: Centre, fault: Fault) -> None:
    centre.add(records(100))
    good = centre.collect()
    centre.set_fault(fault)
    if fault is Fault.SHRUNKEN:
        # Sixty of a hundred are just bearable; one fewer is not.
        Batch.objects.filter(pk=good.pk).update(compared=101)

    batch = centre.collect(now=LATER, full=True)

    assert (batch.state, batch.reason) == (Batch.State.HELD, "shrunken_delivery")
    assert centre.source.batches.accepted().first() == good
    assert Fact.objects.filter(superseded=False, revoked=False).count() == 100


@pytest.mark.parametrize("fault", [Fault.BUSY_THEN_OK, Fault.ERRORS_THEN_OK])
def test_a_source_that_recovers_is_waited_for(centre: Centre, fault: Fault) -> None:
    centre.add(records(25))
    centre.set_fault(fault)

    assert centre.collect().accepted == 25


def test_records_from_the_future_are_put_aside(centre: Centre) -> None:
    centre.add([*records(30), record(record_id="x", kind="close_contact", recorded_at=NOW + timedelta(days=9))])
    centre.set_fault(Fault.FUTURE)

    batch = centre.collect()

    assert (batch.accepted, batch.quarantined) == (30, 1)
    assert batch.quarantine.get().reason == "future_record"


def test_a_nul_in_a_name_costs_one_record(centre: Centre) -> None:
    centre.add(records(25))
    centre.set_fault(Fault.NUL)

    batch = centre.collect()

    assert (batch.accepted, batch.quarantined) == (24, 1)
    assert batch.quarantine.get().reason == "bad_encoding"


def test_a_renamed_column_refuses_the_delivery_by_name(police: Police) -> None:
    police.add(record())
    police.collect()
    with police.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW health_records")
        connection.exec_driver_sql("CREATE VIEW health_records AS SELECT 1 AS record_id, 2 AS id_type")

    batch = police.collect(now=LATER)

    assert (batch.state, batch.reason) == (Batch.State.REFUSED, "missing_column")
    assert "id_number" in batch.message
    assert len(police.versions()) == 1


def test_a_source_outside_the_operators_list_is_not_asked(centre: Centre) -> None:
    centre.source.base_url = "http://169.254.169.254/api"
    centre.source.save()

    batch = centre.collect()

    assert (batch.state, batch.reason) == (Batch.State.REFUSED, "host_not_allowed")
