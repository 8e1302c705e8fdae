"""Taking lines from providers: each accepted or refused by itself, many to a transaction.

The command and the API take the same way. A line is checked by itself first (`reading`), then against the city.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from codes.intake.citizens import find_or_make, hold_intake
from codes.intake.declarations import (
    Declared,
    DeclaredFact,
    Holder,
    newest_instants,
    record_declarations,
    store_facts,
    update_details,
)
from codes.intake.lines import CheckInLine, DeclarationLine, ReadLine, read_line
from codes.intake.names import DeclaredName, keep_declared_names
from codes.intake.phones import propose_phones
from codes.intake.results import BadLine, LineResult, Outcome, Refusal
from codes.models import Citizen, Entry, Provider
from regions.copying import copy_rows
from regions.journal.record import record
from regions.keys.encryption import content_hash
from regions.sql import compose
from regions.tenancy import current_city
from regions.vocabulary import FactKind

SQL = Path(__file__).with_suffix(".sql")
MERGE = compose(SQL, "merge")


@dataclass(frozen=True, slots=True)
class CheckedIn:
    holder: Holder
    entry_id: str
    day: date
    healthy: bool


def record_check_ins(checked_in: Sequence[CheckedIn], *, now: datetime) -> None:
    """Merge the healthy days and file the unhealthy ones as facts. Call in the transaction of the entries."""
    healthy = [one for one in checked_in if one.healthy]
    if healthy:
        said: dict[str, Any] = {
            "citizens": [one.holder.citizen_id for one in healthy],
            "providers": [one.holder.provider_id for one in healthy],
            "days": [one.day for one in healthy],
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(MERGE, said)
    store_facts([_symptom(one, now) for one in checked_in if not one.healthy], now=now)


def _symptom(one: CheckedIn, now: datetime) -> DeclaredFact:
    return DeclaredFact(
        holder=one.holder,
        record_id=f"{one.entry_id}/{FactKind.SYMPTOM.value}",
        kind=FactKind.SYMPTOM,
        area=None,
        started_on=one.day,
        ended_on=None,
        recorded_at=now,
    )


LINES_PER_TRANSACTION = 5000
# Who a line is about stands with the citizen; the rest of it is kept as it came.
ABOUT_THE_PERSON = {"id_type", "id_number", "full_name", "phone"}

ENTRY_COLUMNS = (
    "provider_id",
    "entry_id",
    "type",
    "citizen_id",
    "submitted_at",
    "day",
    "healthy",
    "received_at",
    "digest",
    "content",
)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A line that is right in itself, with its place in the file and the provider it names."""

    number: int
    read: ReadLine
    provider: Provider
    digest: bytes

    @property
    def key(self) -> tuple[int, str]:
        return self.provider.pk, self.read.content.entry_id


