"""What a source delivers, and the faults that keep a delivery from being used.

A delivery is read once, front to back, and never held in memory whole. It is complete only when its iterator ended
without a fault: a consumer stages what it reads and throws all of it away when one is raised.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regions.sources.connectors.fault_reasons import FaultReason


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it came: `line` counts from 1 within the delivery, `content` is not checked yet."""

    line: int
    content: dict[str, Any]

    def as_text(self) -> str:
        """The content as one line of pure ASCII JSON, so that NUL and undecodable bytes can be kept in quarantine."""
        return json.dumps(self.content, ensure_ascii=True, sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A source's answer: complete up to `as_of` (aware); `total` is what it announces, none if it announces nothing.

    `records` may raise a SourceFault at any record, and at the end when fewer or more came than announced.
    """

    as_of: datetime
    total: int | None
    records: Iterator[RawRecord]


class SourceFault(Exception):
    """A source that cannot be used now. `reason` is a stable code; the text says what to do and holds no credential."""

    def __init__(self, reason: FaultReason | str, **parts: object) -> None:
        """`parts` fill the places in the reason's sentences."""
        self.reason = FaultReason(reason)
        self.parts = parts
        super().__init__(self.said_in("en"))

    def said_in(self, language: str) -> str:
        """The sentence for people, by language tag: Chinese for `zh…`, English for all others."""
        return self.reason.said_in(language).format(**self.parts)


class SourceMisconfigured(SourceFault):
    """The settings of the source cannot work, whatever the source does."""


class HostNotAllowed(SourceFault):
    """The operator's list does not let a source be there."""


class SourceUnreachable(SourceFault):
    """Nobody answered, or too late, or the connection broke: trying again later may help."""


class SourceRefused(SourceFault):
    """The source answered and said no; `code` and `message` are its own, made safe to show."""

    def __init__(self, code: str, message: str, reason: FaultReason | str = FaultReason.REFUSED) -> None:
        """`code` and `message` must have been cleaned by the caller (see `answer.clean`)."""
        self.code = code
        self.message = message
        super().__init__(reason, code=code, message=message)


class DeliveryInconsistent(SourceFault):
    """What came cannot be one whole delivery, so none of it is taken."""
