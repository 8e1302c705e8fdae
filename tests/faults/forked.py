"""Start Celery's processes as forks of a process that has already imported what they need.

A start then takes a tenth of the processor time, which matters because every plan kills several processes. Each runs
Celery's own command in its own session.
"""

import os
import time
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from django import setup
from django.apps import apps

READY_SECONDS = 30
_forks = get_context("forkserver")
_forks.set_forkserver_preload([__name__])
IMPORTED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.contrib.django.task",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer.delayed_delivery",
    "kombu.transport.redis",
)
if not apps.ready:
    setup()
    import_module("portal.celery").app.loader.import_default_modules()
    for module in IMPORTED:
        import_module(module)


def start_celery(application: str, *command: str, log: Path) -> BaseProcess:
    """Start the equivalent of `python -m celery -A application command`. Its output is appended to the log file."""
    process = _forks.Process(target=_celery, args=(application, command, log), daemon=False)
    process.start()
    deadline = time.monotonic() + READY_SECONDS
    # Wait until it leads its own process group, so that signals can be sent to the group.
    while process.is_alive() and os.getpgid(process.pid or 0) != process.pid and time.monotonic() < deadline:
        time.sleep(0.002)
    return process


def _celery(application: str, command: tuple[str, ...], log: Path) -> None:
    os.setsid()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    import_module(application).app.start(list(command))
