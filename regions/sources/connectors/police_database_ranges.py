"""A full comparison that fetches only what differs: PostgreSQL hashes the records itself, by ranges of their ids.

The content of a range at the last comparison is compared with its present content up to the same instant, so that equal ranges need
not be sent. A database that cannot hash, or times out, sends everything.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Text,
    cast,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DBAPIError

from regions.sources.connectors.delivery import DIGEST_BYTES, Comparison, Ranges

RECORDS_A_RANGE = 16
FEWEST_BITS, MOST_BITS = 6, 16
# If a larger share of the ranges differs, selecting them costs the source more than sending everything.
LARGEST_SHARE_PICKED = 0.5

Columns = Mapping[str, ColumnClause[Any]]


def can_hash(session: Connection) -> bool:
    """Return whether the database can hash: PostgreSQL in UTF-8 only, as the city computes the same ranges from the record ids."""
    if session.dialect.name != "postgresql":
        return False
    return bool(session.execute(text("SHOW server_encoding")).scalar_one() == "UTF8")


def range_of(record_id: ColumnElement[Any], bits: int) -> ColumnElement[Any]:
    """Return the number of a record's range; a record without an id is in the range of the empty id."""
    digest = func.decode(func.md5(func.coalesce(func.rtrim(cast(record_id, Text)), "")), "hex")
    return (func.get_byte(digest, 0) * 256 + func.get_byte(digest, 1)).op(">>")(MOST_BITS - bits)


def compare(
    session: Connection, view: FromClause, columns: Columns, *, as_of: datetime, known: Ranges | None
) -> Comparison | None:
    """Compare the source with `known`. Return None if it cannot be compared; the transaction stays usable."""
    savepoint = session.begin_nested()
    try:
        comparison = _compare(session, view, columns, as_of=as_of, known=known)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        savepoint.rollback()
        return None
    savepoint.commit()
    return comparison


def _compare(
    session: Connection, view: FromClause, columns: Columns, *, as_of: datetime, known: Ranges | None
) -> Comparison:
    bits = _bits_for(session.execute(select(func.count()).select_from(view)).scalar_one())
    if known is not None and abs(known.bits - bits) <= 2:
        bits = known.bits
    else:
        known = None
    row = func.md5(cast(func.row(*(cast(column, Text) for column in columns.values())), Text)).label("hash")
    number = range_of(columns["record_id"], bits).label("number")
    rows = select(number, columns["recorded_at"].label("recorded_at"), row).select_from(view).subquery()
    hashes = func.string_agg(rows.c.hash, aggregate_order_by(literal_column("''"), rows.c.hash))
    then = known.as_of if known else as_of
    query = select(
        rows.c.number,
        func.count().label("records"),
        func.md5(hashes.filter(rows.c.recorded_at <= as_of)).label("now"),
        func.md5(hashes.filter(rows.c.recorded_at <= then)).label("then"),
    ).group_by(rows.c.number)
    records, now, before = 0, bytearray(DIGEST_BYTES << bits), bytearray(DIGEST_BYTES << bits)
    for found in session.execute(query, execution_options={"yield_per": 5000}):
        records += found.records
        place = slice(found.number * DIGEST_BYTES, (found.number + 1) * DIGEST_BYTES)
        for digests, digest in ((now, found.now), (before, found.then)):
            digests[place] = bytes.fromhex(digest)[:DIGEST_BYTES] if digest else bytes(DIGEST_BYTES)
    ranges = Ranges(as_of, bits, bytes(now))
    if known is None:
        return Comparison(records, ranges, None)
    differing = known.differing(Ranges(then, bits, bytes(before)))
    return Comparison(records, ranges, differing if len(differing) <= LARGEST_SHARE_PICKED * (1 << bits) else None)


def _bits_for(records: int) -> int:
    return min(max((records // RECORDS_A_RANGE).bit_length(), FEWEST_BITS), MOST_BITS)
