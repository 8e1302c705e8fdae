"""One record at a time: what passes, and the reason code of everything that does not."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regions.identity import Identity
from regions.sources.reasons import RecordReason
from regions.sources.records import CheckedRecord, RecordFault, check_record, content_digest
from regions.vocabulary import FactKind, IdType, label_in

SHANGHAI = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
KINDS = {"MJ": "close_contact", "XX": "no_such_kind", "arrival": "overseas_arrival"}
RECORD: dict[str, Any] = {
    "record_id": "GA-1",
    "id_type": "10",
    "id_number": "11010519491231002x",
    "full_name": "张三",
    "kind": "MJ",
    "area": None,
    "started_on": "2026-11-18",
    "ended_on": None,
    "recorded_at": "2026-11-20T07:59:59.123456+08:00",
    "revoked": False,
    "detail": {"train": "G8701", "seats": ["05A", "05B"]},
}


def check(**changes: Any) -> CheckedRecord | RecordFault:
    return check_record({**RECORD, **changes}, kinds=KINDS, as_of=AS_OF, zone=SHANGHAI)


def accepted(**changes: Any) -> CheckedRecord:
    record = check(**changes)
    assert isinstance(record, CheckedRecord)
    return record


def test_an_instant_is_taken_in_utc() -> None:
    """PostgreSQL takes no offset of a day."""
    assert accepted(recorded_at="2026-11-20T23:00:00+23:30").recorded_at.isoformat() == "2026-11-19T23:30:00+00:00"


def test_a_good_record_is_taken_as_it_is() -> None:
    assert accepted() == CheckedRecord(
        record_id="GA-1",
        identity=Identity(IdType.RESIDENT_ID, "11010519491231002X"),
        full_name="张三",
        kind=FactKind.CLOSE_CONTACT,
        area=None,
        started_on=date(2026, 11, 18),
        ended_on=None,
        recorded_at=datetime(2026, 11, 19, 23, 59, 59, 123456, tzinfo=UTC),
        revoked=False,
        detail={"train": "G8701", "seats": ["05A", "05B"]},
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"full_name": ""},
        {"full_name": "阿卜杜拉·买买提"},
        {"full_name": "𬱖"},
        {"kind": "area_stay", "area": "510100"},
        {"ended_on": "2026-11-18"},
        {"started_on": "1900-01-01", "ended_on": "2100-12-31"},
        {"started_on": "2026-11-20"},
        {"started_on": "2026-11-20", "recorded_at": "2026-11-19T16:00:00Z"},
        {"started_on": "2024-02-29"},
        {"recorded_at": AS_OF.isoformat()},
        {"recorded_at": "2026-11-20T00:00:00Z"},
        {"revoked": True},
        {"detail": None},
        {"detail": {}},
        {"detail": '{"a": 1}'},
        {"detail": {"a": "x" * 8000}},
        {"detail": {"a": [[[[1]]]]}},
        {"detail": {"note": "one\ntwo\tthree"}},
        {"record_id": "x" * 200},
        {"unknown": "\0\ud800", "another": object()},
    ],
)
def test_these_pass(changes: dict[str, Any]) -> None:
    accepted(**changes)


@pytest.mark.parametrize(
    ("reason", "field", "value"),
    [
        ("missing_field", "record_id", ""),
        ("missing_field", "record_id", "  "),
        ("missing_field", "record_id", 7),
        ("missing_field", "record_id", "x" * 201),
        ("bad_id", "id_type", "11"),
        ("bad_id", "id_type", 10),
        ("bad_id", "id_type", ""),
        ("bad_id", "id_number", "110105194912310021"),
        ("bad_id", "id_number", "1" * 101),
        ("bad_id", "id_number", 110105194912310021),
        ("bad_id", "id_number", "11010520261121001X"),
        ("bad_id", "id_number", ""),
        ("bad_kind", "kind", "QZ"),
        ("bad_kind", "kind", "XX"),
        ("bad_kind", "kind", "mj"),
        ("bad_kind", "kind", "CLOSE_CONTACT"),
        ("bad_kind", "kind", ""),
        ("bad_kind", "kind", ["close_contact"]),
        ("future_record", "started_on", "2026-11-21"),
        ("bad_area", "area", ""),
        ("bad_area", "area", "51010"),
        ("bad_area", "area", "5101000"),
        ("bad_area", "area", "成都市"),
        ("bad_area", "area", "\uff15\uff1110100"),  # full-width digits
        ("bad_area", "area", 510100),
        ("bad_area", "area", "519900"),
        ("bad_date", "started_on", "0000-00-00"),
        ("bad_date", "started_on", "1899-12-31"),
        ("bad_date", "started_on", "2101-01-01"),
        ("bad_date", "started_on", "2026-02-30"),
        ("bad_date", "started_on", "20261118"),
        ("bad_date", "started_on", "2026-W47-3"),
        ("bad_date", "started_on", "2026-11-18T00:00:00"),
        ("bad_date", "started_on", "2026-11-18 "),
        ("bad_date", "started_on", 20261118),
        ("bad_date", "ended_on", "9999-12-31"),
        ("bad_date", "ended_on", "2026-11-17"),
        ("bad_date", "ended_on", ""),
        ("bad_date", "recorded_at", "2026-11-20T00:00:00"),
        ("bad_date", "recorded_at", "0001-01-01T00:00:00+08:00"),
        ("bad_date", "recorded_at", "9999-12-31T23:59:59-12:00"),
        ("bad_date", "recorded_at", "infinity"),
        ("bad_date", "recorded_at", 1_700_000_000),
        ("future_record", "recorded_at", "2026-11-20T00:00:00.000001+00:00"),
        ("missing_field", "revoked", 0),
        ("missing_field", "revoked", "false"),
        ("missing_field", "detail", []),
        ("missing_field", "detail", "[1]"),
        ("missing_field", "detail", "not json"),
        ("missing_field", "detail", "[" * 4000),
        ("missing_field", "detail", {"a": [[[[[1]]]]]}),
        ("missing_field", "detail", {"a": "x" * 8192}),
        ("missing_field", "detail", {"a": "汉" * 3000}),
        ("missing_field", "detail", '{"a": "' + "x" * 8192 + '"}'),
        ("missing_field", "detail", {"a": float("nan")}),
        ("bad_encoding", "full_name", "张\0"),
        ("bad_encoding", "full_name", "张\udcd5"),
        ("bad_encoding", "full_name", "锟斤拷\ufffd"),
        ("bad_encoding", "full_name", "张\n三"),
        ("bad_encoding", "record_id", "\ufeff\uffff"),
        ("bad_encoding", "kind", "MJ\0"),
        ("bad_encoding", "id_number", "1101\ufffd"),
        ("bad_encoding", "id_type", "10\0"),
        ("bad_encoding", "area", "5101\udcff0"),
        ("bad_encoding", "started_on", "2026-11-18\0"),
        ("bad_encoding", "ended_on", "\udcc5"),
        ("bad_encoding", "recorded_at", "2026-11-20T00:00:00\0"),
        ("bad_encoding", "detail", {"a": ["\0"]}),
        ("bad_encoding", "detail", {"\ud800": 1}),
        ("bad_encoding", "detail", '{"a": "\ufffd"}'),
        ("bad_encoding", "detail", '{"a": "\\u0000"}'),
        ("missing_field", "full_name", "x" * 201),
    ],
)
def test_a_fault_has_its_reason_and_its_field(reason: str, field: str, value: Any) -> None:
    fault = check(**{field: value})
    assert isinstance(fault, RecordFault)
    assert fault.reason == RecordReason(reason)
    assert fault.field == field or (field == "id_type" and fault.field == "id_number")


REQUIRED = ["record_id", "id_type", "id_number", "full_name", "kind", "started_on", "recorded_at", "revoked"]


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("null", [True, False])
def test_a_required_field_is_there_and_not_null(field: str, null: bool) -> None:
    content = {name: value for name, value in RECORD.items() if name != field}
    fault = check_record(content | ({field: None} if null else {}), kinds=KINDS, as_of=AS_OF, zone=SHANGHAI)
    assert isinstance(fault, RecordFault)
    assert (fault.reason, fault.field) == ("missing_field", field)


def test_optional_fields_may_be_absent() -> None:
    content = {name: RECORD[name] for name in REQUIRED}
    record = check_record(content, kinds=KINDS, as_of=AS_OF, zone=SHANGHAI)
    assert isinstance(record, CheckedRecord)
    assert (record.area, record.ended_on, record.detail) == (None, None, {})


def test_a_stay_needs_its_area() -> None:
    fault = check(kind="area_stay", area=None)
    assert isinstance(fault, RecordFault)
    assert (fault.reason, fault.field) == ("missing_field", "area")


def test_the_day_it_was_recorded_on_is_the_citys() -> None:
    """15:59:59 UTC is the last second of the 19th in Shanghai."""
    fault = check(started_on="2026-11-20", recorded_at="2026-11-19T15:59:59Z")
    assert isinstance(fault, RecordFault)
    assert (fault.reason, fault.field) == ("future_record", "started_on")


@pytest.mark.parametrize(("still", "ended_on"), [(date(9999, 12, 31), None), (date(2099, 1, 1), date(2026, 11, 19))])
def test_a_sources_day_for_no_end_is_no_end(still: date, ended_on: date | None) -> None:
    content = {**RECORD, "ended_on": "9999-12-31" if ended_on is None else "2026-11-19"}
    record = check_record(content, kinds=KINDS, as_of=AS_OF, zone=SHANGHAI, still=still)
    assert isinstance(record, CheckedRecord)
    assert record.ended_on == ended_on


def test_the_sources_own_words_win_over_ours() -> None:
    assert accepted(kind="arrival").kind is FactKind.OVERSEAS_ARRIVAL
    assert accepted(kind="symptom").kind is FactKind.SYMPTOM


def test_only_the_kinds_asked_for_pass() -> None:
    fault = check_record(RECORD, kinds=KINDS, as_of=AS_OF, zone=SHANGHAI, known_kinds={"symptom"})
    assert isinstance(fault, RecordFault)
    assert fault.reason == "bad_kind"


def test_a_birth_date_is_judged_on_the_citys_day() -> None:
    """At 16:00 UTC the next day has begun in Shanghai."""
    born = {"id_number": "110105202611210018", "recorded_at": "2026-11-20T16:00:00+00:00"}
    number = born["id_number"][:17] + check_digit(born["id_number"][:17])
    for moment, passes in ((datetime(2026, 11, 20, 16, tzinfo=UTC), True), (AS_OF, False)):
        content = {**RECORD, "id_number": number, "recorded_at": moment.isoformat()}
        record = check_record(content, kinds=KINDS, as_of=moment, zone=SHANGHAI)
        assert isinstance(record, CheckedRecord) is passes


def check_digit(body: str) -> str:
    """GB 11643, written out."""
    return "10X98765432"[sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body)) % 11]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), ANYTHING))
def test_whatever_comes_is_a_record_or_a_fault_and_no_fault_repeats_it(changes: dict[str, Any]) -> None:
    result = check(**changes)
    if isinstance(result, RecordFault):
        assert "1010519491231002" not in f"{result.field} {result.message}"
        assert "张三" not in result.message
    else:
        assert len(content_digest(result)) == 32


def test_the_digest_tells_a_new_version_from_the_same_content() -> None:
    record = accepted()
    same = accepted(
        id_number="11010519491231002X",
        kind="close_contact",
        recorded_at="2026-11-19T23:59:59.123456Z",
        detail=json.dumps(dict(reversed(RECORD["detail"].items()))),
    )
    assert content_digest(same) == content_digest(record)
    others: list[dict[str, Any]] = [
        {"record_id": "GA-2"},
        {"id_number": "E12345678", "id_type": "20"},
        {"full_name": "张三丰"},
        {"kind": "secondary_contact"},
        {"area": "510100"},
        {"started_on": "2026-11-17"},
        {"ended_on": "2026-11-19"},
        {"recorded_at": "2026-11-20T07:59:59.123457+08:00"},
        {"revoked": True},
        {"detail": {}},
    ]
    digests = {content_digest(accepted(**changes)) for changes in others}
    assert len(digests) == len(others) == len(dataclasses.fields(CheckedRecord))
    assert content_digest(record) not in digests


def test_every_reason_of_the_contract_is_there() -> None:
    contract = "bad_id bad_kind bad_date bad_area bad_encoding missing_field future_record conflicting_version"
    assert {reason.value for reason in RecordReason} == set(contract.split())
    assert all(label_in("zh-hans", reason) and label_in("en", reason) for reason in RecordReason)


def test_a_record_later_than_the_horizon_is_not_saved_by_another_zone() -> None:
    late = (AS_OF + timedelta(seconds=1)).astimezone(SHANGHAI).isoformat()
    fault = check(recorded_at=late)
    assert isinstance(fault, RecordFault)
    assert fault.reason == "future_record"
