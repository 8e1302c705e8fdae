"""The web server as it is shipped, in a process of its own, and the shipped proxy before it: slow browsers hold nobody up."""

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.web_server.serving import CHECKOUT, HOST, Open, asked, free_port, opens, running, status

SLOW = 50
MIB = 2**20


@pytest.fixture
def proxy_port(web_port: int, tmp_path: Path) -> Iterator[int]:
    """deploy/nginx.conf and nginx-upstream.conf with the ports and files of this test."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None and os.environ.get("CI"):
        pytest.fail("nginx is not installed (apt install nginx-light)")
    if nginx is None:
        pytest.skip("nginx is not installed (apt install nginx-light), so the proxy's configuration is not tried")
    port, plain = free_port(), free_port()
    certify(tmp_path)
    files = (CHECKOUT / "deploy" / name for name in ("nginx.conf", "nginx-upstream.conf"))
    shipped = "".join(file.read_text(encoding="utf-8") for file in files)
    changes = {
        "127.0.0.1:8001": f"127.0.0.1:{web_port}",
        "    server 127.0.0.1:8002;\n": "",
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        ".health.example.cn": f".{HOST}",
        "/etc/nginx/": f"{tmp_path}/",
        "/var/log/nginx/": f"{tmp_path}/",
    }
    for ours, this in changes.items():
        assert ours in shipped
        shipped = shipped.replace(ours, this)
    kept = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = tmp_path / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    whole.write_text(
        f"daemon off;\n{user}pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\n{kept}{shipped}}}\n",
        encoding="utf-8",
    )
    with running([nginx, "-p", str(tmp_path), "-c", str(whole)], port):
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


def hold(stack: ExitStack, open_one: Open, beginning: str) -> None:
    connection = stack.enter_context(open_one())
    connection.sendall(beginning.replace("\n", "\r\n").encode())


def assert_slow_browsers_hold_nobody_up(open_one: Open) -> None:
    """Half a header, a body that comes in drops, an answer that nobody reads: a page is answered beside all of them."""
    with ExitStack() as stack:
        for _ in range(SLOW):
            hold(stack, open_one, "GET / HTTP/1.1\nHost: alpha.loc")
            hold(
                stack,
                open_one,
                f"POST /sign-in/ HTTP/1.1\nHost: {HOST}\nContent-Type: application/x-www-form-urlencoded\n"
                "Content-Length: 1000\n\nnumber=5",
            )
        for _ in range(3):  # fewer than may wait for the one thread
            hold(stack, open_one, f"GET / HTTP/1.1\nHost: {HOST}\n\n")
        assert asked(open_one, "GET / HTTP/1.1") == 200


def assert_large_bodies_are_refused_unread(open_one: Open, *, path: str, most: int) -> None:
    """By what the header announces; of a body in chunks, once it is over. Nobody waits for the rest."""
    assert asked(open_one, f"POST {path} HTTP/1.1\r\nContent-Length: {200 * MIB}", b"x" * 100) == 413
    chunk = b"10000\r\n" + b"x" * 2**16 + b"\r\n"
    with open_one() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(most // 2**16 + 64):
                connection.sendall(chunk)
        except (ConnectionError, ssl.SSLError):
            return  # closed in our face, before we read why
        assert status(connection) == 413


def test_slow_browsers_hold_no_thread(web_port: int) -> None:
    assert_slow_browsers_hold_nobody_up(opens(web_port))


def test_a_stranger_sends_no_more_than_a_form(web_port: int) -> None:
    for path in ("/sign-in/", "/appeal/evidence/", "/staff/reports/verify/"):
        assert_large_bodies_are_refused_unread(opens(web_port), path=path, most=MIB)


def test_the_shipped_proxy_waits_for_slow_browsers(proxy_port: int, tmp_path: Path) -> None:
    open_one = opens_tls(proxy_port, tmp_path)
    assert_slow_browsers_hold_nobody_up(open_one)
    assert_large_bodies_are_refused_unread(open_one, path="/sign-in/", most=MIB)
    assert asked(open_one, "GET /staff/enrol/abc/ HTTP/1.1") == 302
    assert "enrol" not in (tmp_path / "portal.log").read_text(encoding="utf-8")
