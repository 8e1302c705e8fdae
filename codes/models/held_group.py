"""Held groups: changes of many people's verdicts by one cause, held until two people decide (``docs/adr/0015-held-groups.md``)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from codes.models.provider import Provider
from codes.models.rule_set import Rule, RuleSet, RuleSetVersion
from codes.models.run import Run, RunCitizen
from codes.models.verdict import VerdictChange
from regions.proposals import Proposal, two_people
from regions.rights import AppendOnly
from regions.sources.models import Batch
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.transitions import TransitionTable
from regions.vocabulary import title_field, title_of

TO_BE_ANSWERED_WITHIN = timedelta(hours=1)


class HeldGroupQuerySet(models.QuerySet["HeldGroup"]):
    def waiting(self) -> Self:
        """Return the groups that wait for two people, the oldest first."""
        return self.filter(state=HeldGroup.State.HELD).order_by("held_at", "pk")

    def described(self) -> Self:
        """Read the related rows that name the cause together with the groups, and the titles of their rules."""
        return self.select_related("rule_set", "batch__source", "provider", "version", "first_run").annotate(
            rule_title_zh=_newest_title("title_zh"), rule_title_en=_newest_title("title_en")
        )


def _newest_title(field: str) -> Coalesce:
    """Return the title of the newest rule with the group's code."""
    rules = Rule.objects.filter(version__rule_set=OuterRef("rule_set"), code=OuterRef("rule"))
    return Coalesce(
        Subquery(rules.order_by("-version__version", "pk").values(field)[:1]),
        Value(""),
        output_field=models.TextField(),
    )


