"""Declarations: what they state, how they register citizens, and how a newer declaration replaces an older one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

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


# The key of the declaration that contains each kind of declared fact.
QUESTIONS = {
    FactKind.SYMPTOM: "symptoms",
    FactKind.CONTACT_WITH_CASE: "contact",
    FactKind.UNSURE_CONTACT: "contact",
    FactKind.AREA_STAY: "area_stays",
    FactKind.ARRIVAL: "arrival",
    FactKind.OVERSEAS_ARRIVAL: "overseas_arrival_on",
}


class Holder(NamedTuple):
    citizen_id: int
    provider_id: int


class Asked(NamedTuple):
    """A question answered by one person with one provider."""

    holder: Holder
    question: str


@dataclass(slots=True)
class DeclaredFact:
    """One version of a declared record. `stored_as` is the primary key of its row once it is stored."""

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
        """Return the revocation, which is the last version of the record. Mark this version as superseded by it."""
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


def stored_facts(citizens: Collection[int], **only: Any) -> Iterator[DeclaredFact]:
    """Yield the facts in force from these people's declarations and check-ins. ``only`` contains further filters."""
    found = Fact.objects.filter(citizen_id__in=citizens, origin="provider", superseded=False, revoked=False, **only)
    for pk, *values in found.order_by("id").values_list("id", *COLUMNS):
        row = dict(zip(COLUMNS, values, strict=True))
        holder = Holder(row.pop("citizen_id"), row.pop("provider_id"))
        yield DeclaredFact(holder, stored_as=pk, **row | {"kind": FactKind(row["kind"])})


def mark_superseded(facts: Iterable[DeclaredFact]) -> None:
    """Mark the stored facts that have a later version."""
    Fact.objects.filter(pk__in=[fact.stored_as for fact in facts if fact.superseded]).update(superseded=True)


def live_facts(citizens: Collection[int]) -> dict[Asked, list[DeclaredFact]]:
    """Return the facts in force from declarations, by the question they answered."""
    live: dict[Asked, list[DeclaredFact]] = {}
    for fact in stored_facts(citizens):
        if declaration_of(fact.record_id) is not None:
            live.setdefault(Asked(fact.holder, QUESTIONS[fact.kind]), []).append(fact)
    return live


def declared_record_id(entry_id: str, kind: FactKind, number: int) -> str:
    return f"{entry_id}/{kind.value}/{number}"


def declaration_of(record_id: str) -> str | None:
    """Return the entry that stated a declared record; ``None`` for a check-in's record, whose id ends with its kind."""
    entry_id, _, number = record_id.rpartition("/")
    return entry_id.rpartition("/")[0] if number.isdecimal() else None


# The first declaration registers a citizen; later ones do not change the time of registration.
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
    """A declaration. ``instant`` is ``submitted_at``, or the receipt if that is earlier."""

    holder: Holder
    line: DeclarationLine
    instant: datetime

    @property
    def asked(self) -> list[Asked]:
        """The questions that the line contains. It does not answer any other question."""
        return [Asked(self.holder, name) for name in sorted(self.line.model_fields_set & set(QUESTIONS.values()))]


def statements(line: DeclarationLine, *, declared_on: date) -> list[Statement]:
    """Return the facts stated by the answers (`docs/semantics.md` §2).

    A symptom or contact starts on the city's day of the declaration.
    """
    stated = []
    if line.symptoms:
        stated.append(Statement(FactKind.SYMPTOM, None, declared_on))
    match line.contact:
        case "yes":
            stated.append(Statement(FactKind.CONTACT_WITH_CASE, None, declared_on))
        case "unsure":
            stated.append(Statement(FactKind.UNSURE_CONTACT, None, declared_on))
    stays = line.area_stays or []
    stated += [Statement(FactKind.AREA_STAY, stay.area, stay.from_day, stay.left_on) for stay in stays]
    if line.arrival:
        stated.append(Statement(FactKind.ARRIVAL, line.arrival.from_area, line.arrival.on))
    if line.overseas_arrival_on:
        stated.append(Statement(FactKind.OVERSEAS_ARRIVAL, None, line.overseas_arrival_on))
    return stated


# The instant of the newest answer to each question, among the declarations stored so far.
NEWEST_ANSWERS = """
    SELECT citizen_id, provider_id, question, max(instant)
    FROM codes_entry CROSS JOIN LATERAL jsonb_object_keys(content) AS question
    WHERE type = 'declaration' AND citizen_id = ANY(%(citizens)s) AND question = ANY(%(questions)s)
    GROUP BY citizen_id, provider_id, question
"""


