"""Declarations and check-ins, turned into facts of the provider that received them (semantics §2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from tests.oracle.facts import CheckIn, FactVersion, Origin

Question = Literal["symptoms", "contact", "area_stays", "arrival", "overseas_arrival_on"]
QUESTIONS: tuple[Question, ...] = ("symptoms", "contact", "area_stays", "arrival", "overseas_arrival_on")


class Stay(NamedTuple):
    area: str
    from_day: date
    left_on: date | None = None


@dataclass(frozen=True)
class Declaration:
    """A citizen's declaration to a provider.

    `entry_id` is unique for its provider. `submitted_at` is by the citizen's clock, `received_at` by the city's.
    A question that is not in `answered` was not asked; its field is ignored. Symptoms are the city's codes.
    """

    citizen: str
    provider: str
    entry_id: str
    submitted_at: datetime
    received_at: datetime
    symptoms: tuple[str, ...] = ()
    contact: Literal["yes", "no", "unsure"] = "no"
    stays: tuple[Stay, ...] = ()
    arrived_on: date | None = None
    overseas_arrival_on: date | None = None
    answered: frozenset[Question] = frozenset(QUESTIONS)

    @property
    def instant(self) -> datetime:
        """The instant of the declaration. It is never after `received_at`: a fast clock cannot outrank a later correction."""
        return min(self.submitted_at, self.received_at)

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """Sort key: by instant, then in the order received; entry ids represent the order of lines in one import."""
        return self.instant, self.received_at, self.entry_id


Entry = TypeVar("Entry", Declaration, CheckIn)


class Statement(NamedTuple):
    question: Question
    kind: str
    started_on: date
    ended_on: date | None = None
    area: str | None = None


def statements(declaration: Declaration, zone: ZoneInfo) -> Iterator[Statement]:
    """Yield what the answers state. The symptom code `none` means that there is no symptom."""
    declared_on = declaration.instant.astimezone(zone).date()
    if any(one != "none" for one in declaration.symptoms):
        yield Statement("symptoms", "symptom", declared_on)
    if declaration.contact == "yes":
        yield Statement("contact", "contact_with_case", declared_on)
    if declaration.contact == "unsure":
        yield Statement("contact", "unsure_contact", declared_on)
    for stay in declaration.stays:
        yield Statement("area_stays", "area_stay", stay.from_day, stay.left_on, stay.area)
    if declaration.arrived_on:
        yield Statement("arrival", "arrival", declaration.arrived_on)
    if declaration.overseas_arrival_on:
        yield Statement("overseas_arrival_on", "overseas_arrival", declaration.overseas_arrival_on)


def facts_of_declaration(declaration: Declaration, zone: ZoneInfo) -> dict[FactVersion, Question]:
    """Return the first version of each fact that the declaration states → its question.

    Record ids number the statements in a fixed order.
    """
    stated = [one for one in statements(declaration, zone) if one.question in declaration.answered]
    return {
        FactVersion(
            origin=Origin("provider", declaration.provider),
            record_id=f"{declaration.entry_id}:{number}",
            version=1,
            citizen=declaration.citizen,
            kind=one.kind,
            area=one.area,
            started_on=one.started_on,
            ended_on=one.ended_on,
            recorded_at=declaration.instant,
            received_at=declaration.received_at,
        ): one.question
        for number, one in enumerate(stated)
    }


def facts_of_declarations(declarations: Iterable[Declaration], zone: ZoneInfo) -> list[FactVersion]:
    """Return the facts of all declarations, and the revocation of each by a newer answer to its question.

    Of several newer answers, the one received first revokes the fact. A fact received after a newer answer is revoked at
    the instant at which it is received.
    """
    by_holder: dict[tuple[str, str], list[Declaration]] = defaultdict(list)
    for declaration in declarations:
        by_holder[declaration.citizen, declaration.provider].append(declaration)
    facts: list[FactVersion] = []
    for held in by_holder.values():
        for older in held:
            for fact, question in facts_of_declaration(older, zone).items():
                facts.append(fact)
                newer = [one for one in held if one.order > older.order and question in one.answered]
                facts += [_revoked(fact, first) for first in _first_received(newer)]
    return facts


def facts_of_check_ins(check_ins: Iterable[CheckIn], zone: ZoneInfo) -> list[FactVersion]:
    """Return a symptom fact for each unhealthy check-in, and its revocation by a later healthy check-in of the same day.

    Late check-ins revoke nothing. Of several that revoke it, the one received first does.
    """
    by_day: dict[tuple[str, str, date], list[CheckIn]] = defaultdict(list)
    for check_in in check_ins:
        by_day[check_in.citizen, check_in.provider, check_in.day].append(check_in)
    facts: list[FactVersion] = []
    for told in by_day.values():
        for unhealthy in (one for one in told if not one.healthy):
            fact = FactVersion(
                origin=Origin("provider", unhealthy.provider),
                record_id=f"check-in:{unhealthy.citizen}:{unhealthy.day}:{unhealthy.entry_id}",
                version=1,
                citizen=unhealthy.citizen,
                kind="symptom",
                area=None,
                started_on=unhealthy.day,
                ended_on=None,
                recorded_at=unhealthy.instant,
                received_at=unhealthy.received_at,
            )
            facts.append(fact)
            later = [one for one in told if one.healthy and not one.is_late(zone) and one.order > unhealthy.order]
            facts += [_revoked(fact, first) for first in _first_received(later)]
    return facts


def _first_received(entries: list[Entry]) -> list[Entry]:
    """Return the entry received first, as a list of one or no entries."""
    return sorted(entries, key=lambda one: (one.received_at, one.order))[:1]


def _revoked(fact: FactVersion, by: Declaration | CheckIn) -> FactVersion:
    return replace(
        fact,
        version=fact.version + 1,
        revoked=True,
        recorded_at=by.instant,
        received_at=max(by.received_at, fact.received_at),
    )
