"""Requests of operators to open a city, carried out by a worker with the owner's login.

The web process never uses that login (``docs/adr/0010-who-opens-cities.md``). The row and its journal entries are in ``public``;
the entries of the opening itself are in the city's journal."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from codes.models import Partition, Run
from codes.opening import Opened, city_of, open_city
from codes.rule_sets.version_file import VersionContent
from codes.runs.ledger import start_run
from regions.actors import OPERATOR_PREFIX, SYSTEM
from regions.attempts import attempt
from regions.city_file import CityFile
from regions.faults import Fault, FaultCode, FileFaults
from regions.journal.record import record
from regions.keys.encryption import decrypt_for_installation, encrypt_for_installation
from regions.leased_jobs import DIED, Clock, JobFault, claim_job, sweep
from regions.models import CityOpening
from regions.proposals import answer_operator, require_role_or_operator
from regions.refusals import CommonReason, Refused
from regions.sources.connectors.delivery import FaultReason
from regions.staff.roles import Role
from regions.tenancy import as_owner, in_city, is_suspended
from regions.toml_files import Raw, parse_toml

# The file name under which a form is read; its rule sets are read relative to it, by the names it gives them.
FORM = Path("city.toml")
USE = "installation city file"
NAME_BYTES = 12
VERBS = {"confirm": "confirmed", "decline": "declined", "withdraw": "withdrawn"}


@dataclass(frozen=True)
class Bundle:
    """The content of a city file and, by the names it gives them, of its rule-set files, as JSON that their shapes validate."""

    city: Raw
    rules: Mapping[str, Raw]

    def read(self) -> tuple[CityFile, list[VersionContent]]:
        """Return the city and its rule-set versions. Raises ``FileFaults``."""
        return _read(self.city, self.rules, self.rules.__getitem__)


def checked_bundle(city: Raw, rules: Mapping[str, str]) -> Bundle:
    """Return the bundle of a city's tables and its rule sets' TOML. Raises ``FileFaults`` with all faults found without the database."""
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
    """Store a request to open or change a city. Call outside any city. Raises ``NotAllowed``."""
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
    """Confirm a request as the second operator, so that a worker may carry it out. Call outside any city. Raises ``Refused``."""
    return _decide(opening_id, "confirm", by=by, now=now)


def decline_opening(opening_id: int, *, by: str, now: datetime) -> CityOpening:
    """Decline a request as the second operator. Call outside any city. Raises ``Refused``."""
    return _decide(opening_id, "decline", by=by, now=now, content=None, ended_at=now)


def withdraw_opening(opening_id: int, *, by: str, now: datetime) -> CityOpening:
    """Withdraw one's own request. Call outside any city. Raises ``Refused``."""
    return _decide(opening_id, "withdraw", by=by, now=now, content=None, ended_at=now)


def _decide(opening_id: int, act: str, *, by: str, now: datetime, **changes: Any) -> CityOpening:
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        opening = CityOpening.objects.get(pk=opening_id)
        answer_operator(opening, act, by=by, now=now, **changes)
        data = {"schema": opening.schema, "asked_by": opening.asked_by, "to": str(opening.state)}
        record(f"city.opening_{VERBS[act]}", by=by, now=now, subject=f"city:{opening.schema}", data=data)
    return opening


def read_opening(opening: CityOpening) -> CityFile | None:
    """Return the requested city file, for the operator who confirms.

    Return ``None`` if the request has ended, or if the file cannot be read; then the worker will report the faults.
    """
    if opening.content is None:
        return None
    try:
        return Bundle(**json.loads(decrypt_for_installation(bytes(opening.content), use=USE))).read()[0]
    except FileFaults:
        return None


def open_asked(opening_id: int, *, clock: Clock) -> Opened | None:
    """Open the city, unless the request has ended or another worker has claimed it. Call outside any city and any transaction."""
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
    """Start the first run of an opened city. Return the id of the run to enqueue, which is the open run if there is one.

    Raises ``NotAllowed``, or ``Refused`` if the city is suspended.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    if is_suspended(opening.schema):
        raise Refused(CommonReason.SUSPENDED)
    with in_city(opening.schema):
        run, _ = start_run(by=f"{OPERATOR_PREFIX}{by}", now=now)
    CityOpening.objects.filter(pk=opening.pk).update(first_run=run.pk)
    return run.pk


def first_run_of(opening: CityOpening) -> tuple[Run, str, int, int] | None:
    """Return the run that the operator started, its message in the active language, and its numbers of ended and of all partitions.

    Return ``None`` if no run was started.
    """
    if opening.first_run is None:
        return None
    with in_city(opening.schema):
        run = Run.objects.get(pk=opening.first_run)
        ended = run.partitions.filter(state__in=[Partition.State.DONE, Partition.State.PARKED]).count()
        return run, str(run.localized_message), ended, run.partitions.count()


def sweep_openings(*, now: datetime) -> list[int]:
    """End openings whose workers died too often as failed. Return the ids of the openings that a worker can claim."""
    return sweep(CityOpening.objects.all(), now=now, give_up=lambda opening: _end_failed(opening, *DIED, now=now))


def _failed(opening: CityOpening, error: Exception, *, now: datetime) -> None:
    if not opening.give_back():
        # Only the name of the error: its message may contain a credential of the file.
        _end_failed(opening, JobFault.ERROR, {"error": type(error).__name__}, now=now)


def _end_failed(opening: CityOpening, fault: JobFault, params: Mapping[str, Any], *, now: datetime) -> None:
    _end(opening, CityOpening.State.FAILED, now=now, fault=fault.value, params=params)


def _end(opening: CityOpening, state: str, *, now: datetime, **fields: Any) -> None:
    """End the request and delete its file content, which may contain secrets."""
    with transaction.atomic():
        if opening.leave(state, content=None, ended_at=now, **fields):
            data = {"schema": opening.schema, "state": str(state)}
            record("city.opening_ended", by=SYSTEM, now=now, subject=f"city:{opening.schema}", data=data)
