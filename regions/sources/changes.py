"""Changing a source's settings: one source manager proposes, an approver puts the change into force."""

import copy
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from regions.city_file.shape import CREDENTIAL_KEYS, BigDataCentre, PoliceDatabase
from regions.faults import Fault
from regions.keys.encryption import SOURCE_CREDENTIAL, encrypt
from regions.proposals import ProposalQuerySet, require_reason, require_role
from regions.refusals import CommonReason, Refused
from regions.sources.collect import check_address, credential_of, database_address
from regions.sources.connectors.database import DatabaseAddress, read_address
from regions.sources.connectors.delivery import SourceFault
from regions.sources.models import Source, SourceChange, SourceKind
from regions.staff.roles import Role
from regions.toml_files import shape_faults


class ChangeReason(TextChoices):
    """Reasons about settings; ``CommonReason`` has those of all proposals."""

    CHANGES_NOTHING = "changes_nothing", _("What you entered is what is in force already: there is nothing to change.")
    SETTINGS_MOVED = (
        "settings_moved",
        _("The source's settings have changed since this was proposed. Refuse it and have it proposed anew."),
    )
    BAD_SETTINGS = "bad_settings", _("These settings cannot be used: {faults}")


COMMON = (
    "max_age_hours",
    "max_bad_share",
    "page_size",
    "kinds",
    "overlap_hours",
    "full_every_days",
    "still",
    "retired",
    "retired_providers",
)
# The codes of the source's retired providers, a setting of the providers and not of the source.
OF_PROVIDERS = "retired_providers"
# What people may change on a page. The environment variable of a credential is set by the operator, in the city file.
CHANGEABLE: dict[str, tuple[str, ...]] = {
    SourceKind.POLICE_DATABASE: ("records_view", "clock_view", *COMMON),
    SourceKind.BIG_DATA_CENTRE: ("base_url", "app_id", *COMMON),
}
SHAPES: dict[str, type[PoliceDatabase | BigDataCentre]] = {
    SourceKind.POLICE_DATABASE: PoliceDatabase,
    SourceKind.BIG_DATA_CENTRE: BigDataCentre,
}


def setting_of(source: Source, name: str) -> Any:
    """Return the value in force, as JSON."""
    if name == OF_PROVIDERS:
        return sorted(source.providers.filter(retired=True).values_list("code", flat=True))
    value = getattr(source, name)
    return value.isoformat() if isinstance(value, date) else value


