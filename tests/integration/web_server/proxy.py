"""The proxy of deploy/ with the ports and files of a test."""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.proxy import installed, proxy
from tests.certificates import certify
from tests.integration.web_server.serving import HOST, Open, free_port, opens, wait_for


@contextmanager
def proxied(
    folder: Path, changes: Mapping[str, str], *, more: Sequence[str] = (), of_server: Sequence[str] = ()
) -> Iterator[int]:
    """Run nginx with the files of deploy/ for the block. Yield its port.

    ``changes`` are replaced in the files; each of them must occur.
    """
    nginx = installed()
    if nginx is None and os.environ.get("CI"):
        pytest.fail("nginx is not installed (apt install nginx-light)")
    if nginx is None:
        pytest.skip("nginx is not installed (apt install nginx-light), so the proxy's configuration is not tried")
    port, plain = free_port(), free_port()
    certificate, key = certify(folder, HOST)
    certificate.rename(folder / "portal.crt")
    key.rename(folder / "portal.key")
    changes = {
        **changes,
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        ".health.example.cn": f".{HOST}",
    }
    with proxy(nginx, folder, changes, more=more, of_server=of_server) as process:
        wait_for(port, process)
        yield port


def opens_tls(port: int, folder: Path) -> Open:
    context = ssl.create_default_context(cafile=str(folder / "portal.crt"))

    def open_one() -> socket.socket:
        return context.wrap_socket(opens(port)(), server_hostname=HOST)

    return open_one
