"""Drafts of rule-set versions: edited, rehearsed on the whole city, put in force by two people."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from codes.models.rule_set import RuleSet, RuleSetVersion
from codes.models.run import Run
from regions.faults import FaultCode
from regions.leased_jobs import ReportedJob
from regions.proposals import Proposal, two_people
from regions.staff.roles import Role
from regions.transitions import TransitionTable


class DraftState(models.TextChoices):
    EDITING = "editing"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    REFUSED = "refused"
    DROPPED = "dropped"


class RuleSetDraft(Proposal):
    """A version being written.

    ``content`` is what a rule-set file contains, possibly with faults; ``revision`` counts its saves.
    """

    State = DraftState
    OPEN = (State.EDITING, State.PROPOSED)
    APPROVED: ClassVar[str] = State.PUBLISHED
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.RULE_MANAGER,)
    ACTS: ClassVar[str] = "draft."

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="drafts")
    state = models.TextField(choices=State.choices, default=State.EDITING)
    content = models.JSONField()
    revision = models.IntegerField(default=1)
    created_by = models.TextField()
    created_at = models.DateTimeField()
    edited_by = models.TextField()
    edited_at = models.DateTimeField()
    proposed_by = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True)  # type: ignore[assignment]  # a draft is there before it is proposed
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, null=True, related_name="drafts")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set"], condition=Q(state="proposed"), name="one_proposed_edition_per_rule_set"
            ),
            *two_people("draft", DraftState, decided=["published", "refused"]),
            models.CheckConstraint(
                condition=Q(state__in=["editing", "dropped"], proposed_by="", proposed_at__isnull=True)
                | ~Q(state__in=["editing", "dropped"])
                & Q(proposed_at__isnull=False)
                & ~Q(proposed_by="")
                & ~Q(reason=""),
                name="draft_is_proposed_by_somebody_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("edited_by")), name="edition_is_decided_by_no_editor"
            ),
            models.CheckConstraint(
                condition=Q(state="published", version__isnull=False) | ~Q(state="published") & Q(version__isnull=True),
                name="published_draft_has_its_version",
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk} of {self.rule_set_id}"

    @property
    def subject(self) -> str:
        return f"rule_set:{self.rule_set.code}"

    def described(self) -> dict[str, Any]:
        return {"draft": self.pk, "revision": self.revision, "proposed_by": self.proposed_by}


class RehearsalFault(models.TextChoices):
    """Why a draft cannot be rehearsed."""

    NO_RUN = "no_run", _("no run has settled in this city yet: manage.py recompute")
    NO_PROVIDER = "no_provider", _("no provider that the last run could judge is bound to the rule set {rule_set}")
    NO_VERSION = "no_version", _("no version of {rule_set} is in force on {day}")
    HAS_FAULTS = "has_faults", _("The draft has {faults} faults. Mend them first.")


class DraftRehearsal(ReportedJob):
    """A rehearsal of a draft's revision on the whole city, in the background.

    ``tally`` and the list are kept for the people who decide.

    ``impossible``: there is nothing to rehearse it on, for example in a city without a run; ``fault`` says why.
    """

    FAULTS = (RehearsalFault, FaultCode)

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        IMPOSSIBLE = "impossible"
        FAILED = "failed"

    WAITING, AT_WORK = State.WAITING, State.RUNNING
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "rule_out", State.IMPOSSIBLE),
        (AT_WORK, "fail", State.FAILED),
    )
    CONCLUSIVE = (State.DONE, State.IMPOSSIBLE)

    draft = models.ForeignKey(RuleSetDraft, on_delete=models.PROTECT, related_name="rehearsals")
    revision = models.IntegerField()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField(null=True)
    found = models.BigIntegerField(default=0, help_text="colours that change, as far as it is")
    tally = models.JSONField(null=True)
    file = models.TextField(blank=True, help_text="the list's name in the city's folder of rehearsals")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "revision"],
                condition=Q(state__in=["waiting", "running", "done", "impossible"]),
                name="revision_is_rehearsed_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "impossible", "failed"]),
                name="rehearsal_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | Q(tally__isnull=False, run__isnull=False, day__isnull=False, ended_at__isnull=False) & ~Q(file=""),
                name="finished_rehearsal_has_its_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["impossible", "failed"]) | ~Q(fault="") & Q(ended_at__isnull=False),
                name="ended_rehearsal_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"rehearsal {self.pk} of draft {self.draft_id}"
