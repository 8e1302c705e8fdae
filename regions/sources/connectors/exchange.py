"""One page asked for until it comes: what is retried, how long, and what is taken for an answer."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpcore
import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from regions.sources.connectors.answer import clean, read_body, read_json
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceRefused, SourceUnreachable
from regions.sources.connectors.page import Page, read_page
from regions.sources.connectors.transport import Deadline


@dataclass(frozen=True, slots=True)
class Limits:
    """How long (seconds) and how much. The defaults suit a page of 1000 records from a slow provincial server."""

    connect_seconds: float = 5
    read_seconds: float = 20
    page_seconds: float = 60
    total_seconds: float = 1800
    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60
    page_bytes: int = 16 * 1024 * 1024


class _Again(Exception):
    """A fault that may pass; `wait` is the number of seconds the source asked for, none if it named no time."""

    def __init__(self, fault: SourceFault, wait: float | None = None) -> None:
        super().__init__(fault.reason.value)
        self.fault = fault
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way to one source during one delivery. `secrets` never appear in what the source is quoted with."""

    client: httpx.Client
    limits: Limits
    deadline: Deadline
    page_size: int
    secrets: tuple[str, ...]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]

    def fetch(self, build: Callable[[str], httpx.Request], cursor: str) -> Page:
        """The page at a cursor; `build` makes a fresh request for every attempt. Raises SourceFault."""
        retrying = Retrying(
            sleep=self.sleep,
            stop=self._stop,
            wait=self._wait,
            retry=retry_if_exception_type(_Again),
            reraise=True,
        )
        try:
            return retrying(lambda: self._attempt(build(cursor)))
        except _Again as again:
            fault = again.fault
        # Outside the handler: the chain behind it quotes the network library, and that quotes the request.
        raise fault

    def _attempt(self, request: httpx.Request) -> Page:
        """One try. Raises _Again for what may pass, SourceFault for what will not."""
        self.deadline.step(self.limits.page_seconds)
        try:
            response = self.client.send(request, stream=True)
            try:
                return self._read(response)
            finally:
                response.close()
        except SourceUnreachable as fault:
            raise _Again(fault) from None
        except httpcore.TimeoutException:
            raise _Again(SourceUnreachable("timed_out")) from None
        except httpcore.NetworkError as error:
            # httpcore's pool drops the cause of the errors it passes on; their context is left.
            reason = "tls_failed" if isinstance(error.__context__, ssl.SSLError) else "no_connection"
            raise _Again(SourceUnreachable(reason)) from None
        except httpcore.ProtocolError:
            raise _Again(SourceUnreachable("broken_off")) from None

    def _read(self, response: httpx.Response) -> Page:
        """The page of an answer, or what its status says. Raises _Again, SourceFault."""
        status = response.status_code
        if status == 429 or status >= 500:
            raise self._ask_again(response)
        if 300 <= status < 400:
            raise SourceRefused(f"HTTP {status}", "", "redirected")
        if status != 200:
            raise self._refusal(response)
        if response.headers.get("content-type", "").startswith("text/html"):
            raise DeliveryInconsistent("html_answer")
        body = read_body(response, self.limits.page_bytes)
        return read_page(read_json(body, max_values=self._max_values), secrets=self.secrets)

    @property
    def _max_values(self) -> int:
        """A record has a dozen values; the slack is for details, so that a fat one is quarantined by itself."""
        return 10_000 + 100 * self.page_size

    def _ask_again(self, response: httpx.Response) -> _Again:
        """The fault of a server that is busy or broken, with the wait it asks for."""
        wait = self._retry_after(response.headers.get("retry-after", ""))
        if wait is None:
            return _Again(SourceUnreachable("server_error", status=response.status_code))
        return _Again(SourceUnreachable("busy", seconds=int(wait)), wait)

    def _retry_after(self, header: str) -> float | None:
        """Seconds to wait, from a number or an HTTP date; none if the header is neither."""
        if header.isascii() and header.isdigit() and len(header) < 10:
            return float(header)
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self.clock()).total_seconds())

    def _refusal(self, response: httpx.Response) -> SourceFault:
        """The source's own code and message if it gave them, else its HTTP status."""
        try:
            read_page(read_json(read_body(response, 64 * 1024), max_values=1000), secrets=self.secrets)
        except SourceRefused as refusal:
            return refusal
        except DeliveryInconsistent:
            # A gateway's page, say: the status is all there is to quote.
            return SourceRefused(f"HTTP {response.status_code}", clean(response.reason_phrase, self.secrets))
        return SourceRefused(f"HTTP {response.status_code}", clean(response.reason_phrase, self.secrets))

    def _wait(self, state: RetryCallState) -> float:
        """What the source asked for, else longer and longer with some chance in it."""
        again = state.outcome.exception() if state.outcome else None
        if isinstance(again, _Again) and again.wait is not None:
            return again.wait
        growing = wait_random_exponential(self.limits.first_wait_seconds, self.limits.longest_wait_seconds)
        return growing(state)

    def _stop(self, state: RetryCallState) -> bool:
        """Whether the tries are used up, or the wait is longer than our patience or the delivery's time."""
        too_long = state.upcoming_sleep > self.limits.longest_wait_seconds
        too_late = self.deadline.monotonic() + state.upcoming_sleep >= self.deadline.end
        return too_long or too_late or stop_after_attempt(self.limits.attempts)(state)
