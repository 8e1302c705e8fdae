"""What is remembered between two commands, by whom it can be read, and which port is taken."""

import os
import socket
from pathlib import Path

import pytest

from portal.embedded.state import PORTS, EmbeddedServerError, State, free_port, open_state

as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert State(tmp_path).load("postgres") == {}


def test_what_was_remembered_comes_back_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    State(tmp_path).save("postgres", {"port": "1"})
    State(tmp_path).save("postgres", {"port": "2"})

    assert State(tmp_path).load("postgres") == {"port": "2"}
    assert (tmp_path / "postgres.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.json"]


def test_the_state_directory_may_be_passed_through_and_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_STATE", str(tmp_path / "deep" / "state"))

    assert open_state().directory == tmp_path / "deep" / "state"
    assert open_state().directory.stat().st_mode & 0o777 == 0o711


@as_user
def test_a_state_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.setenv("PORTAL_STATE", str(tmp_path / "state"))

    with pytest.raises(EmbeddedServerError, match="PORTAL_STATE"):
        open_state()


def test_a_remembered_port_is_kept_while_it_is_free() -> None:
    port = free_port(None)

    assert int(port) in PORTS
    assert free_port(port) == port


def test_a_port_in_use_is_given_up() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = str(stranger.getsockname()[1])

        assert free_port(taken) != taken
