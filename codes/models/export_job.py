"""Exports: what was requested, who agreed to full names and numbers, how far the file has been written, and where it is stored."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regions.leased_jobs import ReportedJob
from regions.proposals import Proposal, two_people
from regions.refusals import CommonReason
from regions.staff.roles import Role
from regions.transitions import TransitionTable


class ExportFault(models.TextChoices):
    """Why a report cannot be made as requested, and what to do instead."""

    DAYS_REVERSED = "days_reversed", _("the days are the wrong way round: {first} is after {last}")
    NAMES_NOBODY = "names_nobody", _("the report {report} names no citizen; leave --identify out")
    NO_SUCH_FILTER = "no_such_filter", _("the report {report} cannot be narrowed by {filters}")
    DAY_OR_SPAN = "day_or_span", _("give --day, or --from and --to, not both")
    BY_NOBODY = "by_nobody", _("identified data is taken out by a person: --by USER")
    NO_PURPOSE = "no_purpose", _("identified data needs a purpose of at least {least} characters: --purpose")
    NOT_IDENTIFIED = "not_identified", _("a purpose is for identified data: add --identify, or leave --purpose out")
    PURPOSE_NAMES_SOMEBODY = (
        "purpose_names_somebody",
        _("the purpose is journalled: leave ID numbers and phone numbers out of it"),
    )
    NO_ACCOUNT = "no_account", _("{by} is not an active account of this city")
    NO_RIGHT = "no_right", _("{by} may not: identified data needs the role {roles}")
    NOT_CONFIRMED = "not_confirmed", _("full names and ID numbers need a second person, who has not confirmed this")
    NOT_ANSWERED = "not_answered", _("nobody confirmed this in time; ask for it again")
    ASKED_ALREADY = "asked_already", _("you have asked for this already; another person confirms it")
    NO_RUN = "no_run", _("no run of this city has settled yet: manage.py recompute")
    NO_RUN_OF_DAYS = "no_run_of_days", _("no settled run for {asked}; there are runs for {days}")
    CELL_TOO_LONG = (
        "cell_too_long",
        _("a cell of the row of {row} is too long for a spreadsheet; choose csv or jsonl"),
    )
    NOT_PACKED = "not_packed", _("the spreadsheet cannot be packed: {error}")
    IS_A_DIRECTORY = "is_a_directory", _("{file} is a directory; name a file in it")
    DISK_FULL = "disk_full", _("{file}: No space left on device")
    NOT_WRITTEN = "not_written", _("{file}: {error}")
    TOO_MANY = "too_many_exports", _("you have {most} exports already; they go after a week")
    NOT_WRITTEN_YET = "not_written_yet", _("the file is not written yet; ask again in a few seconds")
    GONE = "gone", _("the file is not there any more")


class AskedReport(models.Model):
    """The report, its days, the filters on its rows and its format."""

    report = models.TextField()
    file_format = models.TextField()
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    only = models.JSONField(default=dict, help_text="what the rows are narrowed to")

    class Meta:
        abstract = True


class IdentifiedExportState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for a second person")
    APPROVED = "approved", _("Confirmed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Not answered in time")


class IdentifiedExport(AskedReport, Proposal):
    """Full names and ID numbers, requested by one person and confirmed by another; ``reason`` is the purpose.

    A confirmed request makes one export, which belongs to the person who asked. An unanswered request lapses at
    ``expires_at``.
    """

    State = IdentifiedExportState
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.AUDITOR, Role.AUDIT_ADMIN)
    ACTS: ClassVar[str] = "export.identify_"

    state = models.TextField(choices=State.choices, default=State.PROPOSED)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            *two_people("identified_export", IdentifiedExportState, decided=["approved", "refused", "withdrawn"]),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason=""), name="identified_export_has_asker_and_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} for {self.proposed_by}"

    @property
    def subject(self) -> str:
        return f"export:{self.report}"

    def described(self) -> dict[str, Any]:
        """Return its data for the journal. The purpose may be journalled because it was checked when it was given."""
        days = {name: str(day) for name, day in (("first", self.first), ("last", self.last)) if day}
        return {
            "request": self.pk,
            "asked_by": self.proposed_by,
            "format": self.file_format,
            "purpose": self.reason,
            **days,
            **self.only,
        }


class ExportState(models.TextChoices):
    WAITING = "waiting"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportJob(AskedReport, ReportedJob):
    """``name`` is random.

    It is the address of the export's page and the beginning of its file's name below ``MEDIA_ROOT``.

    ``rows_total`` is null if it is unknown until all rows are read. The file is removed at ``expires_at``; the row is
    kept.
    """

    FAULTS = (ExportFault, CommonReason)

    State = ExportState
    WAITING, AT_WORK = State.WAITING, State.WRITING
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "fail", State.FAILED),
        (State.DONE, "expire", State.EXPIRED),
    )

    name = models.TextField(unique=True)
    identified = models.BooleanField(default=False)
    confirmation = models.OneToOneField(
        IdentifiedExport, on_delete=models.PROTECT, null=True, related_name="job", help_text="of identified data"
    )
    purpose = models.TextField(blank=True)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    file = models.TextField(blank=True, help_text="its name in the city's folder of exports")
    size = models.BigIntegerField(null=True, help_text="bytes")
    manifest = models.JSONField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_by", "-id"]),
            models.Index(
                fields=["state"], condition=Q(state__in=["waiting", "writing", "done"]), name="export_job_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "writing", "done", "failed", "expired"]),
                name="export_job_state_is_known",
            ),
            models.CheckConstraint(condition=~Q(asked_by=""), name="export_job_has_an_asker"),
            models.CheckConstraint(
                condition=Q(identified=False) | ~Q(purpose=""), name="identified_export_has_a_purpose"
            ),
            # Files of an earlier release were finished without a second person; their rows are kept unchanged.
            models.CheckConstraint(
                condition=Q(identified=False)
                | Q(confirmation__isnull=False)
                | Q(state__in=["done", "failed", "expired"]),
                name="identified_export_is_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "expired"])
                | Q(manifest__isnull=False, size__isnull=False, ended_at__isnull=False, expires_at__isnull=False)
                & ~Q(file=""),
                name="finished_export_has_its_file",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault=""), name="failed_export_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.report} for {self.asked_by}"
