"""Declarations: what they state, whom they register, and how a newer one takes the place of an older one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from codes.intake.line_shape import DeclarationLine
from codes.models import Entry, Fact, Registration
from regions.vocabulary import FactKind


class Holder(NamedTuple):
    """Whose declaration with whom: citizen and provider, by their numbers."""

    citizen_id: int
    provider_id: int


class Statement(NamedTuple):
    """What a declaration says, before it is a fact."""

    kind: FactKind
    area: str | None
    started_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """An accepted declaration with its holder."""

    holder: Holder
    line: DeclarationLine


def statements(line: DeclarationLine, zone: ZoneInfo) -> list[Statement]:
    """What the answers mean (`semantics.md` §2). A symptom or contact starts on the local day of the declaration."""
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
    found = Entry.objects.filter(type="declaration", citizen_id__in=set(citizens), submitted_at__isnull=False)
    for citizen_id, provider_id, submitted_at in found.values_list("citizen_id", "provider_id", "submitted_at"):
        holder = Holder(citizen_id, provider_id)
        newest[holder] = max(submitted_at, newest.get(holder, submitted_at))
    return newest


def record_declarations(
    declared: Sequence[Declared], *, newest: Mapping[Holder, datetime], now: datetime, zone: ZoneInfo
) -> None:
    """Register the holders and file the facts of these declarations, in the order of receipt; `newest` as it was before them.

    Of one holder's declarations the newest by `submitted_at` counts, of two at the same instant the one received later.
    """
    holders = {one.holder for one in declared}
    _register(holders, now)
    newest = dict(newest)
    live = _live_facts(holders)
    facts: list[Fact] = []
    superseded: list[int] = []
    for one in declared:
        stated = _facts(one, now, zone)
        before = newest.get(one.holder)
        facts += stated
        if before is None or one.line.submitted_at >= before:
            newest[one.holder] = one.line.submitted_at
            facts += _revoke(live.get(one.holder, []), one.line.submitted_at, now, superseded)
            live[one.holder] = stated
        else:
            facts += _revoke(stated, before, now, superseded)
    Fact.objects.bulk_create(facts, batch_size=5000)
    Fact.objects.filter(pk__in=superseded).update(superseded=True)


def declaration_of(record_id: str) -> str | None:
    """The entry that stated a declared record, none for a check-in's record."""
    entry_id, _, number = record_id.rpartition("/")
    return entry_id.rpartition("/")[0] if number.isdecimal() else None


def _register(holders: Iterable[Holder], now: datetime) -> None:
    rows = [Registration(citizen_id=c, provider_id=p, registered_at=now) for c, p in sorted(holders)]
    Registration.objects.bulk_create(rows, ignore_conflicts=True)


def _live_facts(holders: Iterable[Holder]) -> dict[Holder, list[Fact]]:
    """The facts of the declaration that counts now, by holder: those of all others have been revoked."""
    citizens = {holder.citizen_id for holder in holders}
    found = Fact.objects.filter(citizen_id__in=citizens, origin="provider", superseded=False, revoked=False)
    live: dict[Holder, list[Fact]] = {}
    for fact in found.order_by("id"):
        if fact.provider_id is not None and declaration_of(fact.record_id) is not None:
            live.setdefault(Holder(fact.citizen_id, fact.provider_id), []).append(fact)
    return live


def _facts(one: Declared, now: datetime, zone: ZoneInfo) -> list[Fact]:
    return [
        Fact(
            citizen_id=one.holder.citizen_id,
            origin="provider",
            provider_id=one.holder.provider_id,
            record_id=f"{one.line.entry_id}/{stated.kind}/{number}",
            version=1,
            kind=stated.kind,
            area=stated.area,
            started_on=stated.started_on,
            ended_on=stated.ended_on,
            recorded_at=one.line.submitted_at,
            received_at=now,
        )
        for number, stated in enumerate(statements(one.line, zone), start=1)
    ]


def _revoke(facts: Iterable[Fact], since: datetime, now: datetime, superseded: list[int]) -> list[Fact]:
    """The last versions of these facts; those already stored are noted in `superseded`, the others marked in place."""
    revoked = []
    for fact in facts:
        fact.superseded = True
        if fact.pk is not None:
            superseded.append(fact.pk)
        revoked.append(
            Fact(
                citizen_id=fact.citizen_id,
                origin="provider",
                provider_id=fact.provider_id,
                record_id=fact.record_id,
                version=fact.version + 1,
                revoked=True,
                kind=fact.kind,
                area=fact.area,
                started_on=fact.started_on,
                ended_on=fact.ended_on,
                recorded_at=since,
                received_at=now,
            )
        )
    return revoked
