"""Declarations: what they state, whom they register, and how a newer one takes the place of an older one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from codes.intake.declared_facts import DeclaredFact, Holder, declared_record_id, live_facts, store_facts
from codes.intake.line_shape import DeclarationLine
from codes.models import Entry, Fact
from regions.vocabulary import FactKind

# The first declaration registers; whoever is registered stays so from the first on.
REGISTER = """
    INSERT INTO codes_registration (citizen_id, provider_id, registered_at)
    SELECT citizen_id, provider_id, %(now)s
    FROM unnest(%(citizens)s::bigint[], %(providers)s::bigint[]) AS first(citizen_id, provider_id)
    ON CONFLICT (citizen_id, provider_id) DO NOTHING
"""


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
    """The first versions of what the declaration states."""
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