def differing(source: Source, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those new values that differ from what is in force. Raises ``KeyError`` for a column nobody may change.

    Retiring a source retires its providers: nobody is judged by a source that is no longer collected.
    """
    foreign = values.keys() - set(CHANGEABLE[source.kind])
    if foreign:
        raise KeyError(f"not to be changed on a page: {', '.join(sorted(foreign))}")
    wanted = dict(values)
    if values.get("retired", source.retired):
        wanted[OF_PROVIDERS] = sorted(source.providers.values_list("code", flat=True))
    return {name: value for name, value in wanted.items() if setting_of(source, name) != value}


def changed(source: Source, values: Mapping[str, Any], credential: bytes | None) -> Source:
    """Return an unsaved copy of the source with the changes. ``credential`` is encrypted; ``None`` keeps the present one."""
    candidate = copy.copy(source)
    for name, value in values.items():
        if name == "still":
            candidate.still = date.fromisoformat(value) if value else None
        elif name != OF_PROVIDERS:
            setattr(candidate, name, value)
    if credential is not None:
        candidate.credential, candidate.credential_env = credential, ""
    return candidate


def encrypt_credential(credential: str | None) -> bytes | None:
    return None if credential is None else encrypt(credential, use=SOURCE_CREDENTIAL)


def settings_faults(source: Source, values: Mapping[str, Any], credential: str | None) -> list[Fault]:
    """Return the faults of the changed settings, including a new address, by the keys of a city file and without their values."""
    key = CREDENTIAL_KEYS[source.kind][0]
    content: dict[str, Any] = {
        "code": source.code,
        "kind": source.kind,
        "title": {"zh": source.title_zh, "en": source.title_en},
        **{name: getattr(source, name) for name in CHANGEABLE[source.kind] if name != OF_PROVIDERS},
        **{name: value for name, value in values.items() if name != OF_PROVIDERS},
    }
    if credential is not None:
        content[key] = credential
    try:
        SHAPES[source.kind].model_validate(content)
    except ValidationError as error:
        return shape_faults(error, content)
    try:
        check_address(source.kind, base_url=content.get("base_url", ""), credential=credential)
    except SourceFault as fault:
        return [Fault("base_url" if source.kind == SourceKind.BIG_DATA_CENTRE else key, fault.reason, fault.parts)]
    return []


State = SourceChange.State


def propose(
    *,
    source_id: int,
    values: Mapping[str, Any],
    credential: str | None,
    effect: Mapping[str, Any],
    reason: str,
    by: str,
    now: datetime,
) -> SourceChange:
    """Propose ``values`` for columns; ``credential=None`` keeps the present one, ``effect`` informs the approver. Raises ``Refused``."""
    require_role(by, Role.SOURCE_MANAGER)
    reason = require_reason(reason)
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source_id)
        new = differing(source, values)
        if not new and credential is None:
            raise Refused(ChangeReason.CHANGES_NOTHING)
        _check(source, new, credential)
        if SourceChange.objects.waiting().filter(source=source).exists():
            raise Refused(CommonReason.PROPOSED_ALREADY)
        change = SourceChange.objects.create(
            source=source,
            values=new,
            before={name: setting_of(source, name) for name in new},
            credential=encrypt_credential(credential),
            effect={**effect, **_addresses(source, credential)},
            reason=reason,
            proposed_by=by,
            proposed_at=now,
        )
        change.journal("source.change_proposed", by=by, now=now)
    return change


def put_in_force(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Apply the proposed settings to the source. Raises ``Refused``, also if the source has changed since the proposal."""
    with transaction.atomic():
        change = _locked().to_decide(change_id, by=by)
        source = Source.objects.select_for_update().get(pk=change.source_id)
        if any(setting_of(source, name) != value for name, value in change.before.items()):
            raise Refused(ChangeReason.SETTINGS_MOVED)
        # The approver was shown the database in force; its URL may have been changed in the city file since the proposal.
        if change.effect.get("address") and DatabaseAddress(**change.effect["address"]) != database_address(source):
            raise Refused(ChangeReason.SETTINGS_MOVED)
        candidate = changed(source, change.values, bytes(change.credential) if change.credential else None)
        credential = credential_of(candidate) if change.credential else None
        _check(source, change.values, credential)
        candidate.save()
        if OF_PROVIDERS in change.values:
            source.providers.filter(code__in=change.values[OF_PROVIDERS]).update(retired=True)
            source.providers.exclude(code__in=change.values[OF_PROVIDERS]).update(retired=False)
        change.approve(State.IN_FORCE, by=by, now=now, act="source.changed")
    return change


@transaction.atomic
def refuse(change_id: int, *, reason: str, by: str, now: datetime) -> SourceChange:
    """Refuse a change; the source stays as it is. Raises ``Refused``."""
    return _locked().to_decide(change_id, by=by).refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(change_id: int, *, by: str, now: datetime) -> SourceChange:
    """Withdraw one's own proposal. Raises ``Refused``."""
    return _locked().to_withdraw(change_id, by=by).withdraw(by=by, now=now)


def _addresses(source: Source, credential: str | None) -> dict[str, Any]:
    """Return the present and the new address of the database without passwords, for the approver and the journal."""
    after = read_address(credential) if credential is not None and source.kind == SourceKind.POLICE_DATABASE else None
    if after is None:
        return {}
    before = database_address(source)
    return {"address": asdict(before) if before else None, "new_address": asdict(after)}


def _locked() -> ProposalQuerySet[SourceChange]:
    return SourceChange.objects.locked().select_related("source")


def _check(source: Source, values: Mapping[str, Any], credential: str | None) -> None:
    """Raise ``Refused`` for bad settings. Called at both times, as the allow list may have changed since the proposal."""
    faults = settings_faults(source, values, credential)
    if faults:
        raise Refused(ChangeReason.BAD_SETTINGS, faults="; ".join(map(str, faults)))
