"""The position of a collection, packed into the opaque cursor, so that the centre keeps no state."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from portal.demo.stand_ins.big_data_signature import Refusal
from portal.demo.stand_ins.big_data_store import Window


@dataclass(frozen=True, slots=True)
class Position:
    """A collection (window, horizon and total) and its progress: `after` which number, `sent` how many."""

    since: int | None
    until: int
    last: int
    as_of: str
    total: int
    index: int = 0
    after: int = 0
    sent: int = 0

    @property
    def window(self) -> Window:
        return Window(self.since, self.until, self.last)

    @property
    def horizon(self) -> datetime:
        return datetime.fromisoformat(self.as_of)

    def pack(self) -> str:
        """Return the cursor for this position."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def unpack(cls, cursor: str) -> Self:
        """Return the position of a cursor. Raises Refusal."""
        try:
            return cls(**json.loads(base64.urlsafe_b64decode(cursor)))
        except (ValueError, TypeError):
            raise Refusal("40003", "unknown cursor") from None
