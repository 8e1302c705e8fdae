"""Records as a source that follows the contract sends them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.demo.stand_ins.big_data_store import BigDataStore

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
SECRET = "s3cret-of-chengdu"
# The host of the sources that are reached with TLS.
NAMED = "source.example"


@dataclass(frozen=True)
class Centre:
    """A running stand-in of the big-data centre."""

    store: BigDataStore
    base_url: str


def records(count: int, *, until: datetime = AS_OF) -> list[dict[str, Any]]:
    """Return records that were recorded one minute apart, the last of them at `until`."""
    return [
        {
            "record_id": f"r{number}",
            "id_type": "20",
            "id_number": f"E{number:08}",
            "full_name": "张三",
            "kind": "close_contact",
            "area": "510100" if number % 2 else None,
            "started_on": "2026-11-18",
            "ended_on": "2026-11-19" if number % 3 else None,
            "recorded_at": (until - timedelta(minutes=count - number)).isoformat(),
            "revoked": number % 5 == 0,
            "detail": {"train": f"G{number}"},
        }
        for number in range(1, count + 1)
    ]
