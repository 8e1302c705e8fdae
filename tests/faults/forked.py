"""Celery's processes as forks of one that has imported all they need: a start costs a tenth of the processor time.

A plan kills several and is one of twenty. What is started is Celery's own command, in a process and a session of its own.
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
    """As `python -m celery -A application command`; its output goes to the end of the file."""
    process = _forks.Process(target=_celery, args=(application, command, log), daemon=False)
    process.start()
    deadline = time.monotonic() + READY_SECONDS
    # From then on its group can be told to stop.
    while process.is_alive() and os.getpgid(process.pid or 0) != process.pid and time.monotonic() < deadline:
        time.sleep(0.002)
    return process


def _celery(application: str, command: tuple[str, ...], log: Path) -> None:
    os.setsid()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    import_module(application).app.start(list(command))
