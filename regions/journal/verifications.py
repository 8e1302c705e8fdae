"""Having the journal checked by somebody who audits. That it was, and what came of it, is in the journal itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.journal.verify import ChainBreak, Verification, verify_journal

ASKED = "journal.verification_asked"
VERIFIED = "journal.verified"
# What is checked while somebody waits; a longer chain is walked by a worker.
AT_ONCE = 20_000


@dataclass(frozen=True)
class ChainState:
    """The last check, and a later one that was asked for and has not ended; none where there is none."""

    last: JournalEntry | None
    awaited: JournalEntry | None


def ask_to_verify(*, by: str, now: datetime) -> bool:
    """Put down that somebody wants the chain checked; whether it is short enough to be checked at once."""
    with transaction.atomic():
        asked = record(ASKED, by=by, now=now)
    return asked.seq <= AT_ONCE


def verify_and_note(*, by: str, now: datetime) -> Verification:
    """Check the current city's chain and write down what was found."""
    found = verify_journal()
    told: dict[str, Any] = {"entries": found.entries, "checkpoints": found.checkpoints}
    if found.broken is not None:
        told |= {"broken_at": found.broken_at, "reason": found.broken.value, "parts": dict(found.parts)}
    with transaction.atomic():
        record(VERIFIED, by=by, now=now, data=told)
    return found


def chain_state() -> ChainState:
    """What is known of the chain without walking it."""
    newest = {verb: JournalEntry.objects.filter(verb=verb).order_by("-seq").first() for verb in (ASKED, VERIFIED)}
    asked, last = newest[ASKED], newest[VERIFIED]
    is_awaited = asked is not None and (last is None or last.seq < asked.seq)
    return ChainState(last, asked if is_awaited else None)


def break_told(data: Mapping[str, Any], language: str) -> str:
    """What the entry of a check says of the break; one written before there were codes has its English sentence."""
    reason = str(data["reason"])
    return ChainBreak(reason).said_in(language).format(**data["parts"]) if reason in set(ChainBreak) else reason
