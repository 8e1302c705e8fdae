"""Opening a source's delivery with its stored settings: credential, the operator's allow list, connector."""

import os
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.conf import settings

from regions.keys import encryption
from regions.keys.encryption import SOURCE_CREDENTIAL
from regions.sources.batches import CLOCK_TOLERANCE, next_since
from regions.sources.connectors import big_data_centre, police_database
from regions.sources.connectors.big_data_centre import check_base_url
from regions.sources.connectors.database import DatabaseAddress, check_database_url, read_address
from regions.sources.connectors.delivery import Delivery, Ranges, SourceMisconfigured
from regions.sources.connectors.guard import AllowList
from regions.sources.connectors.timeouts import (
    DATABASE_TIMEOUTS,
    HTTP_LIMITS,
    INTERACTIVE_DATABASE_TIMEOUTS,
    INTERACTIVE_HTTP_LIMITS,
)
from regions.sources.models import Source, SourceKind
from regions.sources.ranges import address_hash
from regions.sources.records import RecordFault, check_record


def open_delivery(
    source: Source,
    *,
    since: datetime | None,
    zone: ZoneInfo,
    full: bool = False,
    known: Ranges | None = None,
    interactive: bool = False,
) -> AbstractContextManager[Delivery]:
    """Open what the source recorded after `since` (``None`` = everything). Raises SourceFault, also while it is read.

    Call in no transaction. With `full` everything is compared; a source that can hash its records leaves out what is unchanged
    since `known`.
    """
    if source.kind == SourceKind.POLICE_DATABASE:
        return police_database.open_delivery(
            url=credential_of(source),
            records_view=source.records_view,
            clock_view=source.clock_view,
            since=since,
            zone=zone,
            allowed=allow_list(),
            full=full,
            known=known,
            timeouts=INTERACTIVE_DATABASE_TIMEOUTS if interactive else DATABASE_TIMEOUTS,
        )
    return big_data_centre.open_delivery(
        base_url=source.base_url,
        app_id=source.app_id,
        secret=credential_of(source),
        page_size=source.page_size,
        since=since,
        allowed=allow_list(),
        limits=INTERACTIVE_HTTP_LIMITS if interactive else HTTP_LIMITS,
    )


def address_of(source: Source) -> bytes | None:
    """Return a hash of the source's address, or ``None`` if its credential cannot be read; it cannot be collected then either."""
    try:
        return address_hash(source, credential_of(source))
    except SourceMisconfigured:
        return None


def check_address(kind: str, *, base_url: str, credential: str | None) -> None:
    """Check a source's address against the allow list, as far as it is known, without connecting. Raises SourceFault."""
    if kind == SourceKind.BIG_DATA_CENTRE:
        check_base_url(base_url, allow_list())
    elif credential is not None:
        check_database_url(credential, allow_list())


def credential_of(source: Source) -> str:
    """Return the database URL or the shared secret, as stored or from the environment. Raises SourceMisconfigured."""
    if source.credential is not None:
        try:
            return encryption.decrypt(bytes(source.credential), use=SOURCE_CREDENTIAL)
        except encryption.CannotDecrypt:
            raise SourceMisconfigured("bad_setting", part="credential") from None
    value = os.environ.get(source.credential_env)
    if not value:
        raise SourceMisconfigured("bad_setting", part=source.credential_env)
    return value


def database_address(source: Source) -> DatabaseAddress | None:
    """Return a police database's address without the password; ``None`` for a centre, and if the URL cannot be read."""
    if source.kind != SourceKind.POLICE_DATABASE:
        return None
    try:
        return read_address(credential_of(source))
    except SourceMisconfigured:
        return None


def allow_list() -> AllowList:
    allowed: AllowList = settings.SOURCE_ALLOW_LIST
    return allowed


RECORDS_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of a trial: the source's horizon, the number of records checked, and faults by reason code."""

    as_of: datetime
    looked_at: int
    bad: dict[str, int]
    is_ahead: bool
    is_behind: bool


def try_source(source: Source, *, zone: ZoneInfo, now: datetime) -> TrialResult:
    """Check the first records of a source, saved or not, and store nothing. Call in no transaction. Raises SourceFault."""
    last = source.batches.accepted().first()
    horizon = last.as_of if last else None
    with open_delivery(source, since=next_since(source, horizon), zone=zone, interactive=True) as delivery:
        looked_at, bad = 0, Counter[str]()
        for raw in islice(delivery.records, RECORDS_LOOKED_AT):
            looked_at += 1
            checked = check_record(raw.content, kinds=source.kinds, as_of=delivery.as_of, zone=zone, still=source.still)
            if isinstance(checked, RecordFault):
                bad[checked.reason.value] += 1
        return TrialResult(
            as_of=delivery.as_of,
            looked_at=looked_at,
            bad=dict(bad),
            is_ahead=delivery.as_of > now + CLOCK_TOLERANCE,
            is_behind=horizon is not None and delivery.as_of < horizon,
        )
