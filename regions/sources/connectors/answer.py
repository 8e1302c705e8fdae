"""Reading a source's HTTP answer within bounds: bytes, depth, number of values, and text that may be shown."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from regions.instants import instant_of
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceRefused, SourceUnreachable

# Records are five levels deep in their detail, within record, list, data and answer. The limit is higher, so that a single record
# that is too deep is quarantined by itself.
MAX_DEPTH = 64
SHOWN_CHARACTERS = 200
_PIECE_BYTES = 1 << 16
# A string (perhaps unterminated: the match must not start again inside it), or a bracket or comma.
_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
# An undecodable byte and a backslash: in GBK the second byte of some characters is a backslash and would escape the next quote.
_HALF_A_CHARACTER = re.compile(r"([\udc80-\udcff])\\")
_NUMBER_OF_A_PERSON = re.compile(r"[0-9]{15,17}[0-9Xx]?")


def read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """Return the body, decompressed piece by piece to stop zip bombs. Raises DeliveryInconsistent, SourceUnreachable."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        pieces: Iterable[bytes] = response.iter_raw()
    elif encoding in ("gzip", "x-gzip"):
        pieces = _gunzip(response.iter_raw())
    else:
        raise DeliveryInconsistent("unknown_encoding")
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            raise DeliveryInconsistent("too_large")
    return bytes(body)


def read_json(body: bytes, *, max_values: int) -> Any:
    """Parse the body. Bytes that are not UTF-8 become lone surrogates and spoil one record only. Raises DeliveryInconsistent."""
    text = body.decode("utf-8-sig", errors="surrogateescape")
    if text.lstrip()[:1] == "<":
        raise DeliveryInconsistent("html_answer")
    try:
        return _read_text(text, max_values)
    except DeliveryInconsistent:
        mended = _HALF_A_CHARACTER.sub(r"\1\\\\", text)
        if mended == text:
            raise
    return _read_text(mended, max_values)


def _read_text(text: str, max_values: int) -> Any:
    """Parse a text. Control characters within strings, such as NUL, are left for the records' check. Raises DeliveryInconsistent."""
    _measure(text, max_values)
    try:
        return json.loads(text, strict=False, parse_constant=_refuse_constant)
    except ValueError:
        # Also numbers of thousands of digits, which Python refuses to convert.
        raise DeliveryInconsistent("not_json") from None


def redact(text: object, secrets: Iterable[str] = ()) -> str:
    """Return a source's text safe to show and log: short, printable, without our secrets or a person's number."""
    shown = str(text)[: 10 * SHOWN_CHARACTERS]
    for secret in secrets:
        if secret:
            shown = re.sub(re.escape(secret), "***", shown, flags=re.IGNORECASE)
    shown = _NUMBER_OF_A_PERSON.sub("***", shown)
    shown = "".join(character if character.isprintable() else " " for character in shown)
    return shown.strip()[:SHOWN_CHARACTERS]


