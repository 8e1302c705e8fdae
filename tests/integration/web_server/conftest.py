"""The web server as it is shipped, in a process of its own."""

from collections.abc import Iterator

import pytest

from tests.integration.web_server.serving import web_server
from tests.own_database import database_urls


@pytest.fixture
def web_port(transactional_db: None) -> Iterator[int]:
    """The web server with one thread: whatever held it would hold everybody."""
    with web_server(**database_urls()) as port:
        yield port
