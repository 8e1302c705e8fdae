"""An operator's request that a city be opened, carried out by a worker with the owner's login.

The page's process never takes that login (``docs/adr/0010-who-opens-cities.md``). The row is in ``public``, and so are its
journal entries; what the opening itself does is in the city's journal."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from codes.models import Run
from codes.opening import Opened, city_of, open_city
from codes.rule_sets.version_file import VersionContent
from codes.runs.ledger import start_run
from regions.attempts import attempt
from regions.city_file import CityFile
from regions.faults import Fault, FaultCode, FileFaults
from regions.journal.record import record
from regions.keys.encryption import decrypt_for_installation, encrypt_for_installation
from regions.leased_jobs import DIED, Clock, JobFault, claim_job, sweep
from regions.models import CityOpening
from regions.proposals import OPERATOR_PREFIX, answer_operator, require_role_or_operator
from regions.refusals import CommonReason, Refused
from regions.sources.connectors.delivery import FaultReason
from regions.staff.roles import Role
from regions.tenancy import as_owner, in_city, is_suspended
from regions.toml_files import Raw, parse_toml

# What a form is called among files: its rule sets lie beside it by the names it gives them.
FORM = Path("city.toml")
USE = "installation city file"
NAME_BYTES = 12
VERBS = {"confirm": "confirmed", "decline": "declined", "withdraw": "withdrawn"}


@dataclass(frozen=True)
class Bundle:
    """What a city file says and, by the names it gives them, what its rule-set files say: JSON, read by their shapes."""

    city: Raw
    rules: Mapping[str, Raw]

    def read(self) -> tuple[CityFile, list[VersionContent]]:
        """The city and its versions. Raises ``FileFaults``."""
        return _read(self.city, self.rules, self.rules.__getitem__)


def checked_bundle(city: Raw, rules: Mapping[str, str]) -> Bundle:
    """The bundle of a city's tables and its rule sets' TOML. Raises ``FileFaults`` with all that shows without the database."""
    file, versions = _read(city, rules, lambda name: parse_toml(rules[name].encode(), Path(name)))
    names = [located.path.as_posix() for located in file.rule_sets]
    written = [version.model_dump(mode="json", by_alias=True, exclude_none=True) for version in versions]
    return Bundle(city, dict(zip(names, written, strict=True)))


def _read(city: Raw, rules: Mapping[str, object], read: Callable[[str], Raw]) -> tuple[CityFile, list[VersionContent]]:
    return city_of(
        city,
        FORM,
        os.environ,
        is_file=lambda path: path.as_posix() in rules,
        read=lambda path: read(path.as_posix()),
    )


def faults_of(opening: CityOpening) -> list[Fault]:
    return [
        Fault(key, FaultReason(code) if code in set(FaultReason) else FaultCode(code), params)
        for key, code, params in opening.faults
    ]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float | list) else str(value) for name, value in params.items()}


def ask_to_open(bundle: Bundle, *, schema: str, by: str, now: datetime) -> CityOpening:
    """Put it down to be done. Call in no city. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        opening = CityOpening.objects.create(
            name=secrets.token_hex(NAME_BYTES),
            schema=schema,
            content=encrypt_for_installation(json.dumps(asdict(bundle)).encode(), use=USE),
            asked_by=by,
            asked_at=now,
        )
        record("city.opening_asked", by=by, now=now, subject=f"city:{schema}", data={"schema": schema})
    return opening


def confirm_opening(opening_id: int, *, by: str, now: datetime) -> CityOpening:
    """The second operator's: from now on a worker may do it. Call in no city. Raises ``Refused``."""
    return _decide(opening_id, "confirm", by=by, now=now)


def decline_opening(opening_id: int, *, by: str, now: datetime) -> CityOpening:
    """The second operator's: nothing is done. Call in no city. Raises ``Refused``."""
    return _decide(opening_id, "decline", by=by, now=now, content=None, ended_at=now)


def withdraw_opening(opening_id: int, *, by: str, now: datetime) -> CityOpening:
    """Whoever asked takes it back. Call in no city. Raises ``Refused``."""
    return _decide(opening_id, "withdraw", by=by, now=now, content=None, ended_at=now)


