"""Cause each kind of fault on the servers and the processes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Timer

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from codes.runs.ledger import start_run
from codes.tasks import advance_run, enqueue_run, judge_partition
from regions.tenancy import in_city
from tests.faults.cities import Built
from tests.faults.jobs import ASK, TABLES
from tests.faults.plan import ASKED_IN, JOBS, Fault, Kind
from tests.faults.processes import WORKERS, Fleet
from tests.faults.servers import Servers
from tests.faults.watch import job_state, look

DELIVERIES = 20
CLICKS, CLICKERS = 50, 5
BEATS = 5
JOB_SECONDS = 20
AT_WORK = ("writing", "opening", "running")
OVER = ("done", "failed", "refused", "impossible")
# The errors while a server is unavailable. A page would show an error, and its user may click again.
AWAY = (DatabaseError, InterfaceError, BrokerError, OSError)


@dataclass
class Acts:
    """Causes the faults of a plan. ``alarms`` are the timers that continue stopped workers."""

    servers: Servers
    fleet: Fleet
    cities: dict[str, Built]
    alarms: dict[int, Timer] = field(default_factory=dict)
    asked: set[Kind] = field(default_factory=set)

    def do(self, fault: Fault) -> None:
        number = fault.dice % WORKERS
        acts: dict[Kind, Callable[[], object]] = {
            Kind.CHILD: partial(self._kill_child, fault),
            Kind.WORKER: partial(self.fleet.kill_worker, number),
            Kind.STOP: partial(self._stop, number),
            Kind.DATABASE: self.servers.restart_database,
            Kind.BACKENDS: self.servers.terminate_backends,
            Kind.BEAT: self.fleet.kill_beat,
            Kind.BROKER: self.servers.restart_broker,
            Kind.EMPTY: self.servers.empty_broker,
            Kind.DELIVER: partial(self._deliver, fault),
            Kind.BEATS: self._start_beats,
            Kind.CLICKS: partial(self._click, fault.moment.city),
            **{kind: partial(self._kill_job, kind) for kind in JOBS},
        }
        acts[fault.kind]()

    @property
    def all_awake(self) -> bool:
        return not any(alarm.is_alive() for alarm in self.alarms.values())

    def wake(self) -> None:
        """Continue at once all workers that were stopped."""
        for number, alarm in self.alarms.items():
            alarm.cancel()
            self.fleet.continue_worker(number)

    def _kill_child(self, fault: Fault) -> None:
        children = self.fleet.children(fault.dice % WORKERS)
        self.fleet.kill_children(children[fault.dice % 7 % len(children) :][:1] if children else [])

    def _stop(self, number: int) -> None:
        self.fleet.stop_worker(number)
        if number in self.alarms:
            self.alarms[number].cancel()
        # Use a timer: the clicks and faults in the meantime may wait for a lock that the stopped worker holds.
        seconds = settings.LEASE.total_seconds() + 1
        self.alarms[number] = Timer(seconds, self.fleet.continue_worker, [number])
        self.alarms[number].start()

    def _start_beats(self) -> None:
        while len(self.fleet.beats) < BEATS:
            self.fleet.beats.append(self.fleet.start_beat())

    def _deliver(self, fault: Fault) -> None:
        seen = look(self.servers).get(fault.moment.city)
        number = 1 + fault.dice % max(seen.partitions, 1) if seen else 1
        run = seen.run if seen else 1
        for _ in range(DELIVERIES):
            with suppress(*AWAY):
                judge_partition.apply_async(args=(fault.moment.city, run, number), retry=False)
                advance_run.apply_async(args=(fault.moment.city, run), retry=False)

    def _click(self, schema: str) -> None:
        with ThreadPoolExecutor(CLICKERS) as clickers:
            list(clickers.map(partial(_click_once, schema), range(CLICKS)))

    def _kill_job(self, kind: Kind) -> None:
        """Request the job, and kill the children of all workers as soon as it has begun."""
        self.asked.add(kind)
        for _ in range(CLICKERS):
            try:
                ASK[kind](self.cities[ASKED_IN])
                break
            except AWAY:
                connection.close()
                time.sleep(1)
        deadline = time.monotonic() + JOB_SECONDS
        while time.monotonic() < deadline:
            state, _ = job_state(self.servers, TABLES[kind])
            if state in AT_WORK:
                self.fleet.kill_children([child for number in range(WORKERS) for child in self.fleet.children(number)])
                return
            if state in OVER:
                return
            time.sleep(0.005)


def _click_once(schema: str, _number: int) -> None:
    """Start a run, as a click on the page does."""
    try:
        with in_city(schema):
            run, _ = start_run(by="system", now=timezone.now())
        enqueue_run(schema, run.pk)
    except AWAY:
        return
    finally:
        connection.close()
