"""A state directory and an environment of each test's own."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from portal import environment


@pytest.fixture
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An environment that names nothing but an empty state directory, and a checkout without an `.env` file."""
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    with mock.patch.dict(os.environ, {"PORTAL_STATE": str(tmp_path / "state")}, clear=True):
        yield os.environ  # type: ignore[misc]  # the process's environment is a mapping of strings, not a dict


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that the servers' user can enter too; pytest's own are closed to everybody but its user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)
