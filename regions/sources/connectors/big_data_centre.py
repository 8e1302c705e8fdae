"""The provincial big-data centre: signed HTTP requests, page by page. Only faults that may pass are retried."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from regions.sources.connectors.answer import Page, PageSequence
from regions.sources.connectors.delivery import Delivery, RawRecord, SourceMisconfigured
from regions.sources.connectors.guard import AllowList, Resolver, resolve
from regions.sources.connectors.timeouts import HTTP_LIMITS, HttpLimits
from regions.sources.connectors.transport import Deadline, Exchange, GuardedTransport


def sign(secret: str, fields: Mapping[str, str]) -> str:
    """Return the upper-case hex HMAC-SHA256 of `key=value&…`: sorted keys, without empty values, values not URL-encoded."""
    text = "&".join(f"{key}={fields[key]}" for key in sorted(fields) if fields[key] != "")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_PAGE_SIZE = 10_000
# `since` is in every request, as a centre need not define a missing one. No record is older than this.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class System:
    """The clock, randomness, waiting and name resolution that a delivery uses; tests replace them."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    nonce: Callable[[], str] = lambda: secrets.token_hex(16)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    resolve: Resolver = resolve


SYSTEM = System()


def check_base_url(base_url: str, allowed: AllowList) -> httpx.URL:
    """Return the URL if a source may be there. Raises SourceMisconfigured, HostNotAllowed."""
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, UnicodeError):
        raise SourceMisconfigured("bad_setting", part="base_url") from None
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise SourceMisconfigured("bad_setting", part="base_url")
    if url.userinfo or url.query or url.fragment:
        raise SourceMisconfigured("bad_setting", part="base_url (user, query, fragment)")
    port = url.port or DEFAULT_PORTS[url.scheme]
    allowed.check(url.host, port)
    if url.scheme != "https":
        allowed.check_plain(url.host, port)
    return url


@contextmanager
def open_delivery(
    *,
    base_url: str,
    app_id: str,
    secret: str,
    page_size: int,
    since: datetime | None,
    allowed: AllowList,
    limits: HttpLimits = HTTP_LIMITS,
    system: System = SYSTEM,
) -> Iterator[Delivery]:
    """Open what was recorded after `since` (aware; None = everything) and read its first page. Raises SourceFault, also while read."""
    url = check_base_url(base_url, allowed)
    _check_settings(app_id, secret, page_size)
    deadline = Deadline(limits.total_seconds, system.monotonic)
    transport = GuardedTransport(allowed, system.resolve, deadline)
    timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds)
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
    # trust_env off: a proxy from the environment would resolve names itself.
    with httpx.Client(
        transport=transport, timeout=timeout, headers=headers, trust_env=False, follow_redirects=False
    ) as client:
        request = _Request(client, url, app_id, secret, page_size, since, system)
        exchange = Exchange(client, limits, deadline, page_size, (secret,), system.sleep, system.clock)
        pages = _read_pages(exchange, request, page_size)
        first = next(pages)
        yield Delivery(as_of=first.as_of, total=first.total, records=_number(first, pages))


def _check_settings(app_id: str, secret: str, page_size: int) -> None:
    """Refuse settings that could not be sent or used to sign. Raises SourceMisconfigured."""
    if not (app_id and app_id.isascii() and app_id.isprintable()):
        raise SourceMisconfigured("bad_setting", part="app_id")
    if not secret:
        raise SourceMisconfigured("bad_setting", part="secret")
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise SourceMisconfigured("bad_setting", part="page_size")


@dataclass(frozen=True, slots=True)
class _Request:
    """Builds one signed request per attempt: a nonce is valid for one attempt only."""

    client: httpx.Client
    url: httpx.URL
    app_id: str
    secret: str
    page_size: int
    since: datetime | None
    system: System

    def __call__(self, cursor: str) -> httpx.Request:
        since = (self.since or BEGINNING).astimezone(UTC).isoformat()
        fields = {"cursor": cursor, "limit": str(self.page_size), "since": since}
        query = {name: value for name, value in fields.items() if value}
        nonce = self.system.nonce()
        timestamp = str(int(self.system.clock().timestamp()))
        signed = sign(self.secret, {**query, "app_id": self.app_id, "nonce": nonce, "timestamp": timestamp})
        headers = {"X-App-Id": self.app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Sign": signed}
        url = self.url.copy_with(path=self.url.path.rstrip("/") + "/records")
        return self.client.build_request("GET", url, params=query, headers=headers)


def _read_pages(exchange: Exchange, request: _Request, page_size: int) -> Iterator[Page]:
    """Yield the pages in order, each checked against the previous ones. Raises SourceFault."""
    sequence = PageSequence(page_size)
    cursor: str | None = ""
    while cursor is not None:
        page = exchange.fetch(request, cursor)
        sequence.accept(page)
        yield page
        cursor = page.next_cursor


def _number(first: Page, following: Iterator[Page]) -> Iterator[RawRecord]:
    """Yield the records of all pages with consecutive numbers. One page at a time is in memory."""
    line = 0
    page: Page | None = first
    while page is not None:
        for content in page.records:
            line += 1
            yield RawRecord(line, content)
        page = next(following, None)