def _gunzip(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress one gzip member in pieces of at most 64 KiB. Raises DeliveryInconsistent, SourceUnreachable."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in packed:
        waiting = chunk
        while waiting and not unpacking.eof:
            try:
                yield unpacking.decompress(waiting, _PIECE_BYTES)
            except zlib.error:
                raise DeliveryInconsistent("unknown_encoding") from None
            waiting = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise SourceUnreachable("broken_off")


def _measure(text: str, max_values: int) -> None:
    """Refuse, before parsing it, a text whose values would take much more memory than the text. Raises DeliveryInconsistent."""
    depth = values = 0
    for match in _MARK.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark != ",":
            continue
        values += 1
        if depth > MAX_DEPTH or values > max_values:
            raise DeliveryInconsistent("too_deep")


def _refuse_constant(name: str) -> None:
    """Raise ValueError for NaN and the infinities, Python's additions to JSON, which no source may use."""
    raise ValueError(name)


MAX_CURSOR_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Page:
    """A well-formed page. A record that is not an object is stored under the key `not_an_object`."""

    as_of: datetime
    total: int
    records: list[dict[str, Any]]
    next_cursor: str | None


def read_page(answer: Any, *, secrets: tuple[str, ...]) -> Page:
    """Return the page in an answer `{"code": "0", "data": {…}}`. Raises SourceRefused, DeliveryInconsistent."""
    if not isinstance(answer, dict) or "code" not in answer:
        raise DeliveryInconsistent("bad_page", field="code")
    code = answer["code"]
    if isinstance(code, bool) or str(code) != "0":
        raise SourceRefused(redact(code, secrets), redact(answer.get("message", ""), secrets))
    data = answer.get("data")
    if not isinstance(data, dict):
        raise DeliveryInconsistent("bad_page", field="data")
    total = data.get("total")
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise DeliveryInconsistent("bad_page", field="total")
    records = data.get("records")
    if not isinstance(records, list):
        raise DeliveryInconsistent("bad_page", field="records")
    contents = [record if isinstance(record, dict) else {"not_an_object": record} for record in records]
    return Page(_read_as_of(data.get("as_of")), total, contents, _read_cursor(data))


def _read_as_of(text: Any) -> datetime:
    """Return the instant up to which the delivery is complete. Raises DeliveryInconsistent."""
    as_of = instant_of(text)
    if as_of is None:
        raise DeliveryInconsistent("bad_page", field="as_of")
    return as_of


def _read_cursor(data: dict[str, Any]) -> str | None:
    """Return the next page's cursor, or None on the last page. The key must be present: its absence could be a truncated answer."""
    cursor = data.get("next_cursor", "")
    if cursor is None:
        return None
    if not isinstance(cursor, str) or not 0 < len(cursor) <= MAX_CURSOR_CHARACTERS or not cursor.isprintable():
        raise DeliveryInconsistent("bad_page", field="next_cursor")
    return cursor


@dataclass(slots=True)
class PageSequence:
    """The pages read so far; each further page must continue them. Takes 32 bytes of memory per page."""

    page_size: int
    first: Page | None = None
    received: int = 0
    _cursors: set[bytes] = field(default_factory=set)
    _pages: set[bytes] = field(default_factory=set)
    _previous: set[bytes] = field(default_factory=set)

    def accept(self, page: Page) -> None:
        """Add the next page. Raises DeliveryInconsistent."""
        self.first = self.first or page
        if page.as_of != self.first.as_of:
            raise DeliveryInconsistent("as_of_changed")
        if page.total != self.first.total:
            raise DeliveryInconsistent("total_changed")
        if len(page.records) > self.page_size:
            raise DeliveryInconsistent("page_too_long", got=len(page.records), asked=self.page_size)
        if page.next_cursor is not None:
            if not page.records:
                raise DeliveryInconsistent("page_empty")
            if not _add(self._cursors, hashlib.sha256(page.next_cursor.encode()).digest()):
                raise DeliveryInconsistent("cursor_repeated")
        self._accept_records(page)

    def _accept_records(self, page: Page) -> None:
        """Refuse pages that repeat or overlap: with the right total, they mean that other records were left out."""
        self.received += len(page.records)
        digests = [hashlib.sha256(json.dumps(record).encode()).digest() for record in page.records]
        repeated = bool(digests) and not _add(self._pages, hashlib.sha256(b"".join(digests)).digest())
        if repeated or (digests and digests[0] in self._previous):
            raise DeliveryInconsistent("page_repeated")
        self._previous = set(digests)
        if self.received > page.total or (page.next_cursor is None and self.received != page.total):
            raise DeliveryInconsistent("count_mismatch", announced=page.total, got=self.received)


def _add(known: set[bytes], digest: bytes) -> bool:
    """Add the digest. Return whether it is new."""
    new = digest not in known
    known.add(digest)
    return new