def take_lines(
    lines: Iterable[bytes], *, by: str, now: datetime, only_provider: str | None = None
) -> Iterator[LineResult]:
    """Take NDJSON lines into the current city; a result for each that is not blank, in order, once it is stored.

    `only_provider`: lines of all others are refused, as a provider's key speaks for that provider only. Stopping half
    way leaves what was reported as taken; the same lines again are duplicates. One journal entry per transaction
    tells the counts.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while chunk := list(islice(numbered, LINES_PER_TRANSACTION)):
        yield from _take_chunk(chunk, by=by, now=now, only_provider=only_provider)


def _take_chunk(
    chunk: Sequence[tuple[int, bytes]], *, by: str, now: datetime, only_provider: str | None
) -> list[LineResult]:
    zone = current_city().zone
    providers = {provider.code: provider for provider in Provider.objects.all()}
    results: dict[int, LineResult] = {}
    right: list[_Numbered] = []
    for number, raw in chunk:
        entry_id = ""
        try:
            read = read_line(raw, now=now, zone=zone)
            entry_id = read.content.entry_id
            provider = _provider(read, providers, only_provider)
        except BadLine as refusal:
            results[number] = LineResult(number, Outcome.REFUSED, entry_id, refusal)
        else:
            right.append(_Numbered(number, read, provider, content_hash(read.digest, use="entry")))
    results |= {result.number: result for result in _store(right, by=by, now=now)}
    return [results[number] for number, _ in chunk]


def _provider(read: ReadLine, providers: dict[str, Provider], only: str | None) -> Provider:
    code = read.content.provider
    if only is not None and code != only:
        raise BadLine(Refusal.OTHER_PROVIDER, "provider")
    if code not in providers:
        raise BadLine(Refusal.UNKNOWN_PROVIDER, "provider")
    return providers[code]


def _store(lines: Sequence[_Numbered], *, by: str, now: datetime) -> list[LineResult]:
    """Store the lines in one transaction; if the database refuses one, halve until it stands alone."""
    if not lines:
        return []
    try:
        with transaction.atomic():
            return _store_together(lines, by=by, now=now)
    except (DataError, IntegrityError):
        if len(lines) == 1:
            return [_refused(lines[0], Refusal.CANNOT_BE_STORED)]
    middle = len(lines) // 2
    return _store(lines[:middle], by=by, now=now) + _store(lines[middle:], by=by, now=now)


def _store_together(lines: Sequence[_Numbered], *, by: str, now: datetime) -> list[LineResult]:
    hold_intake()
    held = _held_digests(lines)
    results: list[LineResult] = []
    fresh: list[_Numbered] = []
    for line in lines:
        before = held.get(line.key)
        if before is None:
            held[line.key] = line.digest
            fresh.append(line)
            results.append(LineResult(line.number, Outcome.ACCEPTED, line.read.content.entry_id))
        elif before == line.digest:
            results.append(LineResult(line.number, Outcome.DUPLICATE, line.read.content.entry_id))
        else:
            results.append(_refused(line, Refusal.ENTRY_ID_REUSED))
    if fresh:
        counts = _file(fresh, by=by, now=now)
        record("entries.taken", by=by, now=now, data={"lines": [fresh[0].number, fresh[-1].number], **counts})
    return results


def _held_digests(lines: Sequence[_Numbered]) -> dict[tuple[int, str], bytes]:
    """What the city holds under the entry ids of these lines."""
    by_provider: dict[int, list[str]] = {}
    for line in lines:
        by_provider.setdefault(line.provider.pk, []).append(line.read.content.entry_id)
    return {
        (provider_id, entry_id): bytes(digest)
        for provider_id, entry_ids in by_provider.items()
        for entry_id, digest in Entry.objects.filter(provider=provider_id, entry_id__in=entry_ids).values_list(
            "entry_id", "digest"
        )
    }


def _file(lines: Sequence[_Numbered], *, by: str, now: datetime) -> dict[str, Any]:
    """Citizens, facts, days and entries of accepted lines; the counts for the journal."""
    citizens = find_or_make({line.read.identity for line in lines}, now=now)
    declared: list[Declared] = []
    checked_in: list[CheckedIn] = []
    for line in lines:
        holder = Holder(citizens[line.read.identity].pk, line.provider.pk)
        match line.read.content:
            case DeclarationLine() as content:
                declared.append(Declared(holder, content))
            case CheckInLine() as content:
                checked_in.append(CheckedIn(holder, content.entry_id, content.day, content.healthy))
    if declared:
        newest = newest_instants(one.holder.citizen_id for one in declared)
        others = update_details(declared, {one.pk: one for one in citizens.values()}, newest=newest)
        propose_phones(others, by=by, now=now)
        keep_declared_names(
            (
                DeclaredName(*one.holder, one.line.full_name, min(one.line.submitted_at, now))
                for one in declared
                if one.line.full_name
            ),
            now=now,
        )
        record_declarations(declared, newest=newest, now=now, zone=current_city().zone)
    record_check_ins(checked_in, now=now)
    copy_rows("codes_entry", ENTRY_COLUMNS, (_entry(line, citizens[line.read.identity], now) for line in lines))
    by_provider: dict[str, int] = {}
    for line in lines:
        by_provider[line.provider.code] = by_provider.get(line.provider.code, 0) + 1
    return {"declarations": len(declared), "check_ins": len(checked_in), "providers": by_provider}


def _entry(line: _Numbered, citizen: Citizen, now: datetime) -> tuple[object, ...]:
    content = line.read.content
    kept = content.model_dump(mode="json", by_alias=True, exclude=ABOUT_THE_PERSON, exclude_unset=True)
    fields = (
        (None, content.day, content.healthy) if isinstance(content, CheckInLine) else (content.submitted_at, None, None)
    )
    return (line.provider.pk, content.entry_id, content.type, citizen.pk, *fields, now, line.digest, kept)


def _refused(line: _Numbered, reason: Refusal) -> LineResult:
    return LineResult(line.number, Outcome.REFUSED, line.read.content.entry_id, BadLine(reason, "entry_id"))
