"""Fixtures of embedded servers that are separate from those that the test session uses."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded import postgres, servers
from portal.embedded.state import open_state


@pytest.fixture(scope="module")
def own_state() -> Iterator[Path]:
    """A state directory that the servers' user can enter. What was started from it is stopped at the end."""
    patch = pytest.MonkeyPatch()
    directory = Path(tempfile.mkdtemp(prefix="portal state "))
    patch.setenv("PORTAL_STATE", str(directory))
    directory.chmod(0o711)
    yield directory
    servers.stop_all()
    shutil.rmtree(directory)
    patch.undo()


@pytest.fixture
def closed_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory that only root can enter, as under /root."""
    if os.geteuid() != 0:
        pytest.skip("only root hands the servers to another user")
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setenv("PORTAL_STATE", f"{name}/state")
        yield Path(name)
        servers.stop_all()
        shutil.rmtree(postgres.find(open_state()).home)
