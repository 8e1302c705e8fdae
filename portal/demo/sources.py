"""The stand-in sources of the province: creating them with their secrets, filling them, and advancing their clocks."""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from portal.demo.centre import data_of, ensure_centre
from portal.demo.police import make_police_database, police_database, reading_url
from portal.demo.stage import LATE, PROMPT, Stage
from portal.demo.stand_ins.big_data_faults import Fault
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.embedded.state import State
from regions.city_file import BigDataCentre, CityFile, PoliceDatabase

ENVIRONMENT_FILE = "demo.env"
RECORDS_AT_ONCE = 5000
# A source that delivers once a day does so when its last delivery is this old, well before it would count as stale.
DELIVERS_AFTER = timedelta(hours=20)


def set_up(cities: Sequence[CityFile], *, state: State, folder: Path) -> str:
    """Create what is missing and put URLs and secrets where the city files look for them. Return the centre's base URL.

    They are also stored in a file of the state directory, for commands used while or after the demo runs.
    """
    kept = state.load("demo-secrets")
    values: dict[str, str] = {}
    apps: dict[str, str] = {}
    for city in cities:
        for source in city.sources:
            if source.credential_env is None:
                continue
            secret = kept.setdefault(source.credential_env, secrets.token_urlsafe(24))
            if isinstance(source, BigDataCentre):
                apps[source.app_id] = source.credential_env
                values[source.credential_env] = secret
            else:
                make_police_database(city.city.schema_name)
                values[source.credential_env] = reading_url(city.city.schema_name, secret)
    state.save("demo-secrets", kept)
    _publish(values, state.directory / ENVIRONMENT_FILE)
    return ensure_centre(state, folder, apps)


def empty(stage: Stage, source: str, *, folder: Path) -> None:
    """Delete all records of a source, so that an interrupted filling can start again."""
    wanted = _source(stage, source)
    if isinstance(wanted, PoliceDatabase):
        police_database(stage.schema).remove_records()
    else:
        with closing(BigDataStore(str(data_of(folder)))) as store:
            store.remove_records(wanted.app_id)


def fill(stage: Stage, source: str, records: Iterable[Mapping[str, Any]], *, folder: Path) -> int:
    """Add the records to a source, a few thousand at a time. Return their number."""
    wanted, coming = _source(stage, source), iter(records)
    count = 0
    if isinstance(wanted, PoliceDatabase):
        police = police_database(stage.schema)
        while some := list(islice(coming, RECORDS_AT_ONCE)):
            count += police.add_records(some)
    else:
        with closing(BigDataStore(str(data_of(folder)))) as store:
            while some := list(islice(coming, RECORDS_AT_ONCE)):
                count += store.add_records(wanted.app_id, some)
    return count


def move_clock(stage: Stage, source: str, *, now: datetime, folder: Path) -> None:
    """Advance a source's clock, as its operators would: at once or, for the late source, once a day."""
    wanted = _source(stage, source)
    if isinstance(wanted, PoliceDatabase):
        police_database(stage.schema).set_clock(now - PROMPT)
        return
    with closing(BigDataStore(str(data_of(folder)))) as store:
        delivered = store.state(wanted.app_id)
        if source != stage.late_source:
            store.set_clock(wanted.app_id, now - PROMPT)
        elif delivered is None or now - delivered.as_of > DELIVERS_AFTER:
            store.set_clock(wanted.app_id, now - LATE)


def set_fault(stage: Stage, source: str, fault: Fault, *, folder: Path) -> None:
    """Have a big-data centre misbehave towards the city from now on, or stop that."""
    wanted = _source(stage, source)
    if isinstance(wanted, BigDataCentre):
        with closing(BigDataStore(str(data_of(folder)))) as store:
            store.set_fault(wanted.app_id, fault)


def _source(stage: Stage, code: str) -> PoliceDatabase | BigDataCentre:
    return next(source for source in stage.city.sources if source.code == code)


def _publish(values: Mapping[str, str], path: Path) -> None:
    """Put the values into the environment of this process and its children, and into a file only its owner may read."""
    os.environ.update(values)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
