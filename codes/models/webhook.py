"""Webhooks of providers and of the city's own receivers, and the deliveries sent to them.

Rows of ``WebhookDelivery`` are inserted by triggers (``codes_tell_webhooks``, made by the migrations), in the
transaction of the change they report.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models.provider import Provider
from regions.accounted import Accounted
from regions.leased_jobs import Leased
from regions.proposals import Proposal, two_people
from regions.staff.roles import Role
from regions.transitions import TransitionTable


class WebhookEvent(models.TextChoices):
    CODE_CHANGED = "code.changed", _("Somebody's colour has changed")
    CASE_OPENED = "case.opened", _("A case was opened")
    CASE_DECIDED = "case.decided", _("A case has ended")
    FINDING_DISPLAY = "finding.display", _("Another colour is displayed than should be, or no longer is")
    ALARM_RAISED = "alarm.raised", _("The portal raised an alarm")


# Events about a person are sent to a provider with which the person is registered; events about the city are sent to
# the city's own receivers.
OF_PERSONS = (
    WebhookEvent.CODE_CHANGED,
    WebhookEvent.CASE_OPENED,
    WebhookEvent.CASE_DECIDED,
    WebhookEvent.FINDING_DISPLAY,
)
OF_THE_CITY = (WebhookEvent.ALARM_RAISED,)


# The function that inserts the rows contains the same value.
GIVEN_UP_AFTER = timedelta(hours=24)


class WebhookState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for a second person")
    ACTIVE = "active", pgettext_lazy("state of a webhook", "Active")
    PAUSED = "paused", pgettext_lazy("state of a webhook", "Paused")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", pgettext_lazy("state of a webhook", "Removed")


class Webhook(Accounted, Leased, Proposal):
    """One address and the events sent to it. It belongs to a provider or, without one, to the city itself.

    An address is never changed; another address is another webhook, which two people decide. The lease belongs to the
    worker that delivers, so that two workers cannot mix up the order.
    """

    State = WebhookState
    TRANSITIONS = TransitionTable.of(
        (WebhookState.PROPOSED, "approve", WebhookState.ACTIVE),
        (WebhookState.PROPOSED, "refuse", WebhookState.REFUSED),
        (WebhookState.PROPOSED, "withdraw", WebhookState.WITHDRAWN),
        (WebhookState.ACTIVE, "pause", WebhookState.PAUSED),
        (WebhookState.PAUSED, "resume", WebhookState.ACTIVE),
        ((WebhookState.ACTIVE, WebhookState.PAUSED), "end", WebhookState.ENDED),
    )
    APPROVED: ClassVar[str] = WebhookState.ACTIVE
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.SOURCE_MANAGER,)
    DECIDERS: ClassVar[Role] = Role.APPROVER
    ACTS: ClassVar[str] = "webhook."
    told_by_digest: ClassVar[tuple[str, ...]] = ("reason", "decision_reason")
    left_out: ClassVar[tuple[str, ...]] = ("fence", "lease_until", "attempts", "failures", "resume_at")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="webhooks")
    address = models.TextField()
    events = models.JSONField()
    state = models.TextField(choices=WebhookState.choices, default=WebhookState.PROPOSED)
    failures = models.IntegerField(default=0, db_default=0, help_text="how often in a row nothing was answered")
    resume_at = models.DateTimeField(null=True, help_text="nothing is sent before: nothing was answered")

    class Meta:
        constraints = [
            *two_people("webhook", WebhookState, decided=["active", "paused", "refused", "withdrawn", "ended"]),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason=""), name="webhook_has_proposer_and_reason"
            ),
            models.CheckConstraint(
                condition=~Q(events=[])
                & (
                    Q(provider__isnull=False, events__contained_by=[event.value for event in OF_PERSONS])
                    | Q(provider__isnull=True, events__contained_by=[event.value for event in OF_THE_CITY])
                ),
                name="webhook_is_told_what_is_its_owners",
            ),
            models.UniqueConstraint(
                fields=["provider", "address"],
                condition=Q(state__in=["proposed", "active", "paused"]),
                nulls_distinct=False,
                name="one_webhook_per_owner_and_address",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def subject(self) -> str:
        return f"webhook:{self.pk}"

    def described(self) -> dict[str, Any]:
        owner = {"provider": self.provider.code} if self.provider else {}
        return {"address": self.address, "events": sorted(self.events), "proposed_by": self.proposed_by, **owner}

    @property
    def event_titles(self) -> list[str]:
        return [str(WebhookEvent(event).label) for event in self.events]


class DeliveryState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("state of a delivery", "Waits")
    DELIVERED = "delivered", pgettext_lazy("state of a delivery", "Delivered")
    DEAD = "dead", pgettext_lazy("state of a delivery", "Given up")
    SUPERSEDED = "superseded", pgettext_lazy("state of a delivery", "Overtaken")


class WebhookDelivery(models.Model):
    """One event for one webhook.

    ``person`` is the provider's own reference for the person; empty for an event about the city. No other person is
    mentioned.

    Events about one person are sent in the order of ``id``, each after the previous one has been answered.
    """

    State = DeliveryState
    TRANSITIONS = TransitionTable.of(
        (State.WAITING, "deliver", State.DELIVERED),
        (State.WAITING, "give_up", State.DEAD),
        (State.DEAD, "replay", State.WAITING),
        (State.DEAD, "overtake", State.SUPERSEDED),
    )

    event_id = models.UUIDField(unique=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event = models.TextField(choices=WebhookEvent.choices)
    person = models.TextField(blank=True)
    data = models.JSONField()
    urgent = models.BooleanField(help_text="what a person decided goes before what a run changed")
    made_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.WAITING, db_default="waiting")
    attempts = models.IntegerField(default=0, db_default=0)
    next_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True, help_text="of the last answer")
    fault = models.TextField(blank=True, default="", db_default="", help_text="why the last attempt had none")

    class Meta:
        indexes = [
            models.Index(fields=["webhook", "person", "id"], condition=Q(state="waiting"), name="delivery_heads"),
            models.Index(fields=["webhook", "-urgent", "id"], condition=Q(state="waiting"), name="delivery_queue"),
            models.Index(fields=["webhook", "id"], name="delivery_list"),
            models.Index(fields=["made_at"], name="delivery_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "dead", "superseded"]), name="delivery_state_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"
