"""The big-data centre's connector, with a real HTTP server that follows the contract, and one that violates it."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.demo.stand_ins.big_data_faults import Fault
from regions.sources.connectors.big_data_centre import System, open_delivery
from regions.sources.connectors.delivery import (
    Delivery,
    DeliveryInconsistent,
    HostNotAllowed,
    SourceFault,
    SourceMisconfigured,
    SourceRefused,
    SourceUnreachable,
)
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import HttpLimits
from tests.integration.connectors.samples import AS_OF, SECRET, Centre, records

QUICK = HttpLimits(read_seconds=0.7, page_seconds=2, total_seconds=20, attempts=3, page_bytes=1 << 20)
# For what is found otherwise than by its time-out: a busy machine takes seconds for it.
UNHURRIED = replace(QUICK, read_seconds=60, page_seconds=60, total_seconds=120)


def collect(centre: Centre, allowed: AllowList, sleep: Callable[[float], None] = lambda _: None, **changes: Any) -> Any:
    """The delivery's as_of, total and records, all read."""
    settings: dict[str, Any] = {
        "base_url": centre.base_url,
        "app_id": "chengdu",
        "secret": SECRET,
        "page_size": 10,
        "since": None,
        "allowed": allowed,
        "limits": UNHURRIED,
        "system": System(sleep=sleep),
    }
    with open_delivery(**{**settings, **changes}) as delivery:
        assert isinstance(delivery, Delivery)
        return delivery.as_of, delivery.total, list(delivery.records)


@pytest.mark.parametrize("page_size", [1, 10, 24, 25, 26, 10_000])
def test_all_pages_come_in_order_and_numbered_through(centre: Centre, loopback: AllowList, page_size: int) -> None:
    as_of, total, came = collect(centre, loopback, page_size=page_size)
    assert (as_of, total) == (AS_OF, 25)
    assert [record.line for record in came] == list(range(1, 26))
    assert [record.content for record in came] == records(25)


def test_only_what_is_newer_than_since_comes(centre: Centre, loopback: AllowList) -> None:
    since = datetime.fromisoformat(records(25)[14]["recorded_at"])
    assert [record.content["record_id"] for record in collect(centre, loopback, since=since)[2]] == [
        f"r{number}" for number in range(16, 26)
    ]
    assert collect(centre, loopback, since=AS_OF) == (AS_OF, 0, [])


def test_records_after_the_clock_come_when_it_has_moved_on(centre: Centre, loopback: AllowList) -> None:
    later = AS_OF + timedelta(hours=1)
    centre.store.add_records("chengdu", records(3, until=later))
    assert collect(centre, loopback)[1] == 25
    centre.store.set_clock("chengdu", later)
    as_of, total, came = collect(centre, loopback, since=AS_OF)
    assert (as_of, total, len(came)) == (later, 3, 3)


def test_a_collection_is_not_disturbed_by_what_is_added_meanwhile(centre: Centre, loopback: AllowList) -> None:
    with open_delivery(
        base_url=centre.base_url,
        app_id="chengdu",
        secret=SECRET,
        page_size=10,
        since=None,
        allowed=loopback,
    ) as delivery:
        centre.store.add_records("chengdu", records(3))
        centre.store.set_clock("chengdu", AS_OF + timedelta(hours=1))
        assert len(list(delivery.records)) == 25


def test_a_chinese_name_and_an_awkward_secret_survive_the_signature(centre: Centre, loopback: AllowList) -> None:
    assert collect(centre, loopback, since=datetime(2020, 1, 1, tzinfo=UTC))[2][0].content["full_name"] == "张三"
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback, secret=SECRET + "&")
    assert (refused.value.code, refused.value.message) == ("40102", "wrong signature")


def test_a_request_is_good_once_and_only_now(centre: Centre, loopback: AllowList) -> None:
    same = System(nonce=lambda: "same", sleep=lambda _: None)
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback, system=same)
    assert refused.value.code == "40104"
    old = System(clock=lambda: datetime.now(UTC) - timedelta(minutes=6), sleep=lambda _: None)
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback, system=old)
    assert refused.value.code == "40103"


def test_an_unknown_app_is_told_so(centre: Centre, loopback: AllowList) -> None:
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback, app_id="mianyang")
    assert (refused.value.code, refused.value.message) == ("40101", "unknown app")


