"""Declarations: what they state, whom they register, and how a newer one takes the place of an older one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from codes.intake.lines import DeclarationLine
from codes.intake.phones import NamedPhone, is_another, set_first_phone
from codes.models import Citizen, Entry, Fact
from regions.copying import copy_rows
from regions.vocabulary import FactKind

COLUMNS = (
    "citizen_id",
    "provider_id",
    "record_id",
    "version",
    "superseded",
    "revoked",
    "kind",
    "area",
    "started_on",
    "ended_on",
    "recorded_at",
)


class Holder(NamedTuple):
    citizen_id: int
    provider_id: int


@dataclass(slots=True)
class DeclaredFact:
    """One version of a declared record; `stored_as` is its row's number once it is stored."""

    holder: Holder
    record_id: str
    kind: FactKind
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    version: int = 1
    superseded: bool = False
    revoked: bool = False
    stored_as: int | None = None

    def revocation(self, since: datetime) -> "DeclaredFact":
        """The last version of the record. This one is superseded by it."""
        self.superseded = True
        return replace(
            self, version=self.version + 1, revoked=True, superseded=False, recorded_at=since, stored_as=None
        )


def store_facts(facts: Iterable[DeclaredFact], *, now: datetime) -> None:
    """Store new versions. Call in a transaction that holds the intake."""
    rows: Iterable[tuple[object, ...]] = (
        (
            *fact.holder,
            fact.record_id,
            fact.version,
            fact.superseded,
            fact.revoked,
            fact.kind.value,
            fact.area,
            fact.started_on,
            fact.ended_on,
            fact.recorded_at,
            "provider",
            now,
            {},
        )
        for fact in facts
    )
    copy_rows("codes_fact", (*COLUMNS, "origin", "received_at", "detail"), rows)


def live_facts(citizens: Collection[int]) -> dict[Holder, list[DeclaredFact]]:
    """What declarations still state, by holder: facts that are neither revoked nor of a check-in."""
    found = Fact.objects.filter(citizen_id__in=citizens, origin="provider", superseded=False, revoked=False)
    live: dict[Holder, list[DeclaredFact]] = {}
    for pk, *values in found.order_by("id").values_list("id", *COLUMNS):
        row = dict(zip(COLUMNS, values, strict=True))
        holder = Holder(row.pop("citizen_id"), row.pop("provider_id"))
        fact = DeclaredFact(holder, stored_as=pk, **row | {"kind": FactKind(row["kind"])})
        if declaration_of(fact.record_id) is not None:
            live.setdefault(holder, []).append(fact)
    return live


def declared_record_id(entry_id: str, kind: FactKind, number: int) -> str:
    return f"{entry_id}/{kind.value}/{number}"


def declaration_of(record_id: str) -> str | None:
    """The entry that stated a declared record, none for a check-in's record, which ends in its kind."""
    entry_id, _, number = record_id.rpartition("/")
    return entry_id.rpartition("/")[0] if number.isdecimal() else None


# The first declaration registers; whoever is registered stays so from the first on.
REGISTER = """
    INSERT INTO codes_registration (citizen_id, provider_id, registered_at)
    SELECT citizen_id, provider_id, %(now)s
    FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[]) AS first(citizen_id, provider_id)
    ON CONFLICT (citizen_id, provider_id) DO NOTHING
"""


class Statement(NamedTuple):
    kind: FactKind
    area: str | None
    started_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    holder: Holder
    line: DeclarationLine


def statements(line: DeclarationLine, zone: ZoneInfo) -> list[Statement]:
    """What the answers mean (`docs/semantics.md` §2). A symptom or contact starts on the local day of the declaration."""
    declared_on = line.submitted_at.astimezone(zone).date()
    stated = []
    if line.symptoms:
        stated.append(Statement(FactKind.SYMPTOM, None, declared_on))
    match line.contact:
        case "yes":
            stated.append(Statement(FactKind.CONTACT_WITH_CASE, None, declared_on))
        case "unsure":
            stated.append(Statement(FactKind.UNSURE_CONTACT, None, declared_on))
    stated += [Statement(FactKind.AREA_STAY, stay.area, stay.from_day, stay.left_on) for stay in line.area_stays]
    if line.arrival:
        stated.append(Statement(FactKind.ARRIVAL, line.arrival.from_area, line.arrival.on))
    if line.overseas_arrival_on:
        stated.append(Statement(FactKind.OVERSEAS_ARRIVAL, None, line.overseas_arrival_on))
    return stated


