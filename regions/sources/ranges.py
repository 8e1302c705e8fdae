"""When a source is compared as a whole, and the hashes of the last comparison."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from regions.keys.encryption import content_hash
from regions.sources.connectors.database import read_address
from regions.sources.connectors.delivery import Comparison, Ranges
from regions.sources.models import Batch, RangeHashes, Source, SourceKind
from regions.tenancy import current_city

# If there are more findings of a kind than this, they are counted and not listed: the source has been replaced by another database.
LISTED_A_KIND = 50_000


@dataclass(frozen=True, slots=True)
class KnownRanges:
    """The hashes of the full comparison of ``batch``."""

    batch: int
    ranges: Ranges


def address_hash(source: Source, credential: str) -> bytes:
    """Return a keyed hash of where the source is and which of its views we read, without credentials."""
    place: list[object] = [source.base_url, source.app_id, source.records_view, source.clock_view]
    if source.kind == SourceKind.POLICE_DATABASE:
        address = read_address(credential)
        # Options say how it is reached, not where.
        place.append({name: part for name, part in asdict(address).items() if name != "options"} if address else "")
    return _keyed(place, use="source address")


def is_full_due(batch: Batch, *, now: datetime) -> bool:
    """Return whether this is the first collection from this address, or the last full one is as old as the source's settings say."""
    last = batch.source.batches.full().first()
    if last is None or last.address is None or batch.address is None or bytes(last.address) != bytes(batch.address):
        return True
    city = current_city()
    return (city.day_of(now) - city.day_of(last.started_at)).days >= batch.source.full_every_days


def known_ranges(batch: Batch) -> KnownRanges | None:
    """Return the hashes of the last full comparison if they can be used.

    They can if it was from the same address, read by the same settings, and lists everything it missed.
    """
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
    """Record of a full delivery how many records the source has, and its hashes for the next comparison."""
    batch.compared = comparison.records if comparison else batch.delivered
    batch.save(update_fields=["compared"])
    if comparison:
        ranges = comparison.ranges
        RangeHashes.objects.create(
            batch=batch, bits=ranges.bits, digests=ranges.digests, reading=_reading(batch.source)
        )


def _reading(source: Source) -> bytes:
    """Hash the settings by which records are read. If they change, everything is read again, as the facts may differ."""
    return _keyed([sorted(source.kinds.items()), str(source.still)], use="source reading")


def _keyed(content: list[object], *, use: str) -> bytes:
    return content_hash(hashlib.sha256(json.dumps(content).encode()).digest(), use=use)
