"""Facts whose origin is a provider: what was declared there, in versions, before and while they are stored."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from codes.models import Fact
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
    """Whose code with whom: citizen and provider, by their numbers."""

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
    """The name of the `number`th statement of a declaration."""
    return f"{entry_id}/{kind.value}/{number}"


def declaration_of(record_id: str) -> str | None:
    """The entry that stated a declared record, none for a check-in's record, which ends in its kind."""
    entry_id, _, number = record_id.rpartition("/")
    return entry_id.rpartition("/")[0] if number.isdecimal() else None
