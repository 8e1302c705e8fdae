"""Taking lines from providers. Each is accepted or refused independently; many are stored in one transaction.

The command and the API share this path. A line is first checked independently of the database (`lines`), then against
the city.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, transaction

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.intake.check_ins import CheckedIn, is_late, record_check_ins
from codes.intake.citizens import find_or_make, lock_intake
from codes.intake.declarations import (
    Declared,
    Holder,
    newest_answers,
    newest_instants,
    record_declarations,
    update_details,
)
from codes.intake.lines import CheckInLine, DisplayedLine, ReadLine, read_line, with_our_symptoms
from codes.intake.names import DeclaredName, keep_declared_names
from codes.intake.phones import propose_phones
from codes.intake.results import BadLine, LineResult, Outcome, Refusal
from codes.models import Entry, Provider
from regions.actors import CITIZEN_PREFIX, PROVIDER_PREFIX
from regions.copying import copy_rows
from regions.journal.record import record
from regions.keys.encryption import content_hash
from regions.proposals import require_role_or_operator
from regions.staff.roles import Role
from regions.tenancy import current_city

LINES_PER_TRANSACTION = 5000
# The person's identity is stored with the citizen; the rest of the line is stored as received, with instants in UTC.
ABOUT_THE_PERSON = {"id_type", "id_number", "full_name", "phone"}

ENTRY_COLUMNS = (
    "provider_id",
    "entry_id",
    "type",
    "citizen_id",
    "submitted_at",
    "instant",
    "day",
    "healthy",
    "late",
    "received_at",
    "digest",
    "content",
)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A valid line with its number in the file and its provider."""

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
    """Take NDJSON lines into the current city.

    Yield a result for each line that is not blank, in order, once it is stored.

    `only_provider`: lines of other providers are refused, because a provider's key is valid for that provider only. If
    the iteration is stopped, the lines reported so far are stored; sending them again gives duplicates. Each
    transaction writes one journal entry with the counts. Providers and citizens are authenticated by the caller;
    anybody else needs a role. Raises ``NotAllowed``.
    """
    if not by.startswith((PROVIDER_PREFIX, CITIZEN_PREFIX)):
        require_role_or_operator(by, Role.SOURCE_MANAGER)
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
            read = with_our_symptoms(read, provider.symptoms)
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
    """Store the lines in one transaction. If the database refuses them, halve them until the refused line is alone."""
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
    lock_intake()
    held = _held_digests(lines)
    results: list[LineResult] = []
    fresh: list[_Numbered] = []
    for line in lines:
        before, entry_id = held.get(line.key), line.read.content.entry_id
        if before is None:
            held[line.key] = line.digest
            fresh.append(line)
            results.append(LineResult(line.number, Outcome.ACCEPTED, entry_id, left_out=line.read.left_out))
        elif before in (line.digest, content_hash(line.read.digest_as_written, use="entry")):
            results.append(LineResult(line.number, Outcome.DUPLICATE, entry_id))
        else:
            results.append(_refused(line, Refusal.ENTRY_ID_REUSED))
    if fresh:
        counts = _file(fresh, by=by, now=now)
        record("entries.taken", by=by, now=now, data={"lines": [fresh[0].number, fresh[-1].number], **counts})
    return results


def _held_digests(lines: Sequence[_Numbered]) -> dict[tuple[int, str], bytes]:
    """Return the stored digests for the entry ids of these lines."""
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
    """Store the citizens, facts, days and entries of accepted lines. Return the counts for the journal."""
    citizens = find_or_make({line.read.identity for line in lines}, now=now)
    zone = current_city().zone
    declared: list[Declared] = []
    checked_in: list[CheckedIn] = []
    shown: list[Shown] = []
    rows: list[tuple[object, ...]] = []
    for line in lines:
        holder = Holder(citizens[line.read.identity].pk, line.provider.pk)
        content = line.read.content
        instant = _instant(line, now)
        late = False
        if isinstance(content, DisplayedLine):
            shown.append(Shown(*holder, content.value, content.shown_at))
        elif isinstance(content, CheckInLine):
            late = is_late(healthy=content.healthy, day=content.day, instant=instant, zone=zone)
            checked_in.append(CheckedIn(holder, content.entry_id, content.day, content.healthy, late, instant))
        else:
            declared.append(Declared(holder, content, instant))
        rows.append(_entry(line, holder, instant, late, now))
    if declared:
        about = {one.holder.citizen_id for one in declared}
        others = update_details(declared, {one.pk: one for one in citizens.values()}, newest=newest_instants(about))
        propose_phones(others, by=by, now=now)
        names = (DeclaredName(*one.holder, one.line.full_name, one.instant) for one in declared if one.line.full_name)
        keep_declared_names(names, now=now)
        record_declarations(declared, newest=newest_answers(about), now=now, zone=zone)
    copy_rows("codes_entry", ENTRY_COLUMNS, rows)
    record_check_ins(checked_in, now=now)
    if shown:
        keep_displayed(shown)
        update_findings(now=now, citizens={one.citizen_id for one in shown})
    by_provider: dict[str, int] = {}
    for line in lines:
        by_provider[line.provider.code] = by_provider.get(line.provider.code, 0) + 1
    return {
        "declarations": len(declared),
        "check_ins": len(checked_in),
        "displayed": len(shown),
        "providers": by_provider,
    }


def _instant(line: _Numbered, now: datetime) -> datetime:
    content = line.read.content
    instant = content.shown_at if isinstance(content, DisplayedLine) else content.submitted_at
    # A clock that is fast must not give an entry precedence over a later correction.
    return min(instant or now, now)


def _entry(line: _Numbered, holder: Holder, instant: datetime, late: bool, now: datetime) -> tuple[object, ...]:
    content = line.read.content
    kept = content.model_dump(mode="json", by_alias=True, exclude=ABOUT_THE_PERSON, exclude_unset=True)
    day, healthy = (content.day, content.healthy) if isinstance(content, CheckInLine) else (None, None)
    about = (holder.provider_id, content.entry_id, content.type, holder.citizen_id)
    submitted_at = None if isinstance(content, DisplayedLine) else content.submitted_at
    return (*about, submitted_at, instant, day, healthy, late, now, line.digest, kept)


def _refused(line: _Numbered, reason: Refusal) -> LineResult:
    return LineResult(line.number, Outcome.REFUSED, line.read.content.entry_id, BadLine(reason, "entry_id"))
