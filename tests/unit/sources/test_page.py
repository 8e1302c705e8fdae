"""Pages one after another: whatever shows that a delivery is not whole refuses it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regions.sources.connectors.answer import Page, PageSequence, read_page
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceRefused

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)


def answer(**changes: Any) -> dict[str, Any]:
    data = {"as_of": "2026-11-20T08:00:00+08:00", "total": 1, "records": [{"record_id": "1"}], "next_cursor": None}
    return {"code": "0", "message": "ok", "data": {**data, **changes}}


def page(*numbers: int, total: int = 6, cursor: str | None = None, as_of: datetime = AS_OF) -> Page:
    return Page(as_of, total, [{"record_id": str(number)} for number in numbers], cursor)


def follow(*pages: Page, page_size: int = 2) -> PageSequence:
    sequence = PageSequence(page_size)
    for each in pages:
        sequence.accept(each)
    return sequence


def test_a_page_is_read_as_the_contract_has_it() -> None:
    assert read_page(answer(), secrets=()) == Page(AS_OF, 1, [{"record_id": "1"}], None)


def test_a_record_that_is_no_object_is_left_to_the_quarantine() -> None:
    assert read_page(answer(records=[None, "x"]), secrets=()).records == [
        {"not_an_object": None},
        {"not_an_object": "x"},
    ]


@pytest.mark.parametrize(
    ("spoilt", "field"),
    [
        ([], "code"),
        ("ok", "code"),
        ({}, "code"),
        ({"code": "0"}, "data"),
        ({"code": "0", "data": []}, "data"),
        (answer(as_of=None), "as_of"),
        (answer(as_of=1_700_000_000), "as_of"),
        (answer(as_of="yesterday"), "as_of"),
        (answer(as_of="2026-11-20T08:00:00"), "as_of"),
        (answer(as_of="0001-01-01T00:00:00+08:00"), "as_of"),
        (answer(as_of="9999-12-31T23:59:59-08:00"), "as_of"),
        (answer(total=None), "total"),
        (answer(total="1"), "total"),
        (answer(total=True), "total"),
        (answer(total=-1), "total"),
        (answer(records=None), "records"),
        (answer(records={}), "records"),
        (answer(next_cursor=""), "next_cursor"),
        (answer(next_cursor=7), "next_cursor"),
        (answer(next_cursor="a\r\nb"), "next_cursor"),
        (answer(next_cursor="x" * 2049), "next_cursor"),
        ({"code": "0", "data": {"as_of": "2026-11-20T08:00:00+08:00", "total": 0, "records": []}}, "next_cursor"),
    ],
)
def test_a_malformed_page_is_refused_by_the_field_that_is_wrong(spoilt: object, field: str) -> None:
    with pytest.raises(DeliveryInconsistent) as fault:
        read_page(spoilt, secrets=())
    assert fault.value.reason == "bad_page"
    assert fault.value.parts == {"field": field}


@pytest.mark.parametrize("code", ["50012", 50012, False, None, "00", ""])
def test_any_other_code_is_the_source_saying_no(code: object) -> None:
    with pytest.raises(SourceRefused) as refused:
        read_page({"code": code, "message": "quota\0 of s3cret", "data": None}, secrets=("s3cret",))
    assert refused.value.code == str(code)
    assert refused.value.message == "quota  of ***"


def test_three_pages_that_fit() -> None:
    assert follow(page(1, 2, cursor="a"), page(3, 4, cursor="b"), page(5, 6)).received == 6
    assert follow(page(total=0)).received == 0


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([page(1, 2, 3, cursor="a")], "page_too_long"),
        ([page(cursor="a")], "page_empty"),
        ([page(1, 2, cursor="a"), page(3, 4, cursor="b", total=7)], "total_changed"),
        ([page(1, 2, cursor="a"), page(3, 4, cursor="b", as_of=AS_OF + timedelta(microseconds=1))], "as_of_changed"),
        ([page(1, 2, cursor="a"), page(3, 4, cursor="a")], "cursor_repeated"),
        ([page(1, 2, cursor="a"), page(1, 2, cursor="b")], "page_repeated"),
        ([page(1, 2, cursor="a"), page(3, 4, cursor="b"), page(1, 2)], "page_repeated"),
        ([page(1, 2, cursor="a"), page(2, 3, cursor="b")], "page_repeated"),
        ([page(1, 2, cursor="a"), page(3, 4)], "count_mismatch"),
        ([page(1, 2, cursor="a"), page(3, 4, cursor="b"), page(5)], "count_mismatch"),
        ([page(1, 2, total=1, cursor="a")], "count_mismatch"),
        ([page(total=5)], "count_mismatch"),
    ],
)
def test_pages_that_do_not_make_a_whole_are_refused(pages: list[Page], reason: str) -> None:
    with pytest.raises(SourceFault) as fault:
        follow(*pages)
    assert fault.value.reason == reason