FAULTS: list[tuple[Fault, type[SourceFault], str]] = [
    (Fault.SLOW, SourceUnreachable, "timed_out"),
    (Fault.DRIP, SourceUnreachable, "timed_out"),
    (Fault.DOWN, SourceUnreachable, "broken_off"),
    (Fault.HALF_PAGE, SourceUnreachable, "broken_off"),
    (Fault.ERRORS, SourceUnreachable, "server_error"),
    (Fault.BUSY, SourceUnreachable, "busy"),
    (Fault.BUSY_FOR_HOURS, SourceUnreachable, "busy"),
    (Fault.UNAUTHORISED, SourceRefused, "refused"),
    (Fault.REFUSED, SourceRefused, "refused"),
    (Fault.FORBIDDEN_PAGE, SourceRefused, "refused"),
    (Fault.REDIRECT, SourceRefused, "redirected"),
    (Fault.SHORT_PAGE, DeliveryInconsistent, "count_mismatch"),
    (Fault.SKIPPED_PAGE, DeliveryInconsistent, "count_mismatch"),
    (Fault.REPEATED_PAGE, DeliveryInconsistent, "page_repeated"),
    (Fault.OVERLAPPING_PAGE, DeliveryInconsistent, "page_repeated"),
    (Fault.LONG_PAGE, DeliveryInconsistent, "page_too_long"),
    (Fault.CHANGING_TOTAL, DeliveryInconsistent, "total_changed"),
    (Fault.CHANGING_AS_OF, DeliveryInconsistent, "as_of_changed"),
    (Fault.LOOP, DeliveryInconsistent, "cursor_repeated"),
    (Fault.EMPTY_PAGES, DeliveryInconsistent, "page_empty"),
    (Fault.HTML, DeliveryInconsistent, "html_answer"),
    (Fault.NOT_JSON, DeliveryInconsistent, "not_json"),
    (Fault.JSON_BOMB, DeliveryInconsistent, "too_deep"),
    (Fault.WIDE_JSON_BOMB, DeliveryInconsistent, "too_large"),
    (Fault.GZIP_BOMB, DeliveryInconsistent, "too_large"),
    (Fault.LARGE_PAGE, DeliveryInconsistent, "too_large"),
]
# The records themselves are wrong or missing; the batch's own checks find out.
LEFT_TO_THE_BATCH = {Fault.EMPTY, Fault.SHRUNKEN, Fault.GBK, Fault.NUL, Fault.FUTURE}
PASSING = {Fault.NONE, Fault.BUSY_THEN_OK, Fault.ERRORS_THEN_OK}


def test_every_way_to_go_wrong_is_tried() -> None:
    assert {fault for fault, _, _ in FAULTS} | LEFT_TO_THE_BATCH | PASSING == set(Fault)


@pytest.mark.parametrize(("fault", "kind", "reason"), FAULTS)
def test_a_fault_is_a_clear_refusal_without_secrets(
    centre: Centre, loopback: AllowList, fault: Fault, kind: type[SourceFault], reason: str
) -> None:
    centre.store.set_fault("chengdu", fault)
    with pytest.raises(kind) as raised:
        collect(centre, loopback, limits=QUICK if reason == "timed_out" else UNHURRIED)
    assert raised.value.reason == reason
    told = "".join(traceback.format_exception(raised.value)) + raised.value.message_in("zh-hans")
    assert SECRET not in told
    assert raised.value.__cause__ is None
    centre.store.set_fault("chengdu", Fault.NONE)
    assert collect(centre, loopback)[1] == 25


def test_a_refusal_keeps_the_sources_words_fit_to_show(centre: Centre, loopback: AllowList) -> None:
    centre.store.set_fault("chengdu", Fault.UNAUTHORISED)
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback)
    assert (refused.value.code, refused.value.message) == ("40100", "app disabled  by order")
    centre.store.set_fault("chengdu", Fault.FORBIDDEN_PAGE)
    with pytest.raises(SourceRefused) as refused:
        collect(centre, loopback)
    assert refused.value.code == "HTTP 403"


