"""Start the portal's programs as forks of a process that has already imported what they need.

A start then takes a tenth of the processor time. Each fork leads its own session, and runs the module as ``python -m`` does.
"""

import gc
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from celery.signals import import_modules
from django import setup
from django.apps import apps
from django.conf import settings
from django.core.cache import CacheHandler, caches
from django.db import connections
from django.db.utils import ConnectionHandler

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
    "django.core.handlers.wsgi",
    "kombu.transport.redis",
    "portal.crowding",
    "portal.urls_city",
    "portal.urls_public",
    "waitress.server",
)
if not apps.ready:  # only in the process that is forked
    setup()
    import_modules.send(sender=import_module("portal.celery").app)
    for module in IMPORTED:
        import_module(module)
    # A collection would visit all of this in each fork, and copy its pages.
    gc.collect()
    gc.freeze()


class Fork:
    """A running program, with the methods of a ``Popen`` object that are used of it."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        assert process.pid
        self.pid = process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return code

    def terminate(self) -> None:
        self._process.terminate()


def start(module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None) -> Fork:
    """Start the equivalent of ``python -m module arguments``. Its output is appended to the log file."""
    variables = dict(os.environ if environment is None else environment)
    process = _forks.Process(target=_run, args=(module, arguments, variables, log), daemon=False)
    process.start()
    fork, deadline = Fork(process), time.monotonic() + READY_SECONDS
    # Wait until it leads its own process group, so that signals can be sent to the group.
    while fork.poll() is None and os.getpgid(fork.pid) != fork.pid and time.monotonic() < deadline:
        time.sleep(0.002)
    return fork


def _run(module: str, arguments: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    os.setsid()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if environment != dict(os.environ):
        _enter(environment)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _enter(environment: dict[str, str]) -> None:
    """Replace the environment, and what was read from the one before."""
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop("portal.settings")
    read = import_module("portal.settings")
    for name in filter(str.isupper, dir(read)):
        setattr(settings, name, getattr(read, name))
    vars(connections).clear()
    vars(connections).update(vars(ConnectionHandler()))
    vars(caches).clear()
    vars(caches).update(vars(CacheHandler()))
