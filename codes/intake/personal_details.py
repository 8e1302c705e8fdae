"""Names and phones that declarations bring: the newest declaration that says one is believed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from codes.intake.declarations import Declared
from codes.intake.declared_facts import Holder
from codes.models import Citizen
from regions.keys.sealing import phone_hash, seal_phone

UPDATE = """
    UPDATE codes_citizen c
    SET full_name = said.full_name, phone_encrypted = said.phone_encrypted, phone_hash = said.phone_hash
    FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(phones)s::bytea[], %(hashes)s::bytea[])
         AS said(id, full_name, phone_encrypted, phone_hash)
    WHERE c.id = said.id
"""


def update_details(
    declared: Sequence[Declared], citizens: Mapping[int, Citizen], *, newest: Mapping[Holder, datetime]
) -> None:
    """Take over names and phones; `newest` holds the declarations known before these, with whatever provider."""
    said_at: dict[int, datetime] = {}
    for holder, submitted_at in newest.items():
        said_at[holder.citizen_id] = max(submitted_at, said_at.get(holder.citizen_id, submitted_at))
    changed: dict[int, Citizen] = {}
    for one in declared:
        citizen = citizens[one.holder.citizen_id]
        is_newest = one.line.submitted_at >= said_at.get(citizen.pk, one.line.submitted_at)
        if is_newest:
            said_at[citizen.pk] = one.line.submitted_at
        if _take_name(citizen, one.line.full_name, is_newest) | _take_phone(citizen, one.line.phone, is_newest):
            changed[citizen.pk] = citizen
    if changed:
        _store(list(changed.values()))


def _store(citizens: Sequence[Citizen]) -> None:
    """One statement for all; Django's bulk update spends longer on writing its statement than on everything else."""
    columns: dict[str, Any] = {
        "ids": [citizen.pk for citizen in citizens],
        "names": [citizen.full_name for citizen in citizens],
        "phones": [citizen.phone_encrypted for citizen in citizens],
        "hashes": [citizen.phone_hash for citizen in citizens],
    }
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, columns)


def _take_name(citizen: Citizen, name: str | None, is_newest: bool) -> bool:
    if not name or name == citizen.full_name or (citizen.full_name and not is_newest):
        return False
    citizen.full_name = name
    return True


def _take_phone(citizen: Citizen, phone: str | None, is_newest: bool) -> bool:
    """A phone is kept encrypted and found by its hash; the same phone is not encrypted anew."""
    if not phone or (citizen.phone_hash is not None and not is_newest):
        return False
    hashed = phone_hash(phone)
    if citizen.phone_hash is not None and bytes(citizen.phone_hash) == hashed:
        return False
    citizen.phone_encrypted = seal_phone(phone)
    citizen.phone_hash = hashed
    return True
