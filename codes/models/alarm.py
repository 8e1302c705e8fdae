"""The counts that the sentinel makes after every run, and the alarms it raises (``docs/adr/0033-sentinel.md``)."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import formats, translation
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from codes.models.provider import Provider
from codes.models.rule_set import RuleSetVersion
from codes.models.run import Run
from codes.vocabulary import Colour
from regions.divisions import division_title
from regions.proposals import Proposal, two_people
from regions.rights import AppendOnly
from regions.sources.models import Batch, Source
from regions.staff.accounts import full_name_of
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.transitions import TransitionTable
from regions.vocabulary import title_of


class SubjectKind(models.TextChoices):
    """What the people whose colour a run changed have in common.

    The first nine kinds count changes that no risk list explains.
    """

    AREA = "area", gettext_lazy("Records of one place")
    OFFICIAL = "official", gettext_lazy("Decisions of one person")
    SOURCE = "source", gettext_lazy("Records of one source")
    BATCH = "batch", gettext_lazy("One delivery of a source")
    PROVIDER = "provider", gettext_lazy("Entries of one provider")
    VERSION = "version", gettext_lazy("A new version of the rules")
    INSTANT = "instant", gettext_lazy("Records written in the same minute")
    PLACE = "place", gettext_lazy("People who were at the same place before")
    REGISTRATION = "registration", gettext_lazy("People who registered on the same day")
    LISTED = "listed", gettext_lazy("One area on a risk list")
    PUBLISHER = "publisher", gettext_lazy("Areas listed by one person")


class SubjectCount(AppendOnly):
    """The number of people with a common subject whom a run turned to each colour. No row names a person.

    ``green`` counts the people who turned green before their announced day. Later runs are compared with these rows.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="subject_counts")
    day = models.DateField()
    kind = models.TextField(choices=SubjectKind.choices)
    key = models.TextField()
    red = models.IntegerField()
    yellow = models.IntegerField()
    green = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "key", "day"], name="subject_counts_by_key")]
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "key"], name="subject_is_counted_once_in_a_run"),
            models.CheckConstraint(condition=Q(kind__in=SubjectKind.values), name="counted_subject_is_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key} in {self.run_id}"


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def standing(self) -> Self:
        """Return the alarms that two people have not acknowledged yet, the most severe first, then the oldest."""
        return self.filter(state=Alarm.State.RAISED).order_by("severity", "raised_at", "pk")


class Alarm(AppendOnly):
    """More people with a common subject turned to a colour than the subject's past explains.

    ``figures``: window (days), people, expected, limit, registered, days ([day, people] of the last four weeks), rules
    and shared ([kind, key, people]: other subjects shared by the people whom the last run turned).
    """

    updatable_columns: ClassVar[tuple[str, ...]] = (
        "severity",
        "state",
        "last_run_id",
        "closed_at",
        "mailed_at",
        "figures",
    )

    class State(models.TextChoices):
        RAISED = "raised", pgettext_lazy("state of an alarm", "Not acknowledged")
        ACKNOWLEDGED = "acknowledged", pgettext_lazy("state of an alarm", "Acknowledged")

    class Severity(models.TextChoices):
        """The values are chosen so that the more severe one sorts first."""

        ALERT = "alert", pgettext_lazy("severity of an alarm", "Alarm")
        NOTICE = "notice", pgettext_lazy("severity of an alarm", "Notice")

    TRANSITIONS = TransitionTable.of((State.RAISED, "acknowledge", State.ACKNOWLEDGED))

    kind = models.TextField(choices=SubjectKind.choices)
    key = models.TextField()
    colour = models.TextField(choices=Colour.choices)
    severity = models.TextField(choices=Severity.choices)
    state = models.TextField(choices=State.choices, default=State.RAISED)
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="alarms_raised")
    last_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True, help_text="when it was handed to the mail server")
    figures = models.JSONField(default=dict)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key", "colour"], condition=Q(state="raised"), name="one_standing_alarm_per_subject"
            ),
            models.CheckConstraint(
                condition=Q(state="raised", closed_at__isnull=True) | Q(state="acknowledged", closed_at__isnull=False),
                name="alarm_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SubjectKind.values, colour__in=Colour.values, severity__in=["alert", "notice"]),
                name="alarm_is_of_a_kind_and_colour",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}:{self.colour}"

    @property
    def subject(self) -> str:
        """The subject of its journal entries."""
        return f"alarm:{self.pk}"

    def described(self) -> dict[str, Any]:
        """Return the alarm's data for the journal. A person named by ``key`` is an account, never a citizen."""
        numbers = {name: self.figures[name] for name in ("window", "people", "expected", "limit")}
        return {"kind": self.kind, "key": self.key, "colour": self.colour, "severity": self.severity, **numbers}

    def message_in(self, language: str) -> str:
        """Return one sentence that says what happened."""
        people, window = self.figures["people"], self.figures["window"]
        with translation.override(language):
            turned = {
                Colour.RED: ngettext("{people} person turned red", "{people} people turned red", people),
                Colour.YELLOW: ngettext("{people} person turned yellow", "{people} people turned yellow", people),
                Colour.GREEN: ngettext("{people} person was let go early", "{people} people were let go early", people),
            }[Colour(self.colour)].format(people=formats.number_format(people))
            return _("{turned} within {window} days: {subject}").format(
                turned=turned, window=window, subject=subject_in(language, self.kind, self.key)
            )


