"""The portal, served on the loopback interface by threads of this process, each with its own database connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread


@contextmanager
def serving() -> Iterator[int]:
    """Serve the portal for the block. Yield the port.

    Data that the pages show must be committed: the server shares no connection with the test.
    """
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
