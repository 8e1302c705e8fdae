"""Messages to citizens: one outbox.

Its rows are written in the transaction of the change they report (``docs/adr/0055-messages.md``).
"""

from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models.citizen import Citizen, Guardianship
from regions.transitions import TransitionTable


class MessageKind(models.TextChoices):
    """The subject of a message. Citizens choose kinds by the labels."""

    COLOUR_CHANGED = "colour_changed", _("Your code has changed its colour")
    QUESTION_ASKED = "question_asked", _("An official asks you something")
    CASE_DECIDED = "case_decided", _("Your appeal or a review of your code was decided")
    CASE_REOPENED = "case_reopened", _("A decided appeal or review is worked on again")
    GUARDIAN_ASKED = "guardian_asked", _("Somebody asks to show your code")
    GUARDIAN_ANSWERED = "guardian_answered", _("Your request to show a relative's code was answered")
    PHONE_NAMED = "phone_named", _("Your phone is about to change")
    RULING_ENDS = "ruling_ends", _("A decision about your colour is about to end")


class MessageLanguage(models.TextChoices):
    """The language of an SMS."""

    BOTH = "", _("Chinese and English")
    CHINESE = "zh-hans", _("Chinese")
    ENGLISH = "en", _("English")


class SendingState(models.TextChoices):
    """The state of a message's delivery by SMS. Every message is in the portal, regardless of this state."""

    PORTAL = "portal", pgettext_lazy("state of a message", "In the portal only")
    WAITING = "waiting", pgettext_lazy("state of a message", "Waits to be sent")
    SENDING = "sending", pgettext_lazy("state of a message", "Being sent")
    SENT = "sent", pgettext_lazy("state of a message", "Sent")
    OVERTAKEN = "overtaken", pgettext_lazy("state of a message", "A newer one was sent instead")
    LATE = "late", pgettext_lazy("state of a message", "Not sent in time")
    DEAD = "dead", pgettext_lazy("state of a message", "Given up")
    UNSURE = "unsure", pgettext_lazy("state of a message", "Perhaps sent")


class MessageQuerySet(models.QuerySet["Message"]):
    def readable_by(self, citizen: Citizen) -> Self:
        """Return the messages that a citizen may read: about themselves, and about people whose guardian they are at present."""
        mine = Guardianship.objects.filter(
            guardian=citizen, dependant=OuterRef("about"), accepted=True, ended_at__isnull=True
        )
        return self.filter(Q(about=citizen) | Exists(mine), recipient=citizen)


class Message(models.Model):
    """One message to one person, ``about`` themselves or a dependant.

    ``data`` contains codes and keys; the text is made when it is read.

    ``state`` is the state of its delivery by SMS. ``urgent``: it is sent regardless of the person's choices.
    """

    State = SendingState
    TRANSITIONS = TransitionTable.of(
        (State.WAITING, "claim", State.SENDING),
        (State.WAITING, "overtake", State.OVERTAKEN),
        (State.WAITING, "outlive", State.LATE),
        ((State.SENDING, State.UNSURE), "send", State.SENT),
        ((State.SENDING, State.UNSURE), "try_later", State.WAITING),
        ((State.SENDING, State.UNSURE), "give_up", State.DEAD),
        (State.SENDING, "lose", State.UNSURE),
        ((State.DEAD, State.UNSURE), "send_again", State.WAITING),
    )
    # States for an official to look into: not known to have arrived, and no longer retried.
    TROUBLED: ClassVar[tuple[str, ...]] = (State.DEAD, State.UNSURE)

    kind = models.TextField(choices=MessageKind.choices)
    recipient = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="messages", db_index=False)
    about = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    data: "models.JSONField[dict[str, Any]]" = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)
    urgent = models.BooleanField(default=False, db_default=False)
    state = models.TextField(choices=State.choices)
    attempts = models.IntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(null=True)
    send_until = models.DateTimeField(null=True, help_text="news that is older is not sent by SMS")
    lease_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    fault = models.TextField(blank=True, default="", db_default="", help_text="why the gateway did not take it")

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["recipient", "-id"], name="messages_of_a_person"),
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="messages_unread"),
            models.Index(fields=["-urgent", "id"], condition=Q(state="waiting"), name="messages_to_send"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="messages_being_sent"),
            models.Index(fields=["id"], condition=Q(state__in=["dead", "unsure"]), name="messages_in_trouble"),
            BrinIndex(fields=["made_at"], name="messages_by_age", pages_per_range=32),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MessageKind.values), name="message_kind_is_known"),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False)
                | Q(
                    state__in=["portal", "waiting", "sent", "overtaken", "late", "dead", "unsure"],
                    lease_until__isnull=True,
                ),
                name="message_being_sent_has_a_lease",
            ),
            models.CheckConstraint(condition=~Q(state="dead") | ~Q(fault=""), name="message_given_up_says_why"),
            models.UniqueConstraint(
                F("recipient"),
                KeyTextTransform("ruling", "data"),
                condition=Q(kind="ruling_ends"),
                name="end_of_a_ruling_is_told_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.made_at}"


class MessageChoice(models.Model):
    """A citizen's choices: the kinds that are not sent by SMS, and the language of the SMS.

    Without a row: all kinds, in both languages.
    """

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, related_name="message_choice")
    without: "models.JSONField[list[str]]" = models.JSONField(default=list)
    language = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(without__contained_by=MessageKind.values), name="kinds_not_sent_are_known"
            ),
            models.CheckConstraint(condition=Q(language__in=MessageLanguage.values), name="message_language_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} without {len(self.without)}"
