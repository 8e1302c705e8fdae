"""The shipped proxy with the ports and files of a test."""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.proxy import installed, proxy
from tests.integration.web_server.serving import HOST, Open, free_port, opens, wait_for


@contextmanager
def proxied(
    folder: Path, changes: Mapping[str, str], *, more: Sequence[str] = (), of_server: Sequence[str] = ()
) -> Iterator[int]:
    """nginx with the files of deploy/ for the block: its port. ``changes`` are made in them, each of which must be possible."""
    nginx = installed()
    if nginx is None and os.environ.get("CI"):
        pytest.fail("nginx is not installed (apt install nginx-light)")
    if nginx is None:
        pytest.skip("nginx is not installed (apt install nginx-light), so the proxy's configuration is not tried")
    port, plain = free_port(), free_port()
    certify(folder)
    changes = {
        **changes,
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        ".health.example.cn": f".{HOST}",
    }
    with proxy(nginx, folder, changes, more=more, of_server=of_server) as process:
        wait_for(port, process)
        yield port


def certify(folder: Path) -> None:
    """A certificate of its own for the proxy."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "portal.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "portal.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


def opens_tls(port: int, folder: Path) -> Open:
    context = ssl.create_default_context(cafile=str(folder / "portal.crt"))

    def open_one() -> socket.socket:
        return context.wrap_socket(opens(port)(), server_hostname=HOST)

    return open_one