def test_a_busy_server_is_given_the_time_it_asks_for(centre: Centre, loopback: AllowList) -> None:
    waits: list[float] = []
    centre.store.set_fault("chengdu", Fault.BUSY_THEN_OK)
    assert collect(centre, loopback, waits.append)[1] == 25
    assert waits == [1.0, 1.0]


def test_errors_that_pass_are_waited_for_longer_and_longer(centre: Centre, loopback: AllowList) -> None:
    waits: list[float] = []
    centre.store.set_fault("chengdu", Fault.ERRORS_THEN_OK)
    assert collect(centre, loopback, waits.append)[1] == 25
    assert len(waits) == 2
    assert all(0 <= wait <= 60 for wait in waits)


def test_tries_are_limited(centre: Centre, loopback: AllowList) -> None:
    waits: list[float] = []
    centre.store.set_fault("chengdu", Fault.BUSY)
    with pytest.raises(SourceUnreachable, match="asks for 1 seconds"):
        collect(centre, loopback, waits.append)
    assert len(waits) == QUICK.attempts - 1


def test_trying_ends_where_the_wait_is_too_long(centre: Centre, loopback: AllowList) -> None:
    waits: list[float] = []
    centre.store.set_fault("chengdu", Fault.BUSY_FOR_HOURS)
    with pytest.raises(SourceUnreachable, match="7,200 seconds"):
        collect(centre, loopback, waits.append)
    centre.store.set_fault("chengdu", Fault.BUSY)
    with pytest.raises(SourceUnreachable):
        collect(centre, loopback, waits.append, limits=replace(QUICK, total_seconds=0.9))
    assert waits == []


def test_bad_records_are_left_to_the_quarantine(centre: Centre, loopback: AllowList) -> None:
    centre.store.set_fault("chengdu", Fault.GBK)
    names = [record.content["full_name"] for record in collect(centre, loopback)[2]]
    assert len(names) == 25
    assert all("\udc80" <= name[0] <= "\udcff" for name in names)
    centre.store.set_fault("chengdu", Fault.NUL)
    assert collect(centre, loopback)[2][0].content["full_name"] == "张三\0"
    centre.store.set_fault("chengdu", Fault.FUTURE)
    centre.store.add_records("chengdu", records(1, until=AS_OF + timedelta(days=1)))
    as_of, total, _ = collect(centre, loopback)
    assert (as_of, total) == (AS_OF, 26)


def test_a_delivery_that_shrank_is_whole_by_itself(centre: Centre, loopback: AllowList) -> None:
    centre.store.set_fault("chengdu", Fault.SHRUNKEN)
    assert collect(centre, loopback)[1] == 15
    centre.store.set_fault("chengdu", Fault.EMPTY)
    assert collect(centre, loopback) == (AS_OF, 0, [])


def test_a_server_that_is_not_there_is_unreachable(centre: Centre, loopback: AllowList) -> None:
    with pytest.raises(SourceUnreachable) as fault:
        collect(centre, loopback, base_url="http://127.0.0.1:9/api")
    assert fault.value.reason == "no_connection"


@pytest.mark.parametrize(
    "base_url", ["http://10.0.0.1/api", "https://data.example/api", "http://169.254.169.254/latest"]
)
def test_a_place_that_is_not_allowed_is_never_asked(loopback: AllowList, base_url: str) -> None:
    with pytest.raises(HostNotAllowed):
        collect(Centre(None, base_url), loopback)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "ftp://127.0.0.1/api"},
        {"base_url": "http://user:s3cret@127.0.0.1/api"},
        {"base_url": "http://127.0.0.1/api?x=1"},
        {"base_url": "http://127.0.0.1/api#x"},
        {"base_url": "127.0.0.1/api"},
        {"base_url": "http://[::1/api"},
        {"base_url": ""},
        {"app_id": ""},
        {"app_id": "a\r\nX-Evil: 1"},
        {"app_id": "成都"},
        {"secret": ""},
        {"page_size": 0},
        {"page_size": 10_001},
    ],
)
def test_settings_that_cannot_work_are_told_by_name(
    centre: Centre, loopback: AllowList, changes: dict[str, Any]
) -> None:
    with pytest.raises(SourceMisconfigured) as fault:
        collect(centre, loopback, **changes)
    assert "s3cret" not in str(fault.value)
