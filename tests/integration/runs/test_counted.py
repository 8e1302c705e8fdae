"""The Prometheus metrics of a run on real workers, read from a web server on the same machine."""

import base64
import re
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from codes.models import Run
from tests.integration.runs.conftest import Filled
from tests.integration.runs.test_workers import broker, waiting, workers  # noqa: F401 - fixtures
from tests.integration.runs.workers import PATIENCE_SECONDS, Workers
from tests.integration.web_server.serving import free_port, running, web_server

TOKEN = "a token of this test alone, 32 signs"
LINE = re.compile(r"^(portal_\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)


@pytest.fixture
def counted(workers: Workers, tmp_path: Path) -> Iterator[int]:  # noqa: F811
    """A worker and two web servers that count, the second of them a fork; the port of the first."""
    told = {
        "METRICS_TOKEN": TOKEN,
        "METRICS_DIRECTORY": str(tmp_path / "metrics"),
        "SECRET_KEY": settings.SECRET_KEY,
        "KEY_ENCRYPTION_KEY": base64.b64encode(settings.KEY_ENCRYPTION_KEY).decode(),
    }
    for name, value in told.items():
        workers.patch.setenv(name, value)
    workers.start(afresh=True)
    first = free_port()
    command = [sys.executable, "-m", "portal.web_server", "--threads", "1", "--listen", f"127.0.0.1:{first}"]
    with running(command, first), web_server(tmp_path / "web.log") as second:
        for port in (first, second, second):
            assert ask(port, "/figures/", host="beta.localhost")[0] in (200, 404)
        yield first


def ask(port: int, path: str, *, host: str = "10.0.0.7", token: str = "") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Host": host, **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def values(port: int) -> dict[str, float]:
    status, text = ask(port, "/metrics", token=TOKEN)
    assert status == 200, text
    return {name: float(value) for name, value in LINE.findall(text)}


def reached(port: int, least: dict[str, float]) -> dict[str, float]:
    """The values, once they are so many or patience has ended: a task is counted a moment after it has done its work."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = values(port)
    while any(found.get(name, -1) < value for name, value in least.items()) and time.monotonic() < deadline:
        time.sleep(0.2)
        found = values(port)
    return found


def test_the_processes_of_a_machine_are_one_target(
    committed: Filled,
    workers: Workers,  # noqa: F811
    counted: int,
    waiting: Run,  # noqa: F811
    tmp_path: Path,
) -> None:
    assert ask(counted, "/metrics")[0] == 404
    assert ask(counted, "/metrics", token=TOKEN[:-1])[0] == 404
    workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
    workers.follow(waiting)
    workers.enqueue("portal.note_beat")
    workers.enqueue("codes.sum_up_cities")
    partitions = waiting.partitions.count()
    beats = 'portal_tasks_total{outcome="success",task="portal.note_beat"}'
    judged = 'portal_tasks_total{outcome="success",task="codes.judge_partition"}'
    once: dict[str, float] = {
        'portal_partitions{city="beta",state="done"}': partitions,
        'portal_run_step_seconds_count{city="beta",step="partition"}': partitions,
        'portal_run_step_seconds_count{city="beta",step="settling"}': 1,
        'portal_request_seconds_count{view="public_figures"}': 3,  # of both web servers
        "portal_database_up": 1,
        "portal_broker_up": 1,
        beats: 1,
    }
    found = reached(counted, {**once, judged: partitions})
    assert {name: found.get(name) for name in once} == once
    assert found[judged] >= partitions
    assert found["portal_beat_age_seconds"] < PATIENCE_SECONDS
    # A worker that is killed leaves its counts to the next one.
    workers.kill_all()
    workers.start()
    workers.enqueue("portal.note_beat")
    assert reached(counted, {beats: 2})[beats] == 2
    # Two web servers, a worker and its two processes are five, however many there have been.
    numbers = {int(number) for file in (tmp_path / "metrics").iterdir() for number in re.findall(r"\d+", file.name)}
    assert numbers <= set(range(5))