def subject_in(language: str, kind: str, key: str) -> str:
    """Return a description of what the people have in common, by name."""
    with translation.override(language):
        match kind:
            case SubjectKind.BATCH:
                batch = Batch.objects.select_related("source").filter(pk=key).first()
                return _("delivery {number} of {source}").format(
                    number=key, source=_title(batch.source if batch else None)
                )
            case SubjectKind.SOURCE:
                return _("records of {source}").format(source=_title(Source.objects.filter(pk=key).first()))
            case SubjectKind.PROVIDER:
                return _("entries of {provider}").format(provider=_title(Provider.objects.filter(pk=key).first()))
            case SubjectKind.VERSION:
                version = RuleSetVersion.objects.select_related("rule_set").filter(pk=key).first()
                return (
                    version.title_in(language) if version else _("version {version} of the rules").format(version=key)
                )
            case SubjectKind.OFFICIAL:
                return _("decisions of {name}").format(name=full_name_of(key))
            case SubjectKind.PUBLISHER:
                return _("areas listed by {name}").format(name=key)
            case SubjectKind.AREA:
                return _("records of {area}").format(area=division_title(key, language))
            case SubjectKind.LISTED:
                return _("the listing of {area}").format(area=division_title(key, language))
            case SubjectKind.PLACE:
                return _("people who were in {area} before").format(area=division_title(key, language))
            case SubjectKind.REGISTRATION:
                day = parse_date(key)
                return _("people who registered on {day}").format(day=formats.date_format(day) if day else key)
            case _:
                minute = key.partition(" ")[2]
                at = parse_datetime(minute)
                when = formats.date_format(at.astimezone(current_city().zone), "DATETIME_FORMAT") if at else minute
                return _("records written at {minute}").format(minute=when)


class AcknowledgementState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("state of an acknowledgement", "Waits for a second person")
    CONFIRMED = "confirmed", pgettext_lazy("state of an acknowledgement", "Confirmed")
    REFUSED = "refused", pgettext_lazy("state of an acknowledgement", "Sent back")
    WITHDRAWN = "withdrawn", pgettext_lazy("state of an acknowledgement", "Taken back")


class AlarmAcknowledgement(Proposal):
    """One person states what the alarm was, and a person of the other role confirms it. Nobody closes an alarm alone."""

    class Finding(models.TextChoices):
        EXPLAINED = "explained", gettext_lazy("There is a good reason for it")
        CORRECTED = "corrected", gettext_lazy("It was wrong, and has been put right")
        REPORTED = "reported", gettext_lazy("It was wrong, and has been reported")

    APPROVED: ClassVar[str] = AcknowledgementState.CONFIRMED
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.SECURITY_ADMIN, Role.AUDITOR)
    ACTS: ClassVar[str] = "alarm.acknowledgement_"
    SAYS_WHO_WITHDREW: ClassVar[bool] = False

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="acknowledgements")
    finding = models.TextField(choices=Finding.choices)
    state = models.TextField(choices=AcknowledgementState.choices, default=AcknowledgementState.PROPOSED)
    proposed_as = models.TextField(help_text="the role of the one who proposed")
    decided_as = models.TextField(blank=True, db_default="", default="", help_text="the role of the one who decided")

    class Meta:
        constraints = [
            *two_people("acknowledgement", AcknowledgementState, decided=["confirmed", "refused"]),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason="") & Q(finding__in=["explained", "corrected", "reported"]),
                name="acknowledgement_has_proposer_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(proposed_as__in=[Role.SECURITY_ADMIN.value, Role.AUDITOR.value])
                & (
                    Q(decided_by="", decided_as="")
                    | Q(decided_as__in=[Role.SECURITY_ADMIN.value, Role.AUDITOR.value])
                    & ~Q(decided_as=F("proposed_as"))
                ),
                name="acknowledgement_takes_both_roles",
            ),
            models.UniqueConstraint(
                fields=["alarm"], condition=Q(state="proposed"), name="one_waiting_acknowledgement_per_alarm"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding} {self.alarm_id}"

    @property
    def subject(self) -> str:
        return self.alarm.subject

    def proposed_in(self) -> tuple[Role, ...]:
        return (Role(self.proposed_as),)

    def described(self) -> dict[str, Any]:
        return {"finding": self.finding, "proposed_by": self.proposed_by, "proposed_as": self.proposed_as}


def _title(row: Source | Provider | None) -> str:
    return title_of(row) if row else "–"
