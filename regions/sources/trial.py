"""Trying a source without collecting it: the same guard and connector as a run's, seconds of patience, nothing stored."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from regions.sources.batches import CLOCK_TOLERANCE, OVERLAP
from regions.sources.collect import open_delivery
from regions.sources.models import Source
from regions.sources.records import Fault, check_record

RECORDS_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source that answers says: complete up to ``as_of``; ``looked_at`` records were checked, ``bad`` by reason code."""

    as_of: datetime
    looked_at: int
    bad: dict[str, int]
    is_ahead: bool
    is_behind: bool


def try_source(source: Source, *, zone: ZoneInfo, now: datetime) -> Answer:
    """Ask the source – as stored or as it would be – for its first records. Raises SourceFault.

    Nothing is kept, not even that it was asked. Not inside a transaction.
    """
    last = source.batches.accepted().first()
    horizon = last.as_of if last else None
    with open_delivery(source, since=horizon - OVERLAP if horizon else None, zone=zone, hurried=True) as delivery:
        looked_at, bad = 0, Counter[str]()
        for raw in islice(delivery.records, RECORDS_LOOKED_AT):
            looked_at += 1
            checked = check_record(raw.content, kinds=source.kinds, as_of=delivery.as_of, zone=zone)
            if isinstance(checked, Fault):
                bad[checked.reason.value] += 1
        return Answer(
            as_of=delivery.as_of,
            looked_at=looked_at,
            bad=dict(bad),
            is_ahead=delivery.as_of > now + CLOCK_TOLERANCE,
            is_behind=horizon is not None and delivery.as_of < horizon,
        )
