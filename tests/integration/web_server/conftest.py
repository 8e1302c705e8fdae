"""The portal's web server in its own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.web_server.serving import web_server
from tests.own_database import database_urls


@pytest.fixture
def web_port(transactional_db: None, tmp_path: Path) -> Iterator[int]:
    """The port of a web server with a single thread, which a slow client could block for everybody."""
    with web_server(tmp_path / "web.log", **database_urls()) as port:
        yield port
