"""Devices of gates: proposed by one system administrator, confirmed by another, given their secret by a link, revoked by one.

The secret is created on the device's own request and shown to nobody else, so that the person who enrols a device
cannot use its identity later.
"""

import secrets
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, TextChoices, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from codes.models import GateDevice, GateDeviceState, GateScan
from codes.passes.issuing import KEY_COLUMNS, SIGNING_KEYS, keys_of
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.keys.models import Purpose
from regions.prepared import Beside, Prepared, asked
from regions.proposals import require_reason, require_role
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.enrolment import TOKEN_BYTES, hash_of_token
from regions.staff.roles import Role
from regions.transitions import compare_and_set

# The administrator stands next to the device with the link on a screen.
LINK_WORKS = timedelta(minutes=15)
LONGEST = timedelta(days=366)
MOST_CHARACTERS = 200
WINDOW = timedelta(minutes=1)
SCANS_PER_WINDOW = 600


class DeviceReason(TextChoices):
    NO_NAME = "no_name", _("Say what the device is called and where it stands.")
    BAD_END = "bad_end", _("A device is enrolled for a year at most, and not into the past.")
    NOT_CONFIRMED = "not_confirmed", _("The device is not confirmed, or no longer in force.")
    HAS_A_SECRET = "has_a_secret", _("The device is enrolled already. If it is lost, revoke it and propose another.")


def propose_device(*, name: str, place: str, expires_at: datetime, reason: str, by: str, now: datetime) -> GateDevice:
    """Propose a device for a gate. Raises ``Refused``."""
    require_role(by, Role.SYSTEM_ADMIN)
    name, place = (value.replace("\x00", "").strip()[:MOST_CHARACTERS] for value in (name, place))
    if not name or not place:
        raise Refused(DeviceReason.NO_NAME)
    if not now < expires_at <= now + LONGEST:
        raise Refused(DeviceReason.BAD_END)
    with transaction.atomic():
        device: GateDevice = GateDevice.objects.create(
            name=name,
            place=place,
            expires_at=expires_at,
            reason=require_reason(reason),
            proposed_by=by,
            proposed_at=now,
        )
        device.journal("gate.device_proposed", by=by, now=now)
    return device


def confirm_device(device_id: int, *, by: str, now: datetime) -> GateDevice:
    """Confirm the device as the second administrator. From now on a link can be made for it. Raises ``Refused``."""
    with transaction.atomic():
        device: GateDevice = GateDevice.objects.locked().to_decide(device_id, by=by)
        device.approve(GateDeviceState.CONFIRMED, by=by, now=now, act="gate.device_confirmed")
    return device


@transaction.atomic
def refuse_device(device_id: int, *, reason: str, by: str, now: datetime) -> GateDevice:
    device: GateDevice = GateDevice.objects.locked().to_decide(device_id, by=by)
    return device.refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw_device(device_id: int, *, by: str, now: datetime) -> GateDevice:
    device: GateDevice = GateDevice.objects.locked().to_withdraw(device_id, by=by)
    return device.withdraw(by=by, now=now)


def revoke_device(device_id: int, *, by: str, now: datetime) -> GateDevice:
    """Revoke the device at once, which takes one administrator. Raises ``Refused``."""
    with transaction.atomic():
        device = _in_force(device_id, by=by)
        ends = {"revoked_by": by, "revoked_at": now, "link_hash": None, "link_expires_at": None}
        device.act("gate.device_revoked", GateDeviceState.REVOKED, by=by, now=now, **ends)
    return device


