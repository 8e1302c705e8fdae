"""The embedded servers as the rest of the portal uses them: starting database and broker, and their state."""

from dataclasses import dataclass

from portal.embedded import postgres, valkey
from portal.embedded.postgres import PostgresUrls
from portal.embedded.state import open_state

__all__ = ["PostgresUrls", "ServerStatus", "ensure_broker", "ensure_postgres", "status", "stop_all"]


@dataclass(frozen=True)
class ServerStatus:
    """The state of one embedded server; `directory` contains its data and its log."""

    name: str
    running: bool
    directory: str


def ensure_postgres() -> PostgresUrls:
    """Return the logins of the embedded PostgreSQL, which is started if it is down. Raises EmbeddedServerError."""
    state = open_state()
    server = postgres.find(state)
    if not server.is_ready():
        with state.locked(postgres.NAME):
            server.start()
    return server.urls()


def ensure_broker() -> str:
    """Return the URL of the embedded Valkey, which is started if it is down. Raises EmbeddedServerError."""
    state = open_state()
    server = valkey.find(state)
    if not server.is_running():
        with state.locked(valkey.NAME):
            server.start()
    return server.url()


def stop_all() -> list[str]:
    """Stop the running servers. Return their names. Raises EmbeddedServerError."""
    state = open_state()
    stopped = []
    for name, server in ((postgres.NAME, postgres.find(state)), (valkey.NAME, valkey.find(state))):
        with state.locked(name):
            if server.stop():
                stopped.append(name)
    return stopped


def status() -> list[ServerStatus]:
    """Return the state of each server, without starting any."""
    state = open_state()
    database, broker = postgres.find(state), valkey.find(state)
    return [
        ServerStatus(postgres.NAME, database.is_running(), str(database.home / postgres.NAME)),
        ServerStatus(valkey.NAME, broker.is_running(), str(broker.folder)),
    ]
