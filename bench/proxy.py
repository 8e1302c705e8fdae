"""The shipped proxy, nginx with the files of ``deploy/``, in a process of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

SHIPPED = ("nginx.conf", "nginx-upstream.conf", "nginx-crowded.conf")
# The second of the two web servers that the shipped file names.
SECOND = "    server 127.0.0.1:8002 max_conns=20;\n"


def installed() -> str | None:
    """Return the path of nginx, or ``None`` if it is not installed."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def proxy(
    nginx: str, folder: Path, changes: Mapping[str, str], *, more: Sequence[str] = (), of_server: Sequence[str] = ()
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run nginx in an empty folder for the block; it may not accept connections yet. Each of ``changes`` must occur in the files."""
    changes = {**changes, SECOND: "", "/etc/nginx/": f"{folder}/", "/var/log/nginx/": f"{folder}/"}
    shipped = "".join(_deployed(file) for file in (*SHIPPED, *more))
    for ours, this in changes.items():
        if ours not in shipped:
            raise ValueError(f"deploy/ has no {ours!r}")
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
        f"daemon off;\n{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{ worker_connections 4096; }}\n"
        # The compiled-in path of the log of servers without one of their own cannot be written by a normal user.
        f"http {{\naccess_log off;\n{kept}{shipped}}}\n",
        encoding="utf-8",
    )
    with subprocess.Popen([nginx, "-p", str(folder), "-c", str(whole)]) as process:
        try:
            yield process
        finally:
            process.terminate()


def _deployed(file: str) -> str:
    return (settings.BASE_DIR / "deploy" / file).read_text(encoding="utf-8")
