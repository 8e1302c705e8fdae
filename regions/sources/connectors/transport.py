"""HTTP over sockets that are opened by the guard and watched by a deadline.

httpx itself resolves names when it connects, which would let a name change its mind between check and connection; so
the connection pool below it gets a network of ours, which connects to checked addresses only.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from regions.sources.connectors.guard import AllowList, Resolver

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Deadline:
    """The moment (monotonic seconds) at which waiting ends, however lively the other side drips."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """The whole of a delivery may take `seconds`; `step` narrows it for one page."""
        self.monotonic = monotonic
        self.end = monotonic() + seconds
        self.step_end = self.end

    def step(self, seconds: float) -> None:
        """Give the next exchange at most `seconds`."""
        self.step_end = min(self.end, self.monotonic() + seconds)

    def within(self, timeout: float | None) -> float:
        """The time a single wait may take. Raises httpcore.ReadTimeout when none is left."""
        left = self.step_end - self.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(left, timeout)


class WatchedStream(httpcore.NetworkStream):
    """A socket whose every wait ends with the deadline; with a time-out per read alone, a dripper holds us forever."""

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
        return WatchedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to addresses the operator's list allows, resolved here and used as they are."""

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
                return WatchedStream(stream, self._deadline)
        raise failure


class GuardedTransport(httpx.BaseTransport):
    """httpx on the guarded network. Errors come as httpcore's, and the guard's own as SourceFault."""

    def __init__(self, allowed: AllowList, resolve: Resolver, deadline: Deadline) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=1,
            network_backend=GuardedNetwork(allowed, resolve, deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """An answer's body as it arrives, given back to the pool when closed."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
