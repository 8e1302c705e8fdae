"""What a source delivers, and the faults that make a delivery unusable.

A delivery is read once, from beginning to end, and never held in memory whole. It is complete only if its iterator ended without a
fault: a consumer stages what it reads and discards all of it when a fault is raised.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.vocabulary import label_in


class FaultReason(TextChoices):
    """Why a source cannot be used; the fault's parts fill `{…}`."""

    BAD_SETTING = (
        "bad_setting",
        _('The setting "{part}" of the source cannot be used. Correct it in the source\'s settings.'),
    )
    URL_OPTION = "url_option", _('The option "{option}" is not allowed in a source\'s address. Remove it.')
    NO_DRIVER = "no_driver", _('No database driver for "{driver}" is installed. Ask the operator to install it.')
    BAD_VIEW_NAME = "bad_view_name", _("The name of a view is not one. Write it as view or schema.view.")
    HOST_NOT_ALLOWED = (
        "host_not_allowed",
        _(
            "{host}:{port} is not on the list of places sources may be. Ask the operator to add it to SOURCE_ALLOW_LIST."
        ),
    )
    ADDRESS_NOT_ALLOWED = (
        "address_not_allowed",
        _("{host} leads to an address where no source may be. Check its DNS entry."),
    )
    TLS_REQUIRED = (
        "tls_required",
        _(
            "{host}:{port} must be reached with TLS: https, or sslmode=verify-full. "
            "Only the operator can list it as a place without."
        ),
    )
    FILE_NOT_ALLOWED = (
        "file_not_allowed",
        _("Database files are not allowed. Ask the operator to add sqlite:* to SOURCE_ALLOW_LIST."),
    )

    NO_SUCH_NAME = "no_such_name", _("The name {host} is unknown. Check the host name.")
    NO_CONNECTION = (
        "no_connection",
        _("The source cannot be reached. See that it runs and that the network lets us through."),
    )
    TIMED_OUT = "timed_out", _("The source did not answer in time. Try again later, or ask its owner about its load.")
    TLS_FAILED = "tls_failed", _("No encrypted connection could be made. Check the certificate of the source.")
    BROKEN_OFF = "broken_off", _("The connection broke in the middle. Try again later.")
    SERVER_ERROR = "server_error", _("The source kept answering with error {status}. Tell its owner.")
    BUSY = "busy", _("The source is busy and asks for {seconds} seconds of patience. Try again later.")

    REFUSED = "refused", _("The source refused ({code}: {message}). Check the credentials and what they may read.")
    REDIRECTED = "redirected", _("The source redirects ({code}), which is never followed. Enter the final address.")
    LOGIN_REFUSED = (
        "login_refused",
        _("The database refused the login ({code}). Check user, password and database name."),
    )
    VIEW_UNREADABLE = (
        "view_unreadable",
        _("The view {message} cannot be read ({code}). See that it exists and that the login may read it."),
    )
    MISSING_COLUMN = (
        "missing_column",
        _("The view lacks the column(s) {message}. Ask its owner to give them the agreed names."),
    )

    HTML_ANSWER = (
        "html_answer",
        _("A web page came instead of data. Check the address, and whether a gateway is in between."),
    )
    NOT_JSON = "not_json", _("The answer is not valid JSON. Tell the source's owner.")
    UNKNOWN_ENCODING = (
        "unknown_encoding",
        _("The answer is compressed in a way not agreed on. Tell the source's owner."),
    )
    UNDECODABLE = (
        "undecodable",
        _("The database holds text that cannot be decoded. Ask its owner to repair the encoding."),
    )
    TOO_LARGE = "too_large", _("A page is too large. Ask for smaller pages, or tell the source's owner.")
    TOO_DEEP = "too_deep", _("The structure of the answer is not a list of records. Tell the source's owner.")
    BAD_PAGE = "bad_page", _("The answer's \"{field}\" is missing or not usable. Tell the source's owner.")
    AS_OF_CHANGED = (
        "as_of_changed",
        _("Up to when the data is complete changed between pages, so the batch is refused. Collect again."),
    )
    TOTAL_CHANGED = (
        "total_changed",
        _("The number of records changed between pages, so the batch is refused. Collect again."),
    )
    CURSOR_REPEATED = (
        "cursor_repeated",
        _("A cursor came twice, so the paging would never end. Tell the source's owner."),
    )
    PAGE_REPEATED = (
        "page_repeated",
        _("The same page came twice. Collect again; if it happens again, tell the source's owner."),
    )
    PAGE_TOO_LONG = (
        "page_too_long",
        _("A page holds {got} records where {asked} were asked for. Tell the source's owner."),
    )
    PAGE_EMPTY = "page_empty", _("An empty page claims that more follows. Tell the source's owner.")
    COUNT_MISMATCH = (
        "count_mismatch",
        _("{announced} records were announced and {got} came, so the batch is refused. Collect again."),
    )
    CLOCK_UNREADABLE = (
        "clock_unreadable",
        _("The clock view must hold one row that says up to when the data is complete. Tell the source's owner."),
    )


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as delivered: `line` counts from 1 within the delivery, `content` is not checked yet."""

    line: int
    content: dict[str, Any]

    def as_text(self) -> str:
        """Return the content as one line of ASCII JSON, so that NUL and undecodable bytes can be stored in quarantine."""
        return json.dumps(self.content, ensure_ascii=True, sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Hashes of all records of a source that were recorded by `as_of`.

    The records fall into 2^`bits` ranges by the hash of their id. `digests` has `DIGEST_BYTES` for each range in order, zeros for
    an empty one.
    """

    as_of: datetime
    bits: int
    digests: bytes

    def differing(self, other: "Ranges") -> list[int]:
        """Return the numbers of the ranges that differ. Both must have the same number of bits."""
        places = range(0, len(self.digests), DIGEST_BYTES)
        return [
            number
            for number, place in enumerate(places)
            if self.digests[place : place + DIGEST_BYTES] != other.digests[place : place + DIGEST_BYTES]
        ]


DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison by a source that can hash its records: their number, their `ranges`, and the ranges that have changed.

    `differing` lists the ranges that changed since the last comparison (None = all); only their records are delivered.
    """

    records: int
    ranges: Ranges
    differing: list[int] | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A source's answer, complete up to `as_of` (aware). `total` is the number of records announced, None if there is none.

    `records` may raise a SourceFault at any record, and at the end if their number differs from the announced one. `comparison` is
    None unless one was requested and the source can hash.
    """

    as_of: datetime
    total: int | None
    records: Iterator[RawRecord]
    comparison: Comparison | None = None


class SourceFault(Exception):
    """Raised if a source cannot be used now. `reason` is a stable code; the text says what to do and contains no credential."""

    def __init__(self, reason: FaultReason | str, **parts: object) -> None:
        self.reason = FaultReason(reason)
        self.parts = parts
        super().__init__(self.message_in("en"))

    def message_in(self, language: str) -> str:
        return label_in(language, self.reason, **self.parts)


class SourceMisconfigured(SourceFault):
    """Raised if the settings of the source cannot work, whatever the source does."""


class HostNotAllowed(SourceFault):
    """Raised if the operator's allow list does not permit the source's host."""


class SourceUnreachable(SourceFault):
    """Raised if there is no answer, a late one, or a broken connection: a later attempt may succeed."""


class SourceRefused(SourceFault):
    """Raised if the source answered with an error; `code` and `message` are its own, made safe to show."""

    def __init__(self, code: str, message: str, reason: FaultReason | str = FaultReason.REFUSED) -> None:
        """Keep code and message, which the caller must have redacted (see `answer.redact`)."""
        self.code = code
        self.message = message
        super().__init__(reason, code=code, message=message)


class DeliveryInconsistent(SourceFault):
    """Raised if the answer is not one complete delivery, so that none of it is used."""
