"""The processes of a demo are found again, and nobody else's are touched."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.processes import remember_process, stop_processes


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setenv("PORTAL_STATE", str(tmp_path))
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_remembered_process_is_asked_to_end(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    remember_process("worker", sleeper.pid)

    assert stop_processes() == ["worker"]
    assert sleeper.wait(timeout=5) == -signal.SIGTERM
    assert list((tmp_path / "run").iterdir()) == []
    assert stop_processes() == []


def test_a_number_that_now_belongs_to_a_stranger_is_left_alone(
    sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    remember_process("worker", sleeper.pid)
    (tmp_path / "run" / "worker.pid").write_text(f"{sleeper.pid} 1\n", encoding="utf-8")

    assert stop_processes() == []
    assert sleeper.poll() is None


def test_a_process_that_ended_by_itself_is_forgotten(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    remember_process("worker", sleeper.pid)
    sleeper.kill()
    sleeper.wait(timeout=5)

    assert stop_processes() == []
    assert list((tmp_path / "run").iterdir()) == []
