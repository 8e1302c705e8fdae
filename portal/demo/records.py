"""A life as records in its sources: records with the contract's fields, and a few that are spoilt."""

from collections.abc import Iterable, Iterator
from typing import Any

from portal.demo.life import Life, Record
from portal.demo.people import Person

RawRecord = dict[str, Any]
# Far below the share at which a city refuses a whole delivery; a small delivery has none.
GOOD_FOR_EACH_SPOILT = 250
_SPOILT: tuple[RawRecord, ...] = (
    {"id_type": "10", "id_number": "510104199001011234"},
    {"kind": "WZXX"},
    {"area": "5101"},
    {"ended_on": "1999-12-31"},
    {"full_name": "李\ufffd\ufffd"},
)


def records_in(source: str, people: Iterable[tuple[Person, Life]]) -> Iterator[RawRecord]:
    """Yield all records of the source about these people, some of them followed by a spoilt copy."""
    good = 0
    for person, life in people:
        for record in life.records:
            if record.source == source:
                yield (raw := raw_record(person, life, record))
                good += 1
                if good % GOOD_FOR_EACH_SPOILT == 0:
                    spoilt = _SPOILT[good // GOOD_FOR_EACH_SPOILT % len(_SPOILT)]
                    yield {**raw, **spoilt, "record_id": f"{raw['record_id']}-X"}


def raw_record(person: Person, life: Life, record: Record) -> RawRecord:
    return {
        "record_id": f"{record.source.upper()}-{life.stage.city.city.division}-{person.number:07d}-{record.number}",
        "id_type": person.id_type.value,
        "id_number": person.id_number,
        "full_name": person.full_name,
        "kind": life.stage.word(record.source, record.kind),
        "area": record.area,
        "started_on": record.started_on.isoformat(),
        "ended_on": record.ended_on.isoformat() if record.ended_on else None,
        "recorded_at": record.recorded_at.isoformat(),
        "revoked": record.revoked,
        "detail": record.detail,
    }
