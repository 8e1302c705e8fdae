"""From deliveries to versions of facts: what is new, what is already known, and which version is the latest."""

from datetime import date, timedelta
from importlib import import_module

import pytest
from django.db import connection

from codes.models import Citizen, Fact
from regions.keys import encryption
from regions.keys.encryption import QUARANTINED_RECORD, decrypt_number
from regions.sources.models import Batch, Quarantined, StagedRecord
from regions.vocabulary import IdType
from tests.integration.lines import ANNA, BERT, citizen, declaration, take
from tests.integration.sources.stand_ins import NOW, Centre, Police, at, record, records

LATER = NOW + timedelta(hours=1)
Version = tuple[int, str, bool, bool]


def test_a_record_becomes_a_fact_of_its_source(police: Police) -> None:
    police.add(record(kind="LJ", area="420100", ended_on="2026-11-20", detail={"venue": "市场"}))

    batch = police.collect()

    (fact,) = police.versions()
    assert (fact.origin, fact.source, fact.provider, fact.batch) == ("source", police.source, None, batch)
    assert (fact.kind, fact.area) == ("area_stay", "420100")
    assert (fact.started_on, fact.ended_on) == (date(2026, 11, 18), date(2026, 11, 20))
    assert (fact.recorded_at, fact.received_at) == (at(0), NOW)
    assert (fact.version, fact.superseded, fact.revoked, fact.detail) == (1, False, False, {"venue": "市场"})
    anna = citizen()
    assert (fact.citizen, anna.full_name, anna.known_since) == (anna, "安娜", NOW)
    assert decrypt_number(bytes(anna.id_encrypted)) == ANNA
    assert len(anna.ref) == 13
    assert (batch.delivered, batch.accepted, batch.unchanged, batch.quarantined) == (1, 1, 0, 0)
    assert not StagedRecord.objects.exists()


def test_each_new_citizen_has_a_ref_of_their_own(police: Police) -> None:
    police.add(*records(300))

    assert police.collect().accepted == 300
    assert len(set(Citizen.objects.values_list("ref", flat=True))) == 300


