"""The processor's time of the database servers on this machine: of one, or of a cluster's coordinator and its nodes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from django.db import connection

from bench.rounds import BenchFailed
from regions.cluster import is_cluster

# A process that lasts as long as its server, such as the checkpointer, leads to the server's first process.
ON_NODES = "SELECT result::int FROM run_command_on_workers('SELECT min(pid) FROM pg_stat_activity WHERE datid IS NULL')"


@dataclass
class Spent:
    """Seconds of the server that the portal is connected to, and of a cluster's nodes together, with all that they have started."""

    server: float = 0.0
    nodes: float = 0.0

    @property
    def both(self) -> float:
        return self.server + self.nodes

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.server + other.server, self.nodes + other.nodes)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.server - other.server, self.nodes - other.nodes)

    def __truediv__(self, number: float) -> "Spent":
        return Spent(self.server / number, self.nodes / number)


@contextmanager
def watch_servers() -> Iterator[Spent]:
    """Count the block."""
    counted = Spent()
    server, nodes = _servers()
    before = Spent(_spent(server), sum(map(_spent, nodes)))
    try:
        yield counted
    finally:
        spent = Spent(_spent(server), sum(map(_spent, nodes))) - before
        counted.server, counted.nodes = spent.server, spent.nodes


def _servers() -> tuple[psutil.Process, list[psutil.Process]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()
        if is_cluster():
            cursor.execute(ON_NODES)
        return _server_of(own), [_server_of(pid) for (pid,) in (cursor.fetchall() if is_cluster() else ())]


def _server_of(backend: int) -> psutil.Process:
    try:
        found = psutil.Process(backend)
        server = found.parent() if found.name().startswith("postgres") else None
    except psutil.Error:
        server = None
    if server is None:
        raise BenchFailed("a database server is not on this machine")
    return server


def _spent(server: psutil.Process) -> float:
    """Of a process that has ended the server's first process knows what it took."""
    spent = sum(server.cpu_times()[:4])
    for one in server.children():
        try:
            spent += sum(one.cpu_times()[:2])
        except psutil.Error:
            continue
    return float(spent)
