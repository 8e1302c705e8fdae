"""What somebody asks a report for, and why it may be refused."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import ExportFault, ExportJob, IdentifiedExport
from codes.models.provider import PROVIDER_PREFIX
from regions.proposals import is_operator, require_role_or_operator
from regions.refusals import Refused
from regions.staff.models import Account
from regions.staff.roles import Role


class ReportName(StrEnum):
    """The reports of ``docs/exports.md``."""

    CODES = "codes"
    DISAGREEMENTS = "disagreements"
    CASES = "cases"
    APPEALS = "appeals"
    JOURNAL = "journal"
    SOURCES = "sources"
    WORK = "work"


# Their rows name a citizen; the others' never do.
ABOUT_PEOPLE = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS, ReportName.CASES, ReportName.APPEALS})
# Their rows are of settled days; the others' are of instants, which days of the city's zone delimit.
OF_SETTLED_DAYS = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS})
# What a report can be narrowed to; each is a value of its rows, held against what was asked for.
FILTERS: dict[ReportName, tuple[str, ...]] = {
    ReportName.CODES: ("provider", "state"),
    ReportName.DISAGREEMENTS: ("provider", "cause", "place", "data_age"),
    ReportName.CASES: ("kind", "state", "place"),
    ReportName.APPEALS: ("state", "place"),
    ReportName.JOURNAL: ("by", "verb"),
    ReportName.SOURCES: ("source", "state"),
    # Not rows are narrowed: which of its tables, and in which language its headings and words are.
    ReportName.WORK: ("table", "language"),
}


class DataAge(TextChoices):
    """Of the oldest data that a provider of a differing pair judged by; the bounds are those of ``daily_disagreements.sql``."""

    DAY = "0", _("Up to a day")
    TWO_DAYS = "1", _("One to two days")
    WEEK = "2", _("Two to seven days")
    LONGER = "3", _("Longer")


class CannotExport(Refused):
    """The report cannot be made as asked."""


@dataclass(frozen=True)
class ReportRequest:
    """One report over days of the city's zone, ``first`` and ``last`` included.

    No day at all: the newest settled day of a report of settled days, and everything of the others.
    ``identified`` shows full names and ID numbers; whoever asks that needs a right and a purpose. ``only`` narrows the rows by
    the filters of the report; the manifest names them. ``language``: of the sentences about deliveries, English in files.
    """

    report: ReportName
    first: date | None = None
    last: date | None = None
    identified: bool = False
    only: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise CannotExport(ExportFault.DAYS_REVERSED, first=str(self.first), last=str(self.last))
        if self.identified and self.report not in ABOUT_PEOPLE:
            raise CannotExport(ExportFault.NAMES_NOBODY, report=self.report)
        if unknown := sorted(set(self.only) - set(FILTERS[self.report])):
            raise CannotExport(ExportFault.NO_SUCH_FILTER, report=self.report, filters=", ".join(unknown))

    def wanted(self, name: str) -> str | None:
        """What rows must have there; none when all are wanted."""
        return self.only.get(name)

    def masked(self) -> "ReportRequest":
        """The same rows with nobody to be recognised."""
        return replace(self, identified=False)


def request_of(asked: ExportJob | IdentifiedExport) -> ReportRequest:
    """What a row asks for."""
    identified = isinstance(asked, IdentifiedExport) or asked.identified
    return ReportRequest(ReportName(asked.report), asked.first, asked.last, identified=identified, only=asked.only)


def asked_now(request: ReportRequest, now: datetime) -> datetime | None:
    """The instant for which a report of settled days is asked: ``now`` where no day is, and else none, for it is the past's."""
    return now if request.first is None and request.last is None else None


# The division of the record in a root cause; and of a disagreement's pairs ``p``, that of the record that divides the colours.
AREA = "jsonb_path_query_first({cause}, '$.**.area ? (@ != null)') #>> '{{}}'"
PLACE = f"min({AREA.format(cause='p.root_cause')})"
SPAN = """
({column} >= coalesce(%(from)s::timestamptz, '-infinity') AND {column} < coalesce(%(until)s::timestamptz, 'infinity'))
"""


def span(column: str) -> str:
    """The condition that the column lies in the days of ``bounds``; ``column`` is a name of ours."""
    return SPAN.format(column=column)


