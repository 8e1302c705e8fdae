"""The web server as it is shipped, in a process of its own."""

import sys
from collections.abc import Iterator

import pytest

from tests.integration.web_server.serving import free_port, running
from tests.own_database import database_urls


@pytest.fixture
def web_port(transactional_db: None) -> Iterator[int]:
    """The web server with one thread: whatever held it would hold everybody."""
    port = free_port()
    command = [sys.executable, "-m", "portal.web_server", "--listen", f"127.0.0.1:{port}", "--threads", "1"]
    with running(command, port, **database_urls(), DJANGO_SETTINGS_MODULE="portal.settings"):
        yield port