def _decide(opening_id: int, act: str, *, by: str, now: datetime, **changes: Any) -> CityOpening:
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        opening = CityOpening.objects.get(pk=opening_id)
        answer_operator(opening, act, by=by, now=now, **changes)
        told = {"schema": opening.schema, "asked_by": opening.asked_by, "to": str(opening.state)}
        record(f"city.opening_{VERBS[act]}", by=by, now=now, subject=f"city:{opening.schema}", data=told)
    return opening


def read_opening(opening: CityOpening) -> CityFile | None:
    """What it would do, for whoever confirms; none once it has ended, and when it cannot be read, which the worker will say."""
    if opening.content is None:
        return None
    try:
        return Bundle(**json.loads(decrypt_for_installation(bytes(opening.content), use=USE))).read()[0]
    except FileFaults:
        return None


def open_asked(opening_id: int, *, clock: Clock) -> Opened | None:
    """Open the city, unless that is done or in other hands. Call in no city and in no transaction."""
    opening = claim_job(CityOpening.objects.filter(pk=opening_id), now=clock())
    if opening is None:
        return None
    with attempt(opening, lambda error: _failed(opening, error, now=clock()), clock=clock):
        try:
            opened = _open(opening, now=clock())
        except FileFaults as refusal:
            faults = [[fault.key, fault.code.value, _plain(fault.params)] for fault in refusal.faults]
            _end(opening, CityOpening.State.REFUSED, now=clock(), faults=faults)
            return None
        _end(opening, CityOpening.State.DONE, now=clock(), created=opened.created, changed=opened.changed)
    return opened


def _open(opening: CityOpening, *, now: datetime) -> Opened:
    file, versions = Bundle(**json.loads(decrypt_for_installation(bytes(opening.content or b""), use=USE))).read()
    with as_owner():
        return open_city(
            file,
            versions,
            by=f"{OPERATOR_PREFIX}{opening.asked_by}",
            confirmed_by=f"{OPERATOR_PREFIX}{opening.decided_by}",
            now=now,
        )


def start_first_run(opening: CityOpening, *, by: str, now: datetime) -> int:
    """Have the opened city run its day; the number of the run to enqueue: the open one, if there is one. Raises ``NotAllowed``."""
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    if is_suspended(opening.schema):
        raise Refused(CommonReason.SUSPENDED)
    with in_city(opening.schema):
        run, _ = start_run(by=f"{OPERATOR_PREFIX}{by}", now=now)
    CityOpening.objects.filter(pk=opening.pk).update(first_run=run.pk)
    return run.pk


def first_run_of(opening: CityOpening) -> tuple[Run, str, int, int] | None:
    """The run the operator started, what it says of itself in the active language, its partitions ended and in all, if any."""
    if opening.first_run is None:
        return None
    with in_city(opening.schema):
        run = Run.objects.get(pk=opening.first_run)
        ended = run.partitions.filter(state__in=["done", "parked"]).count()
        return run, str(run.localized_message), ended, run.partitions.count()


def sweep_openings(*, now: datetime) -> list[int]:
    """Give up what killed its workers; the openings that some worker should take."""
    return sweep(CityOpening.objects.all(), now=now, give_up=lambda opening: _end_failed(opening, *DIED, now=now))


def _failed(opening: CityOpening, error: Exception, *, now: datetime) -> None:
    if not opening.give_back():
        # The name of the error only: its words may repeat a credential of the file.
        _end_failed(opening, JobFault.ERROR, {"error": type(error).__name__}, now=now)


def _end_failed(opening: CityOpening, fault: JobFault, params: Mapping[str, Any], *, now: datetime) -> None:
    _end(opening, CityOpening.State.FAILED, now=now, fault=fault.value, params=params)


def _end(opening: CityOpening, state: str, *, now: datetime, **told: Any) -> None:
    """The end, with the file and whatever secrets it held gone."""
    with transaction.atomic():
        if opening.leave(state, content=None, ended_at=now, **told):
            said = {"schema": opening.schema, "state": str(state)}
            record("city.opening_ended", by="system", now=now, subject=f"city:{opening.schema}", data=said)
