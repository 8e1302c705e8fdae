"""If root starts the servers, they run as another user, wherever the checkout is."""

from pathlib import Path

import psycopg2

from portal.embedded import postgres, servers
from portal.embedded.postgres import lock_file
from portal.embedded.state import open_state


def test_a_state_out_of_reach_moves_the_servers_and_keeps_the_passwords(closed_state: Path) -> None:
    urls = servers.ensure_postgres()
    servers.ensure_broker()

    server = postgres.find(open_state())
    process = lock_file(server.data)[0]
    assert server.home != open_state().directory
    assert (closed_state / "state" / "postgres.json").exists()
    assert Path(f"/proc/{process}").stat().st_uid == server.account.uid != 0
    psycopg2.connect(urls.app).close()


def test_both_servers_move_together(closed_state: Path) -> None:
    servers.ensure_broker()
    servers.ensure_postgres()

    assert len({Path(server.directory).parent for server in servers.status()}) == 1
