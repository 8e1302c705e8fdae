"""When a source is compared as a whole, and what the last comparison left to compare with."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from regions.keys.encryption import content_hash
from regions.sources.connectors.database import read_address
from regions.sources.connectors.delivery import Comparison, Ranges
from regions.sources.models import Batch, RangeHashes, Source, SourceKind
from regions.tenancy import current_city

# More findings of a kind than this are counted and not listed: another database stands behind the source.
LISTED_A_KIND = 50_000


@dataclass(frozen=True, slots=True)
class KnownRanges:
    """What the full comparison of ``batch`` saw."""

    batch: int
    ranges: Ranges


def address_hash(source: Source, credential: str) -> bytes:
    """Keyed, of where the source is and which of its views we read: not of how we prove who we are."""
    place: list[object] = [source.base_url, source.app_id, source.records_view, source.clock_view]
    if source.kind == SourceKind.POLICE_DATABASE:
        address = read_address(credential)
        # Options say how it is reached, not where.
        place.append({name: part for name, part in asdict(address).items() if name != "options"} if address else "")
    return _keyed(place, use="source address")


def is_full_due(batch: Batch, *, now: datetime) -> bool:
    """The first collection from this address, or the last full one is as many days ago as the source's settings say."""
    last = batch.source.batches.full().first()
    if last is None or last.address is None or batch.address is None or bytes(last.address) != bytes(batch.address):
        return True
    city = current_city()
    return (city.day_of(now) - city.day_of(last.started_at)).days >= batch.source.full_every_days


def known_ranges(batch: Batch) -> KnownRanges | None:
    """Of the last full comparison, if it was of the same address, read by the same settings, and has all it missed listed."""
    last = batch.source.batches.full().select_related("range_hashes").first()
    hashes = getattr(last, "range_hashes", None)
    if last is None or last.as_of is None or hashes is None or last.address is None or batch.address is None:
        return None
    if bytes(last.address) != bytes(batch.address) or bytes(hashes.reading) != _reading(batch.source):
        return None
    if last.missing > LISTED_A_KIND:
        return None
    return KnownRanges(last.pk, Ranges(last.as_of, hashes.bits, bytes(hashes.digests)))


def keep_comparison(batch: Batch, comparison: Comparison | None) -> None:
    """Of a full delivery: how many records the source has, and its hashes for the next time."""
    batch.compared = comparison.records if comparison else batch.delivered
    batch.save(update_fields=["compared"])
    if comparison:
        ranges = comparison.ranges
        RangeHashes.objects.create(
            batch=batch, bits=ranges.bits, digests=ranges.digests, reading=_reading(batch.source)
        )


def _reading(source: Source) -> bytes:
    """A record that comes again under another mapping is another fact, so then everything has to come again."""
    return _keyed([sorted(source.kinds.items()), str(source.still)], use="source reading")


def _keyed(content: list[object], *, use: str) -> bytes:
    return content_hash(hashlib.sha256(json.dumps(content).encode()).digest(), use=use)