def open_device_link(device_id: int, *, by: str, now: datetime) -> tuple[GateDevice, str]:
    """Return the device and the token of a new link for its browser to open.

    An earlier link becomes invalid. Raises ``Refused``.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        device = _in_force(device_id, by=by)
        if device.secret_hash is not None:
            raise Refused(DeviceReason.HAS_A_SECRET)
        if device.expires_at <= now:
            raise Refused(DeviceReason.NOT_CONFIRMED)
        read = GateDevice.objects.filter(pk=device.pk, secret_hash__isnull=True)
        compare_and_set(device, read, link_hash=hash_of_token(token), link_expires_at=now + LINK_WORKS)
        device.journal("gate.link_made", by=by, now=now, before=device.state)
    return device, token


def find_by_link(link_hash: bytes, *, now: datetime) -> GateDevice | None:
    """Return the device of a usable link; ``None`` if the link was used or replaced, has expired, or belongs to another city."""
    usable = Q(link_expires_at__gt=now, expires_at__gt=now, state=GateDeviceState.CONFIRMED, secret_hash=None)
    found: GateDevice | None = GateDevice.objects.filter(usable, link_hash=link_hash).first()
    return found


def enrol_device(link_hash: bytes, *, now: datetime) -> tuple[GateDevice, str] | None:
    """Use the link. Return the device and its secret, which is not shown again; ``None`` if the link is not usable any more."""
    device = find_by_link(link_hash, now=now)
    if device is None:
        return None
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        read = GateDevice.objects.filter(pk=device.pk, link_hash=link_hash, state=GateDeviceState.CONFIRMED)
        changes = {"secret_hash": hash_of_token(secret), "enrolled_at": now, "link_hash": None, "link_expires_at": None}
        try:
            compare_and_set(device, read, **changes)
        except MovedMeanwhile:
            return None
        record("gate.device_enrolled", by=SYSTEM, now=now, subject=device.subject, data=device.described())
    return device, secret


def find_device(secret: str, *, now: datetime) -> GateDevice | None:
    """Return the device in force with this secret, with the city's keys for passes."""
    return _found(BY_SECRET, {"secret": hash_of_token(secret), "now": now})


def find_machine(secret: str, *, now: datetime) -> tuple[GateDevice, int] | None:
    """Return the device and the number of seconds it must wait because it scans too often: 0 if it may scan.

    Simultaneous scans in several processes may exceed the limit by their number.
    """
    device = _found(MACHINE_BY_SECRET, {"secret": hash_of_token(secret), "now": now, "since": now - WINDOW})
    if device is None:
        return None
    crowded: datetime | None = vars(device)["crowded_at"]
    return device, max(1, ceil((crowded + WINDOW - now).total_seconds())) if crowded else 0


def _found(statement: Beside, parameters: dict[str, Any]) -> GateDevice | None:
    rows = statement.rows(parameters)
    if not rows:
        return None
    device = statement.first.object_of(GateDevice, rows[0])
    device.pass_keys = keys_of((row[-len(KEY_COLUMNS) :] for row in rows), Purpose.PASS)
    return device


def _by_secret() -> QuerySet[GateDevice]:
    in_force = GateDevice.objects.filter(state=GateDeviceState.CONFIRMED, expires_at__gt=asked("now"))
    return in_force.filter(secret_hash=asked("secret"))


def _machine_by_secret() -> QuerySet[GateDevice]:
    """Annotate ``crowded_at``: the instant of the scan with which the limit of the window was reached, or null."""
    by = Concat(Value(GateDevice.SUBJECT), Cast(OuterRef("pk"), TextField()))
    scans = GateScan.objects.filter(by=by, at__gt=asked("since")).order_by("-at").values("at")
    return _by_secret().annotate(crowded_at=Subquery(scans[SCANS_PER_WINDOW - 1 : SCANS_PER_WINDOW]))


# Read together with the keys that verify every scan, which saves one statement.
BY_SECRET = Beside("gate_device_with_keys", Prepared("gate_device_by_secret", _by_secret), SIGNING_KEYS)
MACHINE_BY_SECRET = Beside(
    "gate_machine_with_keys", Prepared("gate_machine_by_secret", _machine_by_secret), SIGNING_KEYS
)


def _in_force(device_id: int, *, by: str) -> GateDevice:
    require_role(by, Role.SYSTEM_ADMIN)
    device: GateDevice | None = GateDevice.objects.locked().filter(pk=device_id).first()
    if device is None:
        raise NotFound
    if device.state != GateDeviceState.CONFIRMED:
        raise Refused(DeviceReason.NOT_CONFIRMED)
    return device
