"""HTTP over sockets that the guard opens and a deadline limits.

httpx resolves names itself when it connects, so that a name could resolve differently between check and connection. Its connection
pool is therefore given a network backend that connects to checked addresses only.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ssl import SSLContext
from typing import Any

import httpcore
import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from regions.numbers import number_of
from regions.sources.connectors.answer import Page, read_body, read_json, read_page, redact
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceRefused, SourceUnreachable
from regions.sources.connectors.guard import AllowList, Resolver
from regions.sources.connectors.timeouts import HttpLimits

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Deadline:
    """The moment (monotonic seconds) at which waiting ends, even if bytes keep arriving."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Allow `seconds` for the whole delivery; `step` limits one page further."""
        self.monotonic = monotonic
        self.end = monotonic() + seconds
        self.step_end = self.end

    def step(self, seconds: float) -> None:
        self.step_end = min(self.end, self.monotonic() + seconds)

    def within(self, timeout: float | None) -> float:
        """Return how long a single wait may take. Raises httpcore.ReadTimeout if no time is left."""
        left = self.step_end - self.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(left, timeout)


class DeadlineStream(httpcore.NetworkStream):
    """A socket whose waits all end with the deadline: a time-out per read alone does not stop a source that sends byte by byte."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return DeadlineStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to addresses on the operator's allow list. It resolves names itself and connects to the result."""

    def __init__(self, allowed: AllowList, resolve: Resolver, deadline: Deadline) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the allowed addresses in turn. Raises SourceFault, httpcore.ConnectError, httpcore.ConnectTimeout."""
        failure: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("no address")
        for address in self._allowed.addresses(host, port, self._resolve):
            wait = self._deadline.within(timeout)
            try:
                stream = self._sockets.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure


@cache
def tls_context() -> ssl.SSLContext:
    """Return the context shared by all deliveries: reading the machine's certificates takes longer than most of them."""
    return httpx.create_ssl_context()


class GuardedTransport(httpx.HTTPTransport):
    """httpx on the guarded network, whose faults are raised as SourceFault."""

    def __init__(self, allowed: AllowList, resolve: Resolver, deadline: Deadline) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(),
            max_connections=1,
            network_backend=GuardedNetwork(allowed, resolve, deadline),
        )


class _RetryableFault(Exception):
    """Raised for a fault that may pass; `wait` is the number of seconds that the source asked for, or None."""

    def __init__(self, fault: SourceFault, wait: float | None = None) -> None:
        super().__init__(fault.reason.value)
        self.fault = fault
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Exchange:
    """Requests to one source during one delivery. `secrets` are removed from quoted messages."""

    client: httpx.Client
    limits: HttpLimits
    deadline: Deadline
    page_size: int
    secrets: tuple[str, ...]
    sleep: Callable[[float], None]
    clock: Callable[[], datetime]

    def fetch(self, build: Callable[[str], httpx.Request], cursor: str) -> Page:
        """Return the page at a cursor; `build` creates a new request for every attempt. Raises SourceFault."""
        retrying = Retrying(
            sleep=self.sleep,
            stop=self._stop,
            wait=self._wait,
            retry=retry_if_exception_type(_RetryableFault),
            reraise=True,
        )
        try:
            return retrying(lambda: self._attempt(build(cursor)))
        except _RetryableFault as again:
            fault = again.fault
        # Outside the handler: otherwise the chained exception would contain the network library's text, which quotes the request.
        raise fault

    def _attempt(self, request: httpx.Request) -> Page:
        """Try once. Raises _RetryableFault for what may pass, SourceFault for what will not."""
        self.deadline.step(self.limits.page_seconds)
        try:
            response = self.client.send(request, stream=True)
            try:
                return self._read(response)
            finally:
                response.close()
        except SourceUnreachable as fault:
            raise _RetryableFault(fault) from None
        except httpx.TimeoutException:
            raise _RetryableFault(SourceUnreachable("timed_out")) from None
        except httpx.NetworkError as error:
            # httpcore's pool drops the cause of the errors it passes on; their context remains.
            origin = error.__cause__ and error.__cause__.__context__
            reason = "tls_failed" if isinstance(origin, ssl.SSLError) else "no_connection"
            raise _RetryableFault(SourceUnreachable(reason)) from None
        except httpx.ProtocolError:
            raise _RetryableFault(SourceUnreachable("broken_off")) from None

    def _read(self, response: httpx.Response) -> Page:
        """Return the page of an answer. Raises _RetryableFault or SourceFault, also by its status."""
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
        # A record has a dozen values; the limit is higher for details, so that a single large record is quarantined by itself.
        max_values = 10_000 + 100 * self.page_size
        return read_page(read_json(body, max_values=max_values), secrets=self.secrets)

    def _ask_again(self, response: httpx.Response) -> _RetryableFault:
        """Return the fault of a busy or broken server, with the wait it asks for."""
        wait = self._retry_after(response.headers.get("retry-after", ""))
        if wait is None:
            return _RetryableFault(SourceUnreachable("server_error", status=response.status_code))
        return _RetryableFault(SourceUnreachable("busy", seconds=int(wait)), wait)

    def _retry_after(self, header: str) -> float | None:
        """Return the seconds to wait, from a number or an HTTP date; None if the header is neither."""
        if (seconds := number_of(header, digits=9)) is not None:
            return float(seconds)
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self.clock()).total_seconds())

    def _refusal(self, response: httpx.Response) -> SourceFault:
        """Return the fault with the source's own code and message if it gave them, otherwise with its HTTP status."""
        try:
            read_page(read_json(read_body(response, 64 * 1024), max_values=1000), secrets=self.secrets)
        except SourceRefused as refusal:
            return refusal
        except DeliveryInconsistent:
            pass  # such as a gateway's page: only the status can be quoted
        return SourceRefused(f"HTTP {response.status_code}", redact(response.reason_phrase, self.secrets))

    def _wait(self, state: RetryCallState) -> float:
        """Return the seconds the source asked for, or an exponential backoff with jitter."""
        again = state.outcome.exception() if state.outcome else None
        if isinstance(again, _RetryableFault) and again.wait is not None:
            return again.wait
        growing = wait_random_exponential(self.limits.first_wait_seconds, self.limits.longest_wait_seconds)
        return growing(state)

    def _stop(self, state: RetryCallState) -> bool:
        """Return whether to give up: no attempts left, or a wait longer than allowed or than the time left."""
        too_long = state.upcoming_sleep > self.limits.longest_wait_seconds
        too_late = self.deadline.monotonic() + state.upcoming_sleep >= self.deadline.end
        return too_long or too_late or stop_after_attempt(self.limits.attempts)(state)
