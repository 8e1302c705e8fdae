"""More browsers at once than the web server can serve: which are served, how fast, and which are refused.

All of them are one loop over sockets, which takes a tenth of a page's time, so that the server and not the bench is measured.
"""

import random
import select
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.rounds import BenchFailed
from bench.web import FOUND, HOST, Visit

TURNED_AWAY = 503
# The longest anybody waits; a longer wait means that the server forgot the request.
LONGEST_SECONDS = 60
RECEIVED_BYTES = 65536
ADDRESSES = 10_000


@dataclass
class Crowd:
    """Seconds of each answer, of the served and the refused; and the number of connections that got neither.

    If more arrive than are accepted, the kernel resets connections that it had established.
    """

    served: list[float] = field(default_factory=list)
    turned_away: list[float] = field(default_factory=list)
    broken_off: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.served) / self.seconds

    @property
    def p99(self) -> float:
        return _p99(self.served)

    @property
    def p99_turned_away(self) -> float:
        return _p99(self.turned_away)


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def at_once(port: int, visits: Sequence[Visit], *, browsers: int, seconds: float) -> Crowd:
    """Run this number of browsers, each with one visit at a time and the next as soon as it is answered."""
    return _visit(port, visits, [0.0] * browsers, again_for=seconds)


def arriving(port: int, visits: Sequence[Visit], *, rate: float, seconds: float) -> Crowd:
    """Run this number of visits a second, at random moments, whatever becomes of earlier ones."""
    chance, due, all_due = random.Random(1), 0.0, []
    while (due := due + chance.expovariate(rate)) < seconds:
        all_due.append(due)
    return _visit(port, visits, all_due)


@dataclass
class _Browser:
    """A visit on a connection of its own; ``rest`` is the part of the request that is still to be sent."""

    line: socket.socket
    rest: bytes
    began: float
    answer: bytes = b""


def _visit(port: int, visits: Sequence[Visit], due: Iterable[float], *, again_for: float = 0.0) -> Crowd:
    requests = [_request(visit) for visit in visits]
    waiting, open_now, poll, crowd = deque(due), dict[int, _Browser](), select.epoll(), Crowd()
    began, nth = time.perf_counter(), 0
    while waiting or open_now:
        now = time.perf_counter() - began
        while waiting and waiting[0] <= now:
            waiting.popleft()
            one = _Browser(_connected(port, nth), requests[nth % len(requests)], time.perf_counter())
            open_now[one.line.fileno()] = one
            poll.register(one.line, select.EPOLLOUT)
            nth += 1
        for number, _event in poll.poll(max(0.0, waiting[0] - now) if waiting else LONGEST_SECONDS):
            one = open_now[number]
            try:
                if _goes_on(one, poll):
                    continue
                _count(one, crowd)
            except ConnectionResetError:
                crowd.broken_off += 1
            del open_now[number]
            one.line.close()
            if time.perf_counter() - began < again_for:
                waiting.append(0.0)
        oldest = next(iter(open_now.values()), None)
        if oldest and time.perf_counter() - oldest.began > LONGEST_SECONDS:
            raise BenchFailed(f"nobody answered for {LONGEST_SECONDS} seconds")
    crowd.seconds = time.perf_counter() - began
    return crowd


def _request(visit: Visit) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in visit.headers.items())
    return f"GET {visit.path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()


def _connected(port: int, nth: int) -> socket.socket:
    """Return a connecting socket, writable once it is connected. Each browser has an address of its own."""
    line = socket.socket()
    line.setblocking(False)
    line.bind((f"127.1.{nth % ADDRESSES // 250}.{nth % 250 + 1}", 0))
    line.connect_ex((HOST, port))
    return line


def _goes_on(one: _Browser, poll: select.epoll) -> bool:
    """Send or receive what is possible now. Return whether more is to come."""
    if not one.rest:
        received = one.line.recv(RECEIVED_BYTES)
        one.answer += received
        return bool(received)
    one.rest = one.rest[one.line.send(one.rest) :]
    if not one.rest:
        poll.modify(one.line, select.EPOLLIN)
    return True


def _count(one: _Browser, crowd: Crowd) -> None:
    status = int(one.answer.split(b" ", 2)[1])
    if status not in (FOUND, TURNED_AWAY):
        raise BenchFailed(f"a visit was answered with {status}")
    (crowd.served if status == FOUND else crowd.turned_away).append(time.perf_counter() - one.began)
