"""The state of the daily job. PostgreSQL holds all run state; the broker only starts workers."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from codes.models.rule_set import RuleSetVersion
from regions.leased_jobs import Leased, Reported, ReportedJob
from regions.rights import AppendOnly
from regions.sources.connectors.delivery import FaultReason
from regions.sources.models import Batch, Source
from regions.sources.reasons import BatchReason
from regions.transitions import TransitionTable
from regions.vocabulary import grouped


class RunFault(models.TextChoices):
    """Why a run failed, or is settled without a part."""

    # Earlier releases held and refused runs as a whole; their rows are kept.
    MASS_FLIP = (
        "mass_flip",
        _("{turned} of {registered} registrations would turn red at once ({share}; the limit is {limit})"),
    )
    REFUSED = "refused", _("refused by {by}: {reason}")
    COLLECTING_FAILED = "collecting_failed", _("collecting failed {attempts} times: {error}")
    SETTLING_FAILED = "settling_failed", _("settling failed {attempts} times: {error}")
    SOURCE_FAILED = "source_failed", _("source {source} failed: {fault}")
    GROUP_HELD = "group_held", _("held for two people: {group}")
    PARKED = "parked", _("partitions {numbers} are parked; see the run's errors")
    INCOMPLETE = "incomplete"  # worded part by part


class CollectingFault(models.TextChoices):
    """Why a run could not collect a source, apart from the reasons stored with the batch."""

    BUSY_ELSEWHERE = "busy_elsewhere", _("it is being collected by somebody else")


class RunStep(models.TextChoices):
    COLLECTING = "collecting", pgettext_lazy("step of a run", "collecting")
    PARTITION = "partition", pgettext_lazy("step of a run", "partition {number}")
    SETTLING = "settling", pgettext_lazy("step of a run", "settling")


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> Self:
        """Return the run that has not ended, if any. The database allows one per city."""
        return self.filter(state__in=Run.OPEN)

    def next_sequence(self, day: date) -> int:
        """Return the next run's number of the day. Call with the lock of effective codes held."""
        return (self.filter(day=day).aggregate(last=Max("sequence"))["last"] or 0) + 1

    def settled(self) -> Self:
        """Return the runs of the whole city that count, the newest first.

        Runs kept as history changed nothing and are excluded.
        """
        return self.filter(state__in=Run.SETTLED).order_by("-pk")

    def kept(self) -> Self:
        """Return the runs that judged a past day by what was known later, the newest first."""
        return self.filter(state=Run.State.KEPT).order_by("-pk")

    def last_settled(self) -> "Run | None":
        """Return the run whose inputs determine what the city shows."""
        return self.settled().first()

    def last_of_each_day(self) -> Self:
        """Return the last settled run of each day, the oldest day first."""
        return self.settled().order_by("day", "-pk").distinct("day")

    def last_amending(self, runs: Iterable["Run"]) -> "dict[int, Run]":
        """Return a dictionary from each run to the last run that amended it. That run contains the final result of the day."""
        amending = self.filter(state=Run.State.AMENDED, amends__in=[run.pk for run in runs]).order_by("pk")
        return {run.amends_id: run for run in amending if run.amends_id}

    def first_day(self) -> "date | None":
        """Return the first day on which the city was judged. Nothing can be counted for earlier days."""
        return self.settled().order_by("day").values_list("day", flat=True).first()

    def standing_on(self, day: date) -> "Run | None":
        """Return the run whose colours were in force at the end of the day."""
        return self.settled().filter(day__lte=day).order_by("-day", "-pk").first()

    def judging(self, citizen_id: int, *, at: datetime | None = None) -> Self:
        """Return the last settled run and the runs that amended it for the citizen, the newest first.

        The newest one's judgement is in force.

        ``at``: only runs that had ended by then.
        """
        ended = Q() if at is None else Q(ended_at__lte=at)
        whole = Run.objects.settled().filter(ended).values("pk")[:1]
        named = RunCitizen.objects.filter(run=OuterRef("pk"), citizen=citizen_id)
        return self.filter(ended, Q(pk__in=whole) | Q(amends__in=whole) & Exists(named)).order_by("-pk")