class HeldGroup(models.Model):
    """One cause and its counts.

    A cause is a rule together with the batch, the day's entries or the rule-set version that brought the changes.

    Its ``changes`` do not count; they are marked with ``held_in``. ``base_run`` is the run that determines what its
    people are shown meanwhile. ``red`` and ``green`` are the numbers of people it would turn by the newest run of the city,
    including those whom the same cause turned in the 24 hours before; ``registered`` is the number of people they were
    first compared with.
    """

    class State(models.TextChoices):
        HELD = "held", pgettext_lazy("state of a held group", "Held for two people")
        RELEASED = "released", pgettext_lazy("state of a held group", "Released")
        REFUSED = "refused", pgettext_lazy("state of a held group", "Refused")
        DISSOLVED = "dissolved", pgettext_lazy("state of a held group", "Dissolved: nobody would change by it any more")

    class CauseKind(models.TextChoices):
        BATCH = "batch", gettext_lazy("A delivery of a source")
        ENTRIES = "entries", gettext_lazy("Entries of a provider")
        VERSION = "version", gettext_lazy("A version of the rules")

    TRANSITIONS = TransitionTable.of(
        (State.HELD, "release", State.RELEASED),
        (State.HELD, "refuse", State.REFUSED),
        (State.HELD, "dissolve", State.DISSOLVED),
    )

    key = models.TextField(help_text="the same for the same cause, run after run")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    rule = models.TextField(help_text="its code")
    cause_kind = models.TextField(choices=CauseKind.choices)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+")
    received_on = models.DateField(null=True, help_text="the city's day on which the entries were received")
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, null=True, related_name="+")
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    base_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    red = models.IntegerField()
    green = models.IntegerField()
    registered = models.IntegerField()
    state = models.TextField(choices=State.choices, default=State.HELD)
    held_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    counts = models.JSONField(
        default=dict, help_text="what its end did: people, records put out of force, the amending run"
    )

    objects = HeldGroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="held", closed_at__isnull=True)
                | Q(state__in=["released", "refused", "dissolved"], closed_at__isnull=False),
                name="held_group_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(
                    cause_kind="batch", batch__isnull=False, provider__isnull=True, received_on__isnull=True,
                    version__isnull=True,
                )
                | Q(
                    cause_kind="entries", batch__isnull=True, provider__isnull=False, received_on__isnull=False,
                    version__isnull=True,
                )
                | Q(
                    cause_kind="version", batch__isnull=True, provider__isnull=True, received_on__isnull=True,
                    version__isnull=False,
                ),
                name="held_group_has_one_cause",
            ),
            models.UniqueConstraint(fields=["key"], condition=Q(state="held"), name="one_held_group_per_cause"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.key

    @property
    def subject(self) -> str:
        """The subject of its journal entries."""
        return f"held_group:{self.pk}"

    @property
    def answer_by(self) -> datetime:
        return self.held_at + TO_BE_ANSWERED_WITHIN

    def is_overdue(self, now: datetime) -> bool:
        return self.state == self.State.HELD and now > self.answer_by

    def message_in(self, language: str) -> str:
        """Return one sentence that names the cause."""
        with translation.override(language):
            zone = current_city().zone
            named: dict[str, Any] = {"rule": self.rule, "title": self._rule_title(language)}
            if self.batch is not None:
                on = formats.date_format(self.batch.started_at.astimezone(zone), "DATE_FORMAT")
                return _("{rule} “{title}”, brought by delivery {number} of {source} on {day}").format(
                    **named, number=self.batch.pk, source=title_of(self.batch.source, language), day=on
                )
            if self.provider is not None and self.received_on is not None:
                return _("{rule} “{title}”, brought by what {provider} sent on {day}").format(
                    **named,
                    provider=title_of(self.provider, language),
                    day=formats.date_format(self.received_on, "DATE_FORMAT"),
                )
            return _("{rule} “{title}”, brought by version {number} of the rules {rule_set}").format(
                **named, number=self.version.version if self.version else "", rule_set=self.rule_set.title_in(language)
            )

    def _rule_title(self, language: str) -> str:
        if (title := getattr(self, title_field("rule_title", language), None)) is not None:  # of ``described``
            return str(title)
        rules = Rule.objects.filter(version__rule_set=self.rule_set, code=self.rule).order_by("-version__version", "pk")
        found = rules.first()
        return title_of(found, language) if found else ""

    def described(self) -> dict[str, Any]:
        """Return its data for the journal."""
        return {"cause": self.key, "red": self.red, "green": self.green, "registered": self.registered}

    def changes_after(self, run: Run) -> "models.QuerySet[VerdictChange]":
        """Return the changes that are held after a run of the whole city, for each person those of the newest run that
        judged them.
        """
        again = RunCitizen.objects.filter(run__amends=run, citizen=OuterRef("citizen"), run__gt=OuterRef("run"))
        newest = VerdictChange.objects.filter(Q(run=run) | Q(run__amends=run), kept_back__group=self)
        return newest.filter(~Exists(again))


class HeldChange(AppendOnly):
    """A change held by a group. Several groups may hold one change; its ``held_in`` is the first of them."""

    group = models.ForeignKey(HeldGroup, on_delete=models.PROTECT, related_name="changes")
    change = models.ForeignKey(VerdictChange, on_delete=models.PROTECT, related_name="kept_back", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "group"], name="group_keeps_a_change_back_once")]

    def __str__(self) -> str:
        return f"{self.change_id} in {self.group_id}"


class GroupProposalState(models.TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class HeldGroupProposal(Proposal):
    """One person's proposal for a held group, which another person decides."""

    class Act(models.TextChoices):
        RELEASE = "release", gettext_lazy("Release it: the changes are right")
        REFUSE = "refuse", gettext_lazy("Refuse it: put what brought it out of force")

    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.REVIEWER, Role.APPROVER)
    ACTS: ClassVar[str] = "group."
    REFUSED_AS: ClassVar[str] = "sent_back"
    SAYS_WHO_WITHDREW: ClassVar[bool] = False

    group = models.ForeignKey(HeldGroup, on_delete=models.PROTECT, related_name="proposals")
    act_proposed = models.TextField(choices=Act.choices)
    state = models.TextField(choices=GroupProposalState.choices, default=GroupProposalState.PROPOSED)

    class Meta:
        constraints = [
            *two_people("held_group_proposal", GroupProposalState, decided=["approved", "refused"]),
            models.CheckConstraint(
                condition=Q(act_proposed__in=["release", "refuse"]), name="held_group_proposal_is_to_release_or_refuse"
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason=""), name="held_group_proposal_has_proposer_and_reason"
            ),
            models.UniqueConstraint(
                fields=["group"], condition=Q(state="proposed"), name="one_waiting_proposal_per_held_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act_proposed} {self.group_id}"

    @property
    def subject(self) -> str:
        return f"held_group:{self.group_id}"

    def described(self) -> dict[str, Any]:
        return {"act": self.act_proposed, "cause": self.group.key, "proposed_by": self.proposed_by}
