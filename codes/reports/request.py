"""The request for a report, and the rules by which it may be refused."""

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
from regions.actors import PROVIDER_PREFIX, is_operator
from regions.proposals import LIKE_A_NUMBER, require_role_or_operator
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


# Reports whose rows contain citizens; those of the others never do.
ABOUT_PEOPLE = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS, ReportName.CASES, ReportName.APPEALS})
# Reports whose rows belong to settled days. Those of the others have instants, selected by days in the city's time zone.
OF_SETTLED_DAYS = frozenset({ReportName.CODES, ReportName.DISAGREEMENTS})
# The filters of each report. Each compares a value of the rows with the requested one.
FILTERS: dict[ReportName, tuple[str, ...]] = {
    ReportName.CODES: ("provider", "state"),
    ReportName.DISAGREEMENTS: ("provider", "cause", "place", "data_age"),
    ReportName.CASES: ("kind", "state", "place"),
    ReportName.APPEALS: ("state", "place"),
    ReportName.JOURNAL: ("by", "verb"),
    ReportName.SOURCES: ("source", "state"),
    # These do not filter rows: they select the table, and the language of its headings and words.
    ReportName.WORK: ("table", "language"),
}


class DataAge(TextChoices):
    """The age of the oldest data by which a provider of a differing pair judged; bounds as in ``daily_disagreements.sql``."""

    DAY = "0", _("Up to a day")
    TWO_DAYS = "1", _("One to two days")
    WEEK = "2", _("Two to seven days")
    LONGER = "3", _("Longer")


class CannotExport(Refused):
    """The report cannot be made as asked."""


@dataclass(frozen=True)
class ReportRequest:
    """One report over days in the city's time zone, ``first`` and ``last`` included.

    Without days, a report of settled days has the newest settled day, and the others have all rows. ``identified`` shows full names
    and ID numbers; this requires a right and a purpose. ``only`` has the values of the report's filters, which the manifest states.
    ``language`` is that of the sentences about deliveries; files have them in English.
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
        """Return the value that rows must have for this filter; ``None`` if it is not set."""
        return self.only.get(name)

    def masked(self) -> "ReportRequest":
        """Return the request for the same rows with masked persons."""
        return replace(self, identified=False)


def request_of(asked: ExportJob | IdentifiedExport) -> ReportRequest:
    """Return the request that is stored in a row."""
    identified = isinstance(asked, IdentifiedExport) or asked.identified
    return ReportRequest(ReportName(asked.report), asked.first, asked.last, identified=identified, only=asked.only)


def asked_now(request: ReportRequest, now: datetime) -> datetime | None:
    """Return ``now`` if the request has no days and so is about the present; else ``None``."""
    return now if request.first is None and request.last is None else None


# The area of the record in a root cause, and the area of a disagreement with the pairs ``p``.
AREA = "jsonb_path_query_first({cause}, '$.**.area ? (@ != null)') #>> '{{}}'"
PLACE = f"min({AREA.format(cause='p.root_cause')})"
SPAN = """
({column} >= coalesce(%(from)s::timestamptz, '-infinity') AND {column} < coalesce(%(until)s::timestamptz, 'infinity'))
"""


def span(column: str) -> str:
    """Return the condition that the column is within ``bounds``; ``column`` is a column name from the code, never input."""
    return SPAN.format(column=column)


def bounds(first: date | None, last: date | None, *, zone: ZoneInfo) -> dict[str, datetime | None]:
    """Return the parameters for ``span``, a half-open interval. A side is unbounded if its day is ``None`` or the last of the calendar."""
    after = last + timedelta(days=1) if last and last < date.max else None
    return {"from": _midnight(first, zone), "until": _midnight(after, zone)}


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=zone) if day else None


def named(first: date | None, last: date | None) -> dict[str, str | None]:
    """Return the days in the form used in manifests."""
    if first is not None and first == last:
        return {"day": first.isoformat()}
    return {"from": first.isoformat() if first else None, "to": last.isoformat() if last else None}


def in_zone(instant: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the instant as a cell: ISO 8601 with the city's offset."""
    return instant.astimezone(zone).isoformat() if instant else None


MAY_IDENTIFY = frozenset(IdentifiedExport.PROPOSERS)
# The roles that may read the report ``work``.
READS_WORK = frozenset({Role.APPROVER, Role.AUDITOR})
LEAST_PURPOSE = 5


class MayNotIdentify(Refused):
    """The account may not export identified data."""


def checked_purpose(purpose: str) -> str:
    """Return the purpose as it is journalled. Raises ``CannotExport`` if it is too short or contains something like an ID number."""
    stripped = purpose.strip()
    if len(stripped) < LEAST_PURPOSE:
        raise CannotExport(ExportFault.NO_PURPOSE, least=LEAST_PURPOSE)
    if LIKE_A_NUMBER.search(stripped):
        raise CannotExport(ExportFault.PURPOSE_NAMES_SOMEBODY)
    return stripped


def require_right(by: str) -> None:
    """Raise ``MayNotIdentify`` unless ``by`` is an active account of the current city with a role in ``MAY_IDENTIFY``."""
    account = Account.objects.filter(username=by, is_active=True).first()
    if account is None:
        raise MayNotIdentify(ExportFault.NO_ACCOUNT, by=by)
    if not account.roles & MAY_IDENTIFY:
        raise MayNotIdentify(ExportFault.NO_RIGHT, by=by, roles=" or ".join(sorted(MAY_IDENTIFY)))


def check_asker(request: ReportRequest, *, by: str, confirmation: IdentifiedExport | None = None) -> None:
    """Raise ``NotAllowed`` if ``by`` may not export, and ``MayNotIdentify`` unless two people have agreed to identified data.

    Both must still have the right and have agreed to exactly this report. A provider may export, with its key, masked data narrowed
    to itself.
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
    """Store for each citizen who exported their data and for what purpose. Call in the transaction of the journal entry."""
    left = iter(citizens)
    with connection.cursor() as cursor:
        while some := list(islice(left, CITIZENS_AT_A_TIME)):
            cursor.execute(NOTE, {"citizens": some, "what": what, "purpose": purpose, "by": by, "now": now})