class Run(Reported, Leased):
    """One recomputation of a city for a day.

    ``day`` and ``as_of`` are fixed at its start; no later step reads the clock.

    It is leased for the steps before its partitions and after them.

    ``fault``: why it failed, or is settled without a part. If it is ``incomplete``, the missing parts are derived from
    the run's rows.

    ``amends``: this run judged only the people in ``RunCitizen`` again, by the inputs of that run of the whole city.

    ``everybody``: it judges everybody about whom anything is known; otherwise only the people whose verdict may have
    changed since the last settled run (``docs/adr/0059-…``). The following run reads ``engine``, which identifies what
    the run judged by, and ``facts_from`` and ``registrations_from``: every fact and registration with a smaller key was
    visible to this run.

    ``proves``: a run that does not judge everybody additionally judges a thirtieth of the city in full, which must
    change nothing (``docs/adr/0060-…``).

    ``history``: it judges a past day. Its verdicts are kept for that day and have no other effect
    (``docs/adr/0023-…``). Its changes are all verdicts that were not green, as if there had been no verdicts before.
    """

    FAULTS = (RunFault,)

    class State(models.TextChoices):
        COLLECTING = "collecting"
        EVALUATING = "evaluating"
        SETTLING = "settling"
        DONE = "done"
        PARTIAL = "partial"
        FAILED = "failed"
        AMENDED = "mended"
        KEPT = "kept"

    TRANSITIONS = TransitionTable.of(
        (State.COLLECTING, "freeze", State.EVALUATING),
        (State.EVALUATING, "judge", State.SETTLING),
        (State.SETTLING, "finish", State.DONE),
        (State.SETTLING, "finish_in_part", State.PARTIAL),
        (State.SETTLING, "keep", State.KEPT),
        ((State.COLLECTING, State.SETTLING), "fail", State.FAILED),
    )
    OPEN = (State.COLLECTING, State.EVALUATING, State.SETTLING)
    SETTLED = (State.DONE, State.PARTIAL)
    # States of runs whose changes count: the city's settled runs, and the runs that amended them (``docs/adr/0009-…``).
    COUNTED = (*SETTLED, State.AMENDED)

    slot = models.TextField(default="daily")
    amends = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="amendments")
    day = models.DateField()
    sequence = models.IntegerField(default=1, help_text="1 = the day's first run; asked for again, 2, 3 …")
    as_of = models.DateTimeField()
    collects = models.BooleanField(default=True)
    history = models.BooleanField(default=False, db_default=False)
    everybody = models.BooleanField(default=True, db_default=True)
    proves = models.BooleanField(default=False, db_default=False)
    facts_from = models.BigIntegerField(null=True)
    registrations_from = models.BigIntegerField(null=True)
    engine = models.TextField(
        blank=True, default="", db_default="", help_text="digest of the statement and the time zone"
    )
    state = models.TextField(choices=State.choices, default=State.COLLECTING)
    started_by = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-day", "-sequence"])]
        constraints = [
            models.UniqueConstraint(fields=["day", "sequence"], name="run_sequence_is_unique_for_its_day"),
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(state__in=["collecting", "evaluating", "settling"]),
                name="one_open_run_per_city",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["collecting", "evaluating", "settling"], ended_at__isnull=True)
                | Q(state__in=["done", "partial", "failed", "mended", "kept"], ended_at__isnull=False),
                name="run_has_ended_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state="mended", amends__isnull=False) | ~Q(state="mended") & Q(amends__isnull=True),
                name="run_that_mends_amends_another",
            ),
            models.CheckConstraint(
                condition=Q(history=True, state__in=["collecting", "evaluating", "settling", "kept", "failed"])
                | Q(history=False) & ~Q(state="kept"),
                name="run_of_history_is_kept_and_never_settles",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} #{self.sequence}"

    def most_registered(self) -> int:
        """Return the number of people registered with the largest provider.

        It is stored already and includes nearly everybody in the city.
        """
        most: int | None = self.providers.aggregate(most=Max("registered"))["most"]
        return most or 0

    def lacks_parts(self) -> bool:
        """Return whether ``missing_parts`` is not empty."""
        failed, parked, held = self._missing()
        return Run.objects.filter(Exists(failed) | Exists(parked) | Exists(held), pk=self.pk).exists()

    def missing_parts(self) -> list[tuple[RunFault, dict[str, Any]]]:
        """Return the sources that failed, the parked partitions and the groups held for two people, as codes with parameters."""
        failed, parked, held = self._missing()
        parts: list[tuple[RunFault, dict[str, Any]]] = [
            (RunFault.SOURCE_FAILED, {"source": one.source, "fault": one})
            for one in failed.select_related("source").order_by("source__code")
        ]
        if numbers := [str(number) for number in parked.order_by("number").values_list("number", flat=True)]:
            parts.append((RunFault.PARKED, {"numbers": pgettext("between items of a list", ", ").join(numbers)}))
        of_groups = held.order_by("held_in").distinct("held_in").select_related("held_in")
        parts += [(RunFault.GROUP_HELD, {"group": one.held_in}) for one in of_groups]
        return parts

    def _missing(self) -> tuple[models.QuerySet[Any], models.QuerySet[Any], models.QuerySet[Any]]:
        """Return the sources that failed, the parked partitions and the held changes."""
        return (
            self.sources.filter(failed=True),
            self.partitions.filter(state=Partition.State.PARKED),
            self.changes.filter(held_in__isnull=False),
        )

    def message_in(self, language: str) -> str:
        if self.fault != RunFault.INCOMPLETE:
            return super().message_in(language)
        with translation.override(language):
            return pgettext("between faults", "; ").join(
                str(code.label).format(**grouped({name: _worded(value, language) for name, value in params.items()}))
                for code, params in self.missing_parts()
            )


