"""Faults of a big-data centre, set with `BigDataStore.set_fault`."""

import gzip
import io
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

BOMB_BYTES = 64 * 1024 * 1024


class Fault(StrEnum):
    """How the centre misbehaves."""

    NONE = ""
    SLOW = "slow"  # answers after a minute
    DRIP = "drip"  # sends a byte now and then
    DOWN = "down"  # closes the connection
    UNAUTHORISED = "unauthorised"  # HTTP 401 with the centre's code and message
    REFUSED = "refused"  # HTTP 200 with a code other than "0"
    FORBIDDEN_PAGE = "forbidden_page"  # HTTP 403 with a gateway's web page
    REDIRECT = "redirect"  # sends elsewhere
    BUSY = "busy"  # 429 with Retry-After, always
    BUSY_THEN_OK = "busy_then_ok"  # … twice
    BUSY_FOR_HOURS = "busy_for_hours"  # … longer than anybody would wait
    ERRORS = "errors"  # 500, always
    ERRORS_THEN_OK = "errors_then_ok"  # … twice
    HALF_PAGE = "half_page"  # the connection ends in the middle of a page
    SHORT_PAGE = "short_page"  # the second half of a page is left out
    REPEATED_PAGE = "repeated_page"  # the first page comes again in place of the second
    OVERLAPPING_PAGE = "overlapping_page"  # a page begins with the last record of the one before
    SKIPPED_PAGE = "skipped_page"
    LONG_PAGE = "long_page"  # more records than asked for
    CHANGING_TOTAL = "changing_total"
    CHANGING_AS_OF = "changing_as_of"
    LOOP = "loop"  # the next page's cursor is this page's
    EMPTY_PAGES = "empty_pages"  # pages without records, endlessly
    EMPTY = "empty"  # without any records
    SHRUNKEN = "shrunken"  # 40 % fewer than there were
    HTML = "html"  # a web page with HTTP 200
    NOT_JSON = "not_json"
    JSON_BOMB = "json_bomb"  # a hundred thousand nested lists
    WIDE_JSON_BOMB = "wide_json_bomb"  # millions of empty objects
    GZIP_BOMB = "gzip_bomb"  # 64 MB of blanks in a sixteenth of one
    LARGE_PAGE = "large_page"  # the same without compression
    GBK = "gbk"
    NUL = "nul"  # a NUL in a name
    FUTURE = "future"  # records later than as_of


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer about to be sent; `cut` announces more bytes than are sent, `drip` sends them one by one."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json; charset=utf-8"})
    body: bytes = b""
    cut: bool = False
    drip: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page about to be written: records as JSON texts, `index` counts from 0 within the collection."""

    index: int
    as_of: datetime
    total: int
    records: list[str]
    next_cursor: str | None


def refusal(status: int, code: str, message: str) -> Reply:
    """Return a refusal in the contract's format."""
    return Reply(status=status, body=json.dumps({"code": code, "message": message, "data": None}).encode())


_REPLIES = {
    Fault.UNAUTHORISED: refusal(401, "40100", "app disabled\r\nby order"),
    Fault.REFUSED: refusal(200, "50012", "quota used up"),
    Fault.FORBIDDEN_PAGE: Reply(403, {"Content-Type": "text/html"}, b"<html><h1>WAF</h1></html>"),
    Fault.REDIRECT: Reply(302, {"Location": "http://127.0.0.1:9/records"}),
    Fault.HTML: Reply(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><title>login</title>"),
    Fault.NOT_JSON: Reply(body=b'{"code": "0", "data": {"records": [{"record'),
    Fault.JSON_BOMB: Reply(body=b'{"code": "0", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
}


def reply_instead(fault: Fault, tries: int) -> Reply | None:
    """Return the reply in place of a page, or None if a page is sent; `tries` counts from 0 since the fault was set."""
    early = fault in (Fault.BUSY_THEN_OK, Fault.ERRORS_THEN_OK) and tries < 2
    if fault is Fault.BUSY or (fault is Fault.BUSY_THEN_OK and early):
        return replace(refusal(429, "42900", "too many requests"), headers={"Retry-After": "1"})
    if fault is Fault.BUSY_FOR_HOURS:
        return replace(refusal(503, "50300", "maintenance"), headers={"Retry-After": "7200"})
    if fault is Fault.ERRORS or early:
        return Reply(status=500, headers={"Content-Type": "text/plain"}, body=b"NullPointerException")
    if fault is Fault.WIDE_JSON_BOMB:
        return Reply(body=b'{"code": "0", "data": [' + b"{}," * 4_000_000 + b"{}]}")
    return _REPLIES.get(fault)


def spoil_page(fault: Fault, page: Page, first_records: list[str], cursor: str) -> Page:
    """Return the page changed by the fault; `first_records` are those of the first page, `cursor` is what was asked for."""
    records, later = page.records, page.index > 0
    if fault is Fault.SHORT_PAGE and page.index == 0:
        return replace(page, records=records[: len(records) // 2])
    if fault is Fault.REPEATED_PAGE and page.index == 1:
        return replace(page, records=first_records)
    if fault is Fault.OVERLAPPING_PAGE and page.index == 1:
        return replace(page, records=[first_records[-1], *records[:-1]])
    if fault is Fault.LONG_PAGE:
        return replace(page, records=records + records[:1])
    if fault is Fault.CHANGING_TOTAL and later:
        return replace(page, total=page.total + 1)
    if fault is Fault.CHANGING_AS_OF and later:
        return replace(page, as_of=page.as_of + timedelta(seconds=1))
    if fault is Fault.LOOP and cursor:
        return replace(page, next_cursor=cursor)
    if fault is Fault.EMPTY_PAGES:
        return replace(page, records=[], next_cursor=f"{page.index}-on-and-on")
    if fault is Fault.NUL and page.index == 0:
        return replace(page, records=[with_nul(records[0]), *records[1:]])
    return page


def with_nul(record: str) -> str:
    """Return the record with a NUL at the end of the name."""
    content: dict[str, Any] = json.loads(record)
    return json.dumps({**content, "full_name": f"{content.get('full_name', '')}\0"})


def spoil_reply(fault: Fault, reply: Reply) -> Reply:
    """Return the written page as the fault sends it."""
    if fault is Fault.HALF_PAGE:
        return replace(reply, cut=True)
    if fault is Fault.DRIP:
        return replace(reply, drip=True)
    if fault is Fault.GBK:
        return replace(reply, body=reply.body.decode().encode("gbk", errors="replace"))
    if fault is Fault.LARGE_PAGE:
        return replace(reply, body=reply.body + b" " * (BOMB_BYTES // 2))
    if fault is Fault.GZIP_BOMB:
        return replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"}, body=gzip_bomb())
    return reply


@cache
def gzip_bomb() -> bytes:
    """Return some sixty kilobytes that decompress to BOMB_BYTES blanks."""
    packed, blanks = io.BytesIO(), b" " * (1 << 20)
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        for _ in range(BOMB_BYTES // len(blanks)):
            file.write(blanks)
    return packed.getvalue()
