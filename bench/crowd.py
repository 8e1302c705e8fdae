"""Many browsers at once, more than the web server can carry: who is served, how fast, and who is turned away."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.rounds import BenchFailed
from bench.web import FOUND, HOST, Visit

TURNED_AWAY = 503
# Nobody waits longer; who does has been forgotten, not turned away.
LONGEST_SECONDS = 60


@dataclass
class Crowd:
    """Seconds that each answer took, of those served and of those turned away."""

    served: list[float] = field(default_factory=list)
    turned_away: list[float] = field(default_factory=list)
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
    """So many browsers, each with a visit at a time and the next as soon as it is answered."""

    async def all_of_them() -> Crowd:
        crowd, began = Crowd(), time.perf_counter()
        each = (visits[nth % len(visits)] for nth in range(browsers))
        await asyncio.gather(*(_again(port, one, began + seconds, crowd) for one in each))
        crowd.seconds = time.perf_counter() - began
        return crowd

    return asyncio.run(all_of_them())


def arriving(port: int, visits: Sequence[Visit], *, rate: float, seconds: float) -> Crowd:
    """So many visits a second, at moments of chance, whatever becomes of those before."""

    async def all_of_them() -> Crowd:
        crowd, began, chance = Crowd(), time.perf_counter(), random.Random(1)
        tasks, due = [], began
        for nth in range(int(rate * seconds)):
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(_visit(port, visits[nth % len(visits)], crowd)))
        await asyncio.gather(*tasks)
        crowd.seconds = time.perf_counter() - began
        return crowd

    return asyncio.run(all_of_them())


async def _again(port: int, visit: Visit, until: float, crowd: Crowd) -> None:
    while time.perf_counter() < until:
        await _visit(port, visit, crowd)


async def _visit(port: int, visit: Visit, crowd: Crowd) -> None:
    began = time.perf_counter()
    status = await asyncio.wait_for(_status(port, visit), LONGEST_SECONDS)
    if status not in (FOUND, TURNED_AWAY):
        raise BenchFailed(f"{visit.path} answered {status}")
    (crowd.served if status == FOUND else crowd.turned_away).append(time.perf_counter() - began)


async def _status(port: int, visit: Visit) -> int:
    """Of a whole answer on a connection of its own."""
    reader, writer = await asyncio.open_connection(HOST, port)
    head = "".join(f"{name}: {value}\r\n" for name, value in visit.headers.items())
    writer.write(f"GET {visit.path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
    answer = await reader.read()
    while more := await reader.read():
        answer += more
    writer.close()
    return int(answer.split(b" ", 2)[1])
