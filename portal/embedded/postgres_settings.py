"""How the embedded PostgreSQL is set up: for two cores, a few gigabytes, and a million citizens in one run."""

import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev", "shm")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Compiling a statement costs more than the engine's short queries take.
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


def server_options(port: str) -> str:
    """The settings as the one argument that `pg_ctl --options` hands on."""
    settings = SETTINGS | {"port": port, "dynamic_shared_memory_type": _shared_memory_type()}
    return " ".join(f"-c {name}='{value}'" for name, value in settings.items())


def _shared_memory_type() -> str:
    """Parallel queries need room in /dev/shm; a container often has 64 MB there, and then files serve instead."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except FileNotFoundError:
        free = 0
    return "posix" if free >= 1 << 30 else "mmap"