def bounds(first: date | None, last: date | None, *, zone: ZoneInfo) -> dict[str, datetime | None]:
    """Parameters for ``span``: half open, either side open when its day is none or the calendar's last."""
    after = last + timedelta(days=1) if last and last < date.max else None
    return {"from": _midnight(first, zone), "until": _midnight(after, zone)}


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=zone) if day else None


def named(first: date | None, last: date | None) -> dict[str, str | None]:
    """The days as a manifest names them."""
    if first is not None and first == last:
        return {"day": first.isoformat()}
    return {"from": first.isoformat() if first else None, "to": last.isoformat() if last else None}


def in_zone(instant: datetime | None, zone: ZoneInfo) -> str | None:
    """The instant as a cell: ISO 8601 with the city's offset."""
    return instant.astimezone(zone).isoformat() if instant else None


MAY_IDENTIFY = frozenset({Role.AUDITOR, Role.AUDIT_ADMIN})
# Whoever leads the office.
READS_WORK = frozenset({Role.APPROVER, Role.AUDITOR})
LEAST_PURPOSE = 5
# The purpose goes into the journal, which everybody who audits reads and nobody can delete from.
LIKE_A_NUMBER = re.compile(r"[0-9]{11,}")


class MayNotIdentify(Refused):
    """This account may not take out identified data."""


def checked_purpose(purpose: str) -> str:
    """The purpose as it is journalled. Raises ``CannotExport`` if it says nothing, or names somebody by number."""
    stripped = purpose.strip()
    if len(stripped) < LEAST_PURPOSE:
        raise CannotExport(ExportFault.NO_PURPOSE, least=LEAST_PURPOSE)
    if LIKE_A_NUMBER.search(stripped):
        raise CannotExport(ExportFault.PURPOSE_NAMES_SOMEBODY)
    return stripped


def require_right(by: str) -> None:
    """Raises ``MayNotIdentify`` unless ``by`` is an active account of the current city with a role in ``MAY_IDENTIFY``."""
    account = Account.objects.filter(username=by, is_active=True).first()
    if account is None:
        raise MayNotIdentify(ExportFault.NO_ACCOUNT, by=by)
    if not account.roles & MAY_IDENTIFY:
        raise MayNotIdentify(ExportFault.NO_RIGHT, by=by, roles=" or ".join(sorted(MAY_IDENTIFY)))


def check_asker(request: ReportRequest, *, by: str, confirmation: IdentifiedExport | None = None) -> None:
    """Raises ``NotAllowed`` from whoever may not export, and ``MayNotIdentify`` unless two people agreed to identified data.

    Both must still have the right to it, and have agreed to this very report. A provider may, by its key, take out what is
    masked and narrowed to itself.
    """
    if not request.identified:
        provider = request.wanted("provider")
        if provider is None or by != f"{PROVIDER_PREFIX}{provider}":
            of_work = READS_WORK if request.report is ReportName.WORK else frozenset()
            require_role_or_operator(by, *MAY_IDENTIFY, *of_work)
        return
    if (
        confirmation is None
        or confirmation.state != IdentifiedExport.State.APPROVED
        or confirmation.proposed_by != by
        or request_of(confirmation) != request
    ):
        raise MayNotIdentify(ExportFault.NOT_CONFIRMED)
    require_right(by)
    if not is_operator(confirmation.decided_by):
        require_right(confirmation.decided_by)


NOTE = """
INSERT INTO codes_personaccess (citizen_id, at, by, purpose, what)
SELECT citizen, %(now)s, %(by)s, %(purpose)s, %(what)s FROM unnest(%(citizens)s::bigint[]) AS citizen
"""
CITIZENS_AT_A_TIME = 20_000


def note_access(citizens: Iterable[int], *, what: str, purpose: str, by: str, now: datetime) -> None:
    """Tell each of them who took their data out, and what for. Call in the transaction of the journal entry."""
    left = iter(citizens)
    with connection.cursor() as cursor:
        while some := list(islice(left, CITIZENS_AT_A_TIME)):
            cursor.execute(NOTE, {"citizens": some, "what": what, "purpose": purpose, "by": by, "now": now})
