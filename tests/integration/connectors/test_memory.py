"""A delivery of any size is read in bounded memory, also from a stand-in in another process."""

import os
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from portal.demo.stand_ins.big_data_store import BigDataStore
from regions.sources.connectors import big_data_centre, police_database
from regions.sources.connectors.guard import AllowList
from tests.integration.connectors import police
from tests.integration.connectors.samples import AS_OF, SECRET, records

MEGABYTE = 1 << 20
MANY = 50_000


@contextmanager
def bounded(megabytes: int) -> Iterator[None]:
    """Fail when Python allocates more than this at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def big_centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`python -m …big_data_centre` with many records; its base URL."""
    data = tmp_path_factory.mktemp("centre") / "data.sqlite"
    store = BigDataStore(str(data))
    store.add_records("chengdu", records(MANY))
    store.set_clock("chengdu", AS_OF)
    store.close()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    module = "portal.demo.stand_ins.big_data_centre"
    command = [sys.executable, "-m", module, "--data", str(data), "--port", str(port), "--app", "chengdu=CENTRE_SECRET"]
    environment = {**os.environ, "CENTRE_SECRET": SECRET}
    root = Path(__file__).parents[3]
    process = subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"serving on http://127.0.0.1:{port}/api\n"
    yield line.removeprefix("serving on ").strip()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()


def count(base_url: str, loopback: AllowList, since: datetime | None = None) -> int:
    """How many records come, each let go at once."""
    with big_data_centre.open_delivery(
        base_url=base_url, app_id="chengdu", secret=SECRET, page_size=1000, since=since, allowed=loopback
    ) as delivery:
        return sum(1 for _ in delivery.records)


def test_fifty_thousand_records_come_within_seconds(big_centre: str, loopback: AllowList) -> None:
    start = time.monotonic()
    assert count(big_centre, loopback) == MANY
    assert time.monotonic() - start < 30


def test_a_large_delivery_over_http_takes_a_page_of_memory(big_centre: str, loopback: AllowList) -> None:
    with bounded(megabytes=8):
        assert count(big_centre, loopback, since=AS_OF - timedelta(minutes=20_000)) == 20_000


def test_a_secret_that_is_not_there_stops_the_stand_in(tmp_path: Path) -> None:
    module = "portal.demo.stand_ins.big_data_centre"
    command = [
        sys.executable,
        "-m",
        module,
        "--data",
        str(tmp_path / "d"),
        "--port",
        "0",
        "--app",
        "chengdu=NO_SUCH_NAME",
    ]
    ended = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "NO_SUCH_NAME" in ended.stderr


def test_a_large_delivery_from_a_database_takes_some_rows_of_memory(postgres: Engine) -> None:
    police.create(postgres)
    police.run(
        postgres,
        "INSERT INTO health_records (record_id, full_name, recorded_at, detail) "
        "SELECT n::text, repeat('x', 200), '2026-11-20T00:00:00Z', '{}' FROM generate_series(1, 60000) n",
    )
    settings: dict[str, Any] = {
        "url": police.url_of(postgres.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": police.SHANGHAI,
        "allowed": police.LOOPBACK,
    }
    with bounded(megabytes=8), police_database.open_delivery(**settings) as delivery:
        assert sum(1 for _ in delivery.records) == 60_000


def test_a_full_comparison_takes_no_more_and_sends_nothing_that_is_equal(postgres: Engine) -> None:
    police.create(postgres)
    police.run(
        postgres,
        "INSERT INTO health_records (record_id, full_name, recorded_at, detail) "
        "SELECT n::text, repeat('x', 200), '2026-11-20T00:00:00Z', '{}' FROM generate_series(1, 60000) n",
    )
    settings: dict[str, Any] = {
        "url": police.url_of(postgres.url),
        "records_view": "health_records",
        "clock_view": "health_clock",
        "since": None,
        "zone": police.SHANGHAI,
        "allowed": police.LOOPBACK,
        "full": True,
    }
    with bounded(megabytes=10), police_database.open_delivery(**settings) as delivery:
        assert sum(1 for _ in delivery.records) == 60_000
    first = delivery.comparison
    assert first is not None
    assert first.records == 60_000
    police.run(postgres, "UPDATE health_records SET full_name = 'y' WHERE record_id = '777'")
    with bounded(megabytes=10), police_database.open_delivery(**settings, known=first.ranges) as delivery:
        fetched = [record.content["record_id"] for record in delivery.records]
    assert "777" in fetched
    assert len(fetched) < 100
