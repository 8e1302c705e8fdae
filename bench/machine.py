"""A description of the machine by which results can be compared. It contains nothing that identifies the machine."""

import os
import platform
import subprocess
from pathlib import Path

import psutil
from django.db import connection

SETTINGS = ["shared_buffers", "work_mem", "jit", "fsync", "synchronous_commit", "max_parallel_workers_per_gather"]


def commit() -> str:
    """Return the measured commit, with a plus if files differ from it."""
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--exclude", "*", "--dirty=+"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def described() -> str:
    """Return cores, memory, versions, PostgreSQL's relevant settings, and the load."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [SETTINGS])
        settings = ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
    memory = psutil.virtual_memory().total / (1 << 30)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB memory; PostgreSQL {version} ({settings}); "
        f"Python {platform.python_version()}; load average at the end {psutil.getloadavg()[1]:.1f}"
    )
