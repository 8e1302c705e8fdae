"""One page of a big-data centre's answer, and what must hold from page to page."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from regions.sources.connectors.answer import clean
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceRefused

MAX_CURSOR_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is well formed by itself; a record that is no object is kept under the key `not_an_object`."""

    as_of: datetime
    total: int
    records: list[dict[str, Any]]
    next_cursor: str | None


def read_page(answer: Any, *, secrets: tuple[str, ...]) -> Page:
    """The page in an answer `{"code": "0", "data": {…}}`. Raises SourceRefused, DeliveryInconsistent."""
    if not isinstance(answer, dict) or "code" not in answer:
        raise DeliveryInconsistent("bad_page", field="code")
    code = answer["code"]
    if isinstance(code, bool) or str(code) != "0":
        raise SourceRefused(clean(code, secrets), clean(answer.get("message", ""), secrets))
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
    """The instant up to which the delivery is complete. Raises DeliveryInconsistent."""
    try:
        as_of = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise DeliveryInconsistent("bad_page", field="as_of") from None
    if as_of.tzinfo is None or not 1900 <= as_of.year <= 2100:
        raise DeliveryInconsistent("bad_page", field="as_of")
    return as_of


def _read_cursor(data: dict[str, Any]) -> str | None:
    """The next page's cursor, none on the last page. Its absence could be a lost half, so it must be there."""
    cursor = data.get("next_cursor", "")
    if cursor is None:
        return None
    if not isinstance(cursor, str) or not 0 < len(cursor) <= MAX_CURSOR_CHARACTERS or not cursor.isprintable():
        raise DeliveryInconsistent("bad_page", field="next_cursor")
    return cursor


@dataclass(slots=True)
class PageSequence:
    """What the pages so far said; each further page must go on from there. Memory: 32 bytes a page."""

    page_size: int
    first: Page | None = None
    received: int = 0
    _cursors: set[bytes] = field(default_factory=set)
    _pages: set[bytes] = field(default_factory=set)
    _previous: set[bytes] = field(default_factory=set)

    def accept(self, page: Page) -> None:
        """Take the page as the next one. Raises DeliveryInconsistent."""
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
        """Refuse pages that repeat or overlap: with the right total they would mean that others were left out."""
        self.received += len(page.records)
        digests = [hashlib.sha256(json.dumps(record).encode()).digest() for record in page.records]
        repeated = bool(digests) and not _add(self._pages, hashlib.sha256(b"".join(digests)).digest())
        if repeated or (digests and digests[0] in self._previous):
            raise DeliveryInconsistent("page_repeated")
        self._previous = set(digests)
        if self.received > page.total or (page.next_cursor is None and self.received != page.total):
            raise DeliveryInconsistent("count_mismatch", announced=page.total, got=self.received)


def _add(known: set[bytes], digest: bytes) -> bool:
    """Whether the digest is new; it is known from now on."""
    new = digest not in known
    known.add(digest)
    return new