def newest_instants(citizens: Iterable[int]) -> dict[Holder, datetime]:
    """When the newest declaration the city holds was submitted, for every holder among these citizens."""
    newest: dict[Holder, datetime] = {}
    found = Entry.objects.filter(type="declaration", citizen_id__in=set(citizens))
    for citizen_id, provider_id, submitted_at in found.values_list("citizen_id", "provider_id", "submitted_at"):
        holder = Holder(citizen_id, provider_id)
        if submitted_at is not None:
            newest[holder] = max(submitted_at, newest.get(holder, submitted_at))
    return newest


def record_declarations(
    declared: Sequence[Declared], *, newest: Mapping[Holder, datetime], now: datetime, zone: ZoneInfo
) -> None:
    """Register the holders and file the facts, in the order of receipt; `newest` as it was before these.

    Of one holder's declarations the newest by `submitted_at` counts, of two at the same instant the one received later.
    """
    _register({one.holder for one in declared}, now)
    newest = dict(newest)
    live = live_facts({one.holder.citizen_id for one in declared})
    held = [fact for facts in live.values() for fact in facts]
    facts: list[DeclaredFact] = []
    for one in declared:
        stated = _facts(one, zone)
        before = newest.get(one.holder)
        facts += stated
        if before is None or one.line.submitted_at >= before:
            newest[one.holder] = one.line.submitted_at
            facts += [fact.revocation(one.line.submitted_at) for fact in live.get(one.holder, [])]
            live[one.holder] = stated
        else:
            facts += [fact.revocation(before) for fact in stated]
    store_facts(facts, now=now)
    Fact.objects.filter(pk__in=[fact.stored_as for fact in held if fact.superseded]).update(superseded=True)


def _register(holders: Iterable[Holder], now: datetime) -> None:
    first = sorted(holders)
    with connection.cursor() as cursor:
        citizens, providers = [one.citizen_id for one in first], [one.provider_id for one in first]
        cursor.execute(REGISTER, {"citizens": citizens, "providers": providers, "now": now})


def _facts(one: Declared, zone: ZoneInfo) -> list[DeclaredFact]:
    return [
        DeclaredFact(
            holder=one.holder,
            record_id=declared_record_id(one.line.entry_id, stated.kind, number),
            kind=stated.kind,
            area=stated.area,
            started_on=stated.started_on,
            ended_on=stated.ended_on,
            recorded_at=one.line.submitted_at,
        )
        for number, stated in enumerate(statements(one.line, zone), start=1)
    ]


UPDATE = """
    UPDATE codes_citizen c
    SET full_name = said.full_name, phone_encrypted = said.phone_encrypted, phone_hash = said.phone_hash
    FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(phones)s::bytea[], %(hashes)s::bytea[])
         AS said(id, full_name, phone_encrypted, phone_hash)
    WHERE c.id = said.id
"""


def update_details(
    declared: Sequence[Declared], citizens: Mapping[int, Citizen], *, newest: Mapping[Holder, datetime]
) -> list[NamedPhone]:
    """Take over names and first phones; the phones that are not the one on record, for ``propose_phones``.

    `newest` holds the declarations known before these, with whatever provider.
    """
    said_at: dict[int, datetime] = {}
    for holder, submitted_at in newest.items():
        said_at[holder.citizen_id] = max(submitted_at, said_at.get(holder.citizen_id, submitted_at))
    changed: dict[int, Citizen] = {}
    others: list[NamedPhone] = []
    for one in declared:
        citizen, phone = citizens[one.holder.citizen_id], one.line.phone
        is_newest = one.line.submitted_at >= said_at.get(citizen.pk, one.line.submitted_at)
        if is_newest:
            said_at[citizen.pk] = one.line.submitted_at
        if _take_name(citizen, one.line.full_name, is_newest) | set_first_phone(citizen, phone):
            changed[citizen.pk] = citizen
        if phone and is_another(citizen, phone):
            others.append(NamedPhone(citizen, one.holder.provider_id, phone))
    if changed:
        _store(list(changed.values()))
    return others


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