def _worded(value: Any, language: str) -> Any:
    return value.message_in(language) if hasattr(value, "message_in") else value


class RunCitizen(AppendOnly):
    """A person whom an amending run judged again. A run of the whole city has no such rows."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="citizens", db_index=False)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "citizen"], name="run_names_a_citizen_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.citizen_id}"


class RunSource(Reported):
    FAULTS = (CollectingFault, BatchReason, FaultReason)

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="sources")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")
    failed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "source"], name="run_collects_a_source_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.source_id}"


class WhyUnknown(models.TextChoices):
    """Why a provider's colours are unknown. ``EXPIRED`` is found when a code is read and never stored."""

    NO_BATCH = "no_batch", _("its source has not delivered yet")
    STALE = "stale", _("its source has not delivered for too long")
    NO_VERSION = "no_edition", _("no version of its rules is in force")
    EXPIRED = "expired", _("no run has settled in time")


class RunProvider(models.Model):
    """The inputs of a provider frozen for a run (source, horizon, rule-set version), and whether the provider could be judged.

    ``known`` is false if the source has no accepted batch or is older than its ``max_age``, or if no version is in
    force: everyone registered with the provider is then UNKNOWN. ``registered`` … ``held_yellow`` are the counts at the
    end of the run. Held colours are those that follow from the last delivery of a source that is silent now.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="providers")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, null=True, related_name="+")
    horizon = models.DateTimeField(null=True)
    known = models.BooleanField()
    why_unknown = models.TextField(blank=True)
    registered = models.BigIntegerField(null=True)
    red = models.BigIntegerField(null=True)
    yellow = models.BigIntegerField(null=True)
    held_red = models.BigIntegerField(null=True)
    held_yellow = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "provider"], name="provider_is_frozen_once_per_run"),
            models.CheckConstraint(
                condition=Q(known=True, horizon__isnull=False, version__isnull=False)
                | Q(known=False) & ~Q(why_unknown=""),
                name="known_provider_has_horizon_and_edition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.provider_id}"

    @property
    def green(self) -> int | None:
        """The number of registered people who are neither red nor yellow; ``None`` if the provider is not known."""
        if not self.known or self.registered is None:
            return None
        return self.registered - (self.red or 0) - (self.yellow or 0)

    @property
    def holds(self) -> bool:
        """Whether its verdicts are held colours: its source is silent but has delivered before, and a version is in force."""
        return not self.known and self.horizon is not None and self.version_id is not None


class Partition(ReportedJob):
    """A range of citizens (``low`` ≤ id < ``high``) claimed by one worker at a time, by lease and fence."""

    class State(models.TextChoices):
        PENDING = "pending"
        CLAIMED = "claimed"
        DONE = "done"
        PARKED = "parked"

    WAITING, AT_WORK = State.PENDING, State.CLAIMED
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "park", State.PARKED),
    )

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="partitions")
    number = models.IntegerField()
    low = models.BigIntegerField()
    high = models.BigIntegerField()
    state = models.TextField(choices=State.choices, default=State.PENDING)
    counts = models.JSONField(default=dict)
    digest = models.TextField(blank=True, help_text="SHA-256 of the rows it changed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="partition_number_is_unique"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "claimed", "done", "parked"]), name="partition_state_is_known"
            ),
            models.CheckConstraint(condition=~Q(state="parked") | ~Q(fault=""), name="parked_partition_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class RunError(AppendOnly):
    """A failed attempt at a partition or a step. ``message`` is the exception's own text, for diagnosis."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="errors")
    at = models.DateTimeField()
    step = models.TextField(choices=RunStep.choices)
    number = models.IntegerField(null=True, help_text="of the partition")
    message = models.TextField()

    def __str__(self) -> str:
        return self.message

    @property
    def step_label(self) -> str:
        return str(RunStep(self.step).label).format(number=self.number)
