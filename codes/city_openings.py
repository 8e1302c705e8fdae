"""Opening a city that an operator asked for on a page: put down there, done by a worker with the owner's login, told truly.

The page's process never takes that login (``docs/adr/0010-who-opens-cities.md``). The row is in ``public``, and so are its
journal entries; what the opening itself does is in the city's journal.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction

from codes.city_files import read_city
from codes.models import Run
from codes.opening import Opened, open_city
from codes.runs.ledger import start_run
from regions.file_faults import FileFaults
from regions.journal.record import record
from regions.keys.installation import seal, unseal
from regions.leased_jobs import DIED, Attempt, Clock, claim_job, sweep
from regions.models import CityOpening
from regions.tenancy import as_owner, in_city

CITY_FILE = "city.toml"
USE = "city file"
LEASE = timedelta(minutes=5)
NAME_BYTES = 12


@dataclass(frozen=True)
class Bundle:
    """A city file and, by the names it gives them, the rule-set files it needs: all as TOML."""

    city: str
    rules: Mapping[str, str]

    def lay_out(self, folder: Path) -> Path:
        """Write the files as they refer to each other; where the city file is."""
        for name, text in self.rules.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        file = folder / CITY_FILE
        file.write_text(self.city, encoding="utf-8")
        return file


def check_bundle(bundle: Bundle) -> None:
    """Raises ``FileFaults`` with everything that can be found wrong without the database."""
    with TemporaryDirectory(prefix="city-") as folder:
        read_city(bundle.lay_out(Path(folder)), os.environ)


def ask_to_open(bundle: Bundle, *, schema: str, by: str, now: datetime) -> CityOpening:
    """Put it down to be done. Call in no city."""
    with transaction.atomic():
        opening = CityOpening.objects.create(
            name=secrets.token_hex(NAME_BYTES),
            schema=schema,
            content=seal(json.dumps(asdict(bundle)).encode(), use=USE),
            asked_by=by,
            asked_at=now,
        )
        record("city.opening_asked", by=by, now=now, subject=f"city:{schema}", data={"schema": schema})
    return opening


def open_asked(opening_id: int, *, clock: Clock) -> Opened | None:
    """Open the city, unless that is done or in other hands. Call in no city and in no transaction."""
    opening = claim_job(CityOpening.objects.filter(pk=opening_id), now=clock(), lease=LEASE)
    if opening is None:
        return None
    with Attempt(lambda error: _failed(opening, error, now=clock())):
        try:
            opened = _open(opening, now=clock())
        except FileFaults as refusal:
            faults = [[fault.key, fault.message] for fault in refusal.faults]
            _end(opening, CityOpening.State.REFUSED, now=clock(), faults=faults)
            return None
        _end(opening, CityOpening.State.DONE, now=clock(), created=opened.created, changed=opened.changed)
    return opened


def _open(opening: CityOpening, *, now: datetime) -> Opened:
    bundle = Bundle(**json.loads(unseal(bytes(opening.content or b""), use=USE)))
    with TemporaryDirectory(prefix="city-") as folder:
        file, editions = read_city(bundle.lay_out(Path(folder)), os.environ)
        with as_owner():
            return open_city(file, editions, by=f"operator:{opening.asked_by}", now=now)


def start_first_run(opening: CityOpening, *, by: str, now: datetime) -> int:
    """Have the opened city run its day; the number of the run, to be rung for. While one is open, that is the one."""
    with in_city(opening.schema):
        run, _ = start_run(by=f"operator:{by}", now=now)
    CityOpening.objects.filter(pk=opening.pk).update(first_run=run.pk)
    return run.pk


def first_run_of(opening: CityOpening) -> tuple[Run, int, int] | None:
    """The run the operator started, with its partitions ended and in all; none when there is none."""
    if opening.first_run is None:
        return None
    with in_city(opening.schema):
        run = Run.objects.get(pk=opening.first_run)
        ended = run.partitions.filter(state__in=["done", "parked"]).count()
        return run, ended, run.partitions.count()


def sweep_openings(*, now: datetime) -> list[int]:
    """Give up what killed its workers; the openings that some worker should take."""
    return sweep(CityOpening.objects.all(), now=now, give_up=lambda opening: _end_failed(opening, DIED, now=now))


def _failed(opening: CityOpening, error: Exception, *, now: datetime) -> None:
    if not opening.give_back():
        # The name of the error only: its words may repeat a credential of the file.
        _end_failed(opening, type(error).__name__, now=now)


def _end_failed(opening: CityOpening, message: str, *, now: datetime) -> None:
    _end(opening, CityOpening.State.FAILED, now=now, message=message)


def _end(opening: CityOpening, state: str, *, now: datetime, **told: Any) -> None:
    """The end, with the file and whatever secrets it held gone."""
    with transaction.atomic():
        if opening.leave(state, content=None, ended_at=now, **told):
            said = {"schema": opening.schema, "state": str(state)}
            record("city.opening_ended", by="system", now=now, subject=f"city:{opening.schema}", data=said)
