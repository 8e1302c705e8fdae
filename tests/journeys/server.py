"""The portal itself, served on the loopback by threads of this process, each with a connection of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread


@contextmanager
def serving() -> Iterator[int]:
    """The port. What the pages show must be committed: no connection is shared with the test."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error is not None:
        raise server.error
    try:
        yield server.port
    finally:
        server.terminate()