def newest_answers(citizens: Iterable[int]) -> dict[Asked, datetime]:
    """Return the instant of the newest stored answer to every question these citizens have answered."""
    values: dict[str, Any] = {"citizens": sorted(set(citizens)), "questions": sorted(set(QUESTIONS.values()))}
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_ANSWERS, values)
        return {Asked(Holder(citizen, provider), name): at for citizen, provider, name, at in cursor.fetchall()}


def newest_instants(citizens: Iterable[int]) -> dict[int, datetime]:
    """Return the instant of each citizen's newest stored declaration, with any provider."""
    found = Entry.objects.filter(type="declaration", citizen_id__in=set(citizens)).values("citizen_id")
    return dict(found.annotate(newest=Max("instant")).values_list("citizen_id", "newest"))


def record_declarations(
    declared: Sequence[Declared], *, newest: Mapping[Asked, datetime], now: datetime, zone: ZoneInfo
) -> None:
    """Register the holders and store the facts, in the order of receipt. ``newest`` contains the answers before these.

    The newest answer of a holder to a question counts, by instant; if two have the same instant, the one received
    later.
    """
    _register({one.holder for one in declared}, now)
    newest = dict(newest)
    live = live_facts({one.holder.citizen_id for one in declared})
    held = [fact for facts in live.values() for fact in facts]
    stored: list[DeclaredFact] = []
    for one in declared:
        stated = _facts(one, zone)
        stored += stated
        for asked in one.asked:
            answer = [fact for fact in stated if QUESTIONS[fact.kind] == asked.question]
            last = newest.get(asked)
            if last is None or one.instant >= last:
                newest[asked] = one.instant
                stored += [fact.revocation(one.instant) for fact in live.get(asked, [])]
                live[asked] = answer
            else:
                stored += [fact.revocation(last) for fact in answer]
    store_facts(stored, now=now)
    mark_superseded(held)


def _register(holders: Iterable[Holder], now: datetime) -> None:
    first = sorted(holders)
    with connection.cursor() as cursor:
        citizens, providers = [one.citizen_id for one in first], [one.provider_id for one in first]
        cursor.execute(REGISTER, {"citizens": citizens, "providers": providers, "now": now})


def _facts(one: Declared, zone: ZoneInfo) -> list[DeclaredFact]:
    stated_by = statements(one.line, declared_on=one.instant.astimezone(zone).date())
    return [
        DeclaredFact(
            holder=one.holder,
            record_id=declared_record_id(one.line.entry_id, stated.kind, number),
            kind=stated.kind,
            area=stated.area,
            started_on=stated.started_on,
            ended_on=stated.ended_on,
            recorded_at=one.instant,
        )
        for number, stated in enumerate(stated_by, start=1)
    ]


UPDATE = """
    UPDATE codes_citizen c
    SET full_name = stated.full_name, phone_encrypted = stated.phone_encrypted, phone_hash = stated.phone_hash
    FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(phones)s::bytea[], %(hashes)s::bytea[])
         AS stated(id, full_name, phone_encrypted, phone_hash)
    WHERE c.id = stated.id
"""


def update_details(
    declared: Sequence[Declared], citizens: Mapping[int, Citizen], *, newest: Mapping[int, datetime]
) -> list[NamedPhone]:
    """Update names and first phones. Return the phones that differ from the one on record, for ``propose_phones``.

    `newest` contains the declarations stored before these, with any provider.
    """
    newest = dict(newest)
    changed: dict[int, Citizen] = {}
    others: list[NamedPhone] = []
    for one in declared:
        citizen, phone = citizens[one.holder.citizen_id], one.line.phone
        is_newest = one.instant >= newest.get(citizen.pk, one.instant)
        if is_newest:
            newest[citizen.pk] = one.instant
        if _take_name(citizen, one.line.full_name, is_newest) | set_first_phone(citizen, phone):
            changed[citizen.pk] = citizen
        if phone and is_another(citizen, phone):
            others.append(NamedPhone(citizen, one.holder.provider_id, phone))
    if changed:
        _store(list(changed.values()))
    return others


def _store(citizens: Sequence[Citizen]) -> None:
    """Store the citizens with one statement.

    Django's bulk update spends more time on building its statement than on everything else.
    """
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