def test_what_is_known_already_is_not_stored_again(police: Police) -> None:
    police.add(*records(5))
    police.collect()

    batch = police.collect(now=LATER, full=True)

    assert (batch.delivered, batch.accepted, batch.unchanged) == (5, 0, 5)
    assert Fact.objects.count() == 5


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "QZ"},
        {"area": "420100"},
        {"started_on": "2026-11-17"},
        {"ended_on": "2026-11-19"},
        {"recorded_at": at(1)},
        {"detail": {"seat": "12A"}},
        {"full_name": "安妮"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_content_is_a_new_version(police: Police, change: dict[str, object]) -> None:
    police.add(record())
    police.collect()
    police.replace(record(**change))

    batch = police.collect(now=LATER, full=True)

    assert (batch.accepted, batch.unchanged) == (1, 0)
    first, second = police.versions()
    assert (first.version, first.superseded) == (1, True)
    assert (second.version, second.superseded, second.received_at) == (2, False, LATER)


def test_a_withdrawn_record_ends_in_a_version_that_says_so(police: Police) -> None:
    police.add(record())
    police.collect()
    police.replace(record(revoked=True, recorded_at=at(5)))
    police.collect(now=LATER, full=True)

    assert _told(police) == [(1, "close_contact", True, False), (2, "close_contact", False, True)]


def test_a_record_that_vanishes_changes_nothing(police: Police) -> None:
    police.add(*records(10))
    police.collect()
    police.replace(*records(9))

    assert police.collect(now=LATER, full=True).state == Batch.State.ACCEPTED
    assert Fact.objects.filter(superseded=False, revoked=False).count() == 10


def test_versions_of_one_delivery_stand_in_the_order_of_their_recording(police: Police) -> None:
    police.add(record(kind="PCMJ", recorded_at=at(9)), record(recorded_at=at(1)), record(kind="QZ", recorded_at=at(5)))

    assert police.collect().accepted == 3
    assert _told(police) == [
        (1, "close_contact", True, False),
        (2, "confirmed_case", True, False),
        (3, "contact_excluded", False, False),
    ]


def test_a_version_recorded_earlier_than_the_one_held_comes_too_late_to_count(police: Police) -> None:
    police.add(record(kind="QZ", recorded_at=at(9)))
    police.collect()
    police.replace(record(recorded_at=at(1)))

    assert police.collect(now=LATER, full=True).accepted == 1
    assert _told(police) == [(1, "confirmed_case", False, False), (2, "close_contact", True, False)]


def test_the_next_version_is_numbered_after_one_that_came_too_late(police: Police) -> None:
    for minute, kind in ((9, "QZ"), (1, "MJ"), (10, "PCMJ"), (5, "LJ")):
        police.replace(record(kind=kind, area="420100", recorded_at=at(minute)))
        police.collect(full=True)

    assert _told(police) == [
        (1, "confirmed_case", True, False),
        (2, "close_contact", True, False),
        (3, "contact_excluded", False, False),
        (4, "area_stay", True, False),
    ]


def test_what_was_changed_in_place_and_back_is_three_versions(police: Police) -> None:
    first, second = record(), record(kind="QZ")
    for delivered in (first, second, first):
        police.replace(delivered)
        police.collect(full=True)

    assert [version.kind for version in police.versions()] == ["close_contact", "confirmed_case", "close_contact"]
    assert [version.superseded for version in police.versions()] == [True, True, False]


def test_the_history_delivered_again_is_not_stored_again(police: Police) -> None:
    police.add(record(recorded_at=at(1)), record(kind="QZ", recorded_at=at(2)))
    police.collect()

    batch = police.collect(now=LATER, full=True)

    assert (batch.accepted, batch.unchanged) == (0, 2)


def test_history_the_city_missed_does_not_displace_the_present(police: Police) -> None:
    present = record(kind="QZ", recorded_at=at(9))
    police.add(present)
    police.collect()
    police.add(record(recorded_at=at(1)))
    police.collect(now=LATER, full=True)

    assert _told(police) == [(1, "confirmed_case", False, False), (2, "close_contact", True, False)]
    assert police.collect(now=LATER, full=True).accepted == 0


def test_the_same_row_twice_is_one(police: Police) -> None:
    police.add(record(), record(), record(kind="QZ", recorded_at=at(2)))

    batch = police.collect()

    assert (batch.delivered, batch.accepted, batch.unchanged) == (3, 2, 1)
    assert batch.state == Batch.State.ACCEPTED


def test_two_contents_of_one_moment_are_both_put_aside(police: Police) -> None:
    police.source.max_bad_share = 0.5
    police.source.save()
    police.add(record())
    police.collect()
    police.replace(
        record(recorded_at=at(5)),
        record(recorded_at=at(5), kind="QZ"),
        *records(1),
        record(record_id="r9", recorded_at=at(6)),
    )

    batch = police.collect(now=LATER, full=True)

    assert (batch.state, batch.accepted, batch.quarantined) == (Batch.State.ACCEPTED, 2, 2)
    assert _told(police) == [(1, "close_contact", False, False)]
    bad = Quarantined.objects.order_by("line")
    assert [(one.line, one.reason) for one in bad] == [(1, "conflicting_version"), (2, "conflicting_version")]
    assert all(ANNA.encode() not in bytes(one.raw) for one in bad)
    assert all(f'"id_number": "{ANNA}"' in encryption.decrypt(bytes(one.raw), use=QUARANTINED_RECORD) for one in bad)


def test_only_contents_of_one_moment_contradict_each_other(police: Police) -> None:
    police.add(record(recorded_at=at(5)), record(kind="QZ", recorded_at=at(6)), record(recorded_at=at(5)))

    batch = police.collect()

    assert (batch.accepted, batch.quarantined) == (2, 0)


def test_of_rows_that_stand_the_one_recorded_last_becomes_the_latest(police: Police) -> None:
    """As the first release left them: the one received last was the latest."""
    for minute in (9, 1):
        police.replace(record(recorded_at=at(minute), full_name=f"安{minute}"))
        police.collect(full=True)
    take(declaration(), declaration(entry_id="d-2", contact="yes"), now=NOW)
    declared = list(Fact.objects.filter(provider__isnull=False).order_by("pk").values_list("pk", "superseded"))
    Fact.objects.filter(version=1, source=police.source).update(superseded=True)
    Fact.objects.filter(version=2, source=police.source).update(superseded=False)

    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(import_module("codes.migrations.0015_latest_version").MARK_THE_LATEST)
            assert [version.superseded for version in police.versions()] == [False, True]
    assert list(Fact.objects.filter(provider__isnull=False).order_by("pk").values_list("pk", "superseded")) == declared


def test_a_record_whose_number_was_corrected_moves_to_the_right_person(police: Police) -> None:
    police.add(record())
    police.collect()
    police.replace(record(id_number=BERT, full_name="贝特", recorded_at=at(5)))
    police.collect(now=LATER, full=True)

    wrong, right = police.versions()
    assert (wrong.citizen, wrong.superseded) == (citizen(ANNA), True)
    assert (right.citizen, right.superseded, right.version) == (citizen(BERT), False, 2)


def test_sources_number_their_records_by_themselves(police: Police, centre: Centre) -> None:
    police.add(record())
    centre.add([record(kind="confirmed_case")])

    assert police.collect().accepted == centre.collect().accepted == 1
    assert {fact.version for fact in Fact.objects.filter(record_id="r1")} == {1}
    assert Citizen.objects.count() == 1


def test_a_number_is_one_person_whatever_kind_of_document_it_was_sent_with(police: Police) -> None:
    police.add(
        record(), record(record_id="r2", id_type="99"), record(record_id="r3", id_type="20", id_number="E12345678")
    )
    police.collect()

    assert [fact.citizen for fact in police.versions("r2")] == [citizen(ANNA)]
    assert [fact.citizen for fact in police.versions("r3")] == [citizen("E12345678", IdType.PASSPORT)]
    assert Citizen.objects.count() == 2


def test_a_declared_name_is_believed_over_a_sources(police: Police) -> None:
    take(declaration(full_name="安娜·李"), declaration(entry_id="d-2", id_number=BERT, full_name=...), now=NOW)
    police.add(record(full_name="李安娜"), record(record_id="r2", id_number=BERT, full_name="贝特"))
    police.collect()

    assert citizen(ANNA).full_name == "安娜·李"
    assert citizen(BERT).full_name == "贝特"


def test_bad_records_are_put_aside_one_by_one(police: Police) -> None:
    police.source.max_bad_share = 1
    police.source.save()
    police.add(
        record(record_id="good"),
        record(record_id="a", id_number="110105194912310021"),
        record(record_id="b", kind="XYZ"),
        record(record_id="c", ended_on="2026-11-01"),
        record(record_id="d", area="51010"),
        record(record_id="e", full_name="a\x00b"),
        record(record_id="", kind="MJ"),
    )

    batch = police.collect()

    assert (batch.accepted, batch.quarantined) == (1, 6)
    reasons = Quarantined.objects.order_by("line").values_list("reason", "field")
    assert list(reasons) == [
        ("bad_id", "id_number"),
        ("bad_kind", "kind"),
        ("bad_date", "ended_on"),
        ("bad_area", "area"),
        ("bad_encoding", "full_name"),
        ("missing_field", "record_id"),
    ]
    assert Fact.objects.get().record_id == "good"


def test_received_is_when_the_city_took_it(police: Police) -> None:
    police.add(record())
    batch = police.collect(now=LATER)

    assert (batch.received_at, batch.started_at) == (LATER, LATER)
    assert police.versions()[0].received_at == LATER


def _told(police: Police) -> list[Version]:
    """The versions of r1: number, kind, superseded, revoked."""
    return [(one.version, one.kind, one.superseded, one.revoked) for one in police.versions()]
