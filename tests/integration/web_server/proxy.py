"""The shipped proxy with the ports and files of a test."""

import os
import shutil
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

from tests.integration.web_server.serving import CHECKOUT, HOST, Open, free_port, opens, running

SHIPPED = ("nginx.conf", "nginx-upstream.conf")


@contextmanager
def proxied(
    folder: Path, changes: Mapping[str, str], *, more: Sequence[str] = (), of_server: Sequence[str] = ()
) -> Iterator[int]:
    """nginx with the files of deploy/ for the block: its port. ``changes`` are made in them, each of which must be possible."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None and os.environ.get("CI"):
        pytest.fail("nginx is not installed (apt install nginx-light)")
    if nginx is None:
        pytest.skip("nginx is not installed (apt install nginx-light), so the proxy's configuration is not tried")
    port, plain = free_port(), free_port()
    certify(folder)
    changes = {
        **changes,
        "    server 127.0.0.1:8002;\n": "",
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        ".health.example.cn": f".{HOST}",
        "/etc/nginx/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    }
    shipped = "".join(_deployed(file) for file in (*SHIPPED, *more))
    for ours, this in changes.items():
        assert ours in shipped
        shipped = shipped.replace(ours, this)
    (folder / "portal-server.d").mkdir()
    for file in of_server:
        (folder / "portal-server.d" / file).write_text(_deployed(file), encoding="utf-8")
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    whole.write_text(
        f"daemon off;\n{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n{kept}{shipped}}}\n",
        encoding="utf-8",
    )
    with running([nginx, "-p", str(folder), "-c", str(whole)], port):
        yield port


def _deployed(file: str) -> str:
    return (CHECKOUT / "deploy" / file).read_text(encoding="utf-8")


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
