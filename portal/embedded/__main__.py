"""`python -m portal.embedded start | stop | status` – what `./run stop` calls."""

import argparse
import sys

from portal.embedded import servers
from portal.embedded.processes import stop_processes
from portal.embedded.state import EmbeddedServerError
from portal.environment import read_env_file


def main() -> int:
    """Return the exit code: 1, with a message on stderr, if an action failed."""
    parser = argparse.ArgumentParser(prog="python -m portal.embedded", description="The embedded servers.")
    parser.add_argument("action", choices=["start", "stop", "status"])
    action = parser.parse_args().action
    read_env_file()
    try:
        if action == "start":
            servers.ensure_postgres()
            servers.ensure_broker()
        elif action == "stop":
            stopped = [*stop_processes(), *servers.stop_all()]
            sys.stdout.write(f"Stopped: {', '.join(stopped)}.\n" if stopped else "Nothing was running.\n")
            return 0
    except EmbeddedServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for server in servers.status():
        sys.stdout.write(f"{server.name}: {'running' if server.running else 'stopped'}, {server.directory}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
