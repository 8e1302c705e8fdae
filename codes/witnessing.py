"""The daily co-signing of every city's journal head, by the next city in order and by an outside witness if there is one.

A city is entered and left for each step, outside transactions: what it signs for another city is recorded in its own journal.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from regions.each_city import for_each
from regions.journal.chained_file import FileAltered
from regions.journal.checkpoints import write_checkpoint
from regions.journal.heads import (
    BadHead,
    CoSigned,
    Head,
    co_sign,
    co_signed_for,
    keep,
    last_of_each_witness,
    present_head,
    witness_of,
)
from regions.outgoing import CallFailed, call
from regions.sources.collect import allow_list
from regions.sources.connectors.answer import read_json
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceUnreachable
from regions.tenancy import all_schemas, in_city

OUTSIDE, AUDITOR = "outside", "auditor"
# A witness signs once a day. This is checked every hour, so that a missed check delays the signature by an hour only.
SIGNED_EVERY = timedelta(hours=20)

logger = logging.getLogger(__name__)


def witness_all(*, now: datetime) -> int:
    """Have every city's head co-signed if that is due. Return the number of signatures. Call outside any city."""
    schemas = all_schemas()
    return for_each(schemas, lambda schema: witness_head(schema, schemas, now=now))


def witness_head(schema: str, schemas: Sequence[str], *, now: datetime) -> int:
    """Have a city's head co-signed by each witness that has not signed for a day. Return the number of signatures.

    Call outside any city.
    """
    with in_city(schema):
        write_checkpoint(now=now)
        try:
            waiting = list(_due(present_head(), last_of_each_witness(), witness_of(schema, schemas), now=now))
        except (FileAltered, BadHead):
            logger.exception("The co-signed heads of %s cannot be read", schema)
            return 0
    signed = 0
    for head, witness in waiting:
        try:
            one = ask_outside(head, now=now) if witness == OUTSIDE else _signed_by(witness, head, now=now)
        except (CallFailed, SourceFault, BadHead) as fault:
            logger.warning("The journal of %s has no signature of %s: %s", schema, witness, fault)
            continue
        with in_city(schema):
            signed += keep(one)
    return signed


def have_witnessed(schema: str, *, now: datetime) -> int:
    """Have a city's final head co-signed by the next city now. Return the number of signatures. Call outside any city."""
    others = [one for one in all_schemas() if one != schema]
    with in_city(schema):
        head, witness = present_head(), witness_of(schema, sorted([*others, schema]))
    if head is None or witness is None:
        return 0
    one = _signed_by(f"city:{witness}", head, now=now)
    with in_city(schema):
        return int(keep(one))


def heads_elsewhere(schema: str) -> list[CoSigned]:
    """Return the heads of this city that other cities have co-signed, from their journals. Call outside any city."""
    found = []
    for other in all_schemas():
        if other != schema:
            with in_city(other):
                found += list(co_signed_for(schema))
    return found


def ask_outside(head: Head, *, now: datetime) -> CoSigned:
    """Send the head to the outside witness and return its signature. Raises ``CallFailed``, ``SourceFault`` and ``BadHead``."""
    answer = call(
        "POST",
        settings.JOURNAL_WITNESS_URL,
        content=head.text,
        headers={"Content-Type": "text/plain"},
        allowed=allow_list(),
    )
    if not answer.is_success:
        raise SourceUnreachable("server_error", status=answer.status)
    reply: Any = read_json(answer.body, max_values=100)
    try:
        signature = bytes.fromhex(reply["signature"])
    except (TypeError, KeyError, ValueError) as error:
        raise DeliveryInconsistent("not_json") from error
    one = CoSigned(head, OUTSIDE, settings.JOURNAL_WITNESS_KEY, signature, now)
    if not one.holds:
        raise BadHead("the outside witness's signature is not of JOURNAL_WITNESS_KEY")
    return one


def _signed_by(witness: str, head: Head, *, now: datetime) -> CoSigned:
    with in_city(witness.removeprefix("city:")):
        one = co_sign(head, now=now)
        write_checkpoint(now=now)
    return one


def _due(
    head: Head | None, last_of_each: Mapping[str, CoSigned], city: str | None, *, now: datetime
) -> Iterator[tuple[Head, str]]:
    """Yield the head with each witness that has not signed for a day, if the journal has grown since its signature."""
    witnesses = [f"city:{city}"] if city else []
    if settings.JOURNAL_WITNESS_URL:
        witnesses.append(OUTSIDE)
    for witness in witnesses:
        last = last_of_each.get(witness)
        is_due = last is None or now - last.signed_at >= SIGNED_EVERY
        if head is not None and is_due and (last is None or last.head.seq < head.seq):
            yield head, witness
