"""Corrections between cities: one city asks another to correct a record that the other city owns (``docs/adr/0046-…``)."""

from typing import Any, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from codes.models.case import Case
from codes.models.citizen import Citizen
from codes.models.fact import Fact
from codes.models.neighbour import Neighbour
from codes.models.ruling import Suppression
from codes.vocabulary import Colour
from regions.transitions import TransitionTable


class CityCorrectionQuerySet(models.QuerySet["CityCorrection"]):
    def sent(self) -> Self:
        """Return the corrections that this city asks of other cities."""
        return self.filter(side=CityCorrection.Side.SENT)

    def received(self) -> Self:
        """Return the corrections that other cities ask of this city."""
        return self.filter(side=CityCorrection.Side.RECEIVED)

    def unanswered(self) -> Self:
        """Return the corrections sent to other cities that have not been answered."""
        return self.filter(state__in=CityCorrection.UNANSWERED)

    def late(self) -> Self:
        """Return the unanswered corrections that were escalated."""
        return self.unanswered().filter(escalated_at__isnull=False)


class CityCorrection(models.Model):
    """One correction as stored in one of the two cities.

    ``reference`` is chosen by the asking city and is the same in both.

    ``fact`` is the record as this city has it. ``case`` is the case in which the asking city asked; in the asked city,
    the case that decides the correction. ``due_at`` is the asked city's deadline, once that city has stated one.
    """

    class Side(models.TextChoices):
        SENT = "sent", pgettext_lazy("correction between cities", "Asked by this city")
        RECEIVED = "received", pgettext_lazy("correction between cities", "Asked of this city")

    class State(models.TextChoices):
        UNSENT = "unsent", pgettext_lazy("correction between cities", "Has not reached the other city yet")
        ASKED = "asked", pgettext_lazy("correction between cities", "Asked: the other city looks into it")
        ANSWERED = "answered", pgettext_lazy("correction between cities", "Answered")
        WITHDRAWN = "withdrawn", pgettext_lazy("correction between cities", "Not sent: nothing was left to ask")
        RECEIVED = "received", pgettext_lazy("correction between cities", "To be decided here")
        DECIDED = "decided", pgettext_lazy("correction between cities", "Decided: the answer is on its way")
        TOLD = "told", pgettext_lazy("correction between cities", "Decided and answered")

    # Sent, but not yet answered by the other city.
    UNANSWERED = (State.UNSENT, State.ASKED)

    class Answer(models.TextChoices):
        CORRECTED = "corrected", pgettext_lazy("correction between cities", "The record no longer counts")
        UPHELD = "upheld", pgettext_lazy("correction between cities", "The record was checked and stays")
        RULED = "ruled", pgettext_lazy("correction between cities", "The record stays; two officials ruled the colour")
        NOT_OURS = "not_ours", pgettext_lazy("correction between cities", "The city has no such record")

    TRANSITIONS = TransitionTable.of(
        (State.UNSENT, "ask", State.ASKED),
        ((State.UNSENT, State.ASKED), "answer", State.ANSWERED),
        (State.UNSENT, "withdraw", State.WITHDRAWN),
        (State.RECEIVED, "decide", State.DECIDED),
        (State.DECIDED, "tell", State.TOLD),
    )

    side = models.TextField(choices=Side.choices)
    state = models.TextField(choices=State.choices)
    neighbour = models.ForeignKey(Neighbour, on_delete=models.PROTECT, related_name="corrections")
    reference = models.UUIDField(default=uuid4)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="city_corrections")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="city_corrections")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="city_corrections")
    colour = models.TextField(help_text="what the record makes of the person in the asking city")
    text = models.TextField(help_text="why it is wrong, in the asking city's words")
    evidence = models.JSONField(default=list, help_text="records and files of the asking city that show it")
    opened_by = models.TextField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True, help_text="when the other city is called next")
    tries = models.IntegerField(default=0, help_text="calls without an answer since the last one that had one")
    fault = models.TextField(blank=True, db_default="", default="", help_text="why the last call had none")
    their_number = models.TextField(blank=True, db_default="", default="", help_text="the asked city's case")
    escalated_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, db_default="", default="", choices=Answer.choices)
    answer_text = models.TextField(blank=True, db_default="", default="")
    ruled_colour = models.TextField(blank=True, db_default="", default="", help_text="of an answer that is a ruling")
    answered_by = models.TextField(blank=True, db_default="", default="")
    answered_at = models.DateTimeField(null=True)
    suppression = models.ForeignKey(
        Suppression, on_delete=models.PROTECT, null=True, related_name="city_corrections", db_index=False
    )

    objects = CityCorrectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["side", "-id"], name="city_corrections_by_side"),
            models.Index(
                fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="city_corrections_to_send"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["side", "neighbour", "reference"], name="city_correction_is_known_once_by_its_reference"
            ),
            models.UniqueConstraint(
                fields=["fact"], condition=Q(state__in=["unsent", "asked"]), name="one_open_city_correction_per_record"
            ),
            models.CheckConstraint(
                condition=Q(side="sent", state__in=["unsent", "asked", "answered", "withdrawn"])
                | Q(side="received", state__in=["received", "decided", "told"], case__isnull=False),
                name="city_correction_is_in_a_state_of_its_side",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unsent", "asked", "withdrawn", "received"])
                & Q(answer="", answered_by="", answered_at__isnull=True)
                | Q(state__in=["answered", "decided", "told"], answered_at__isnull=False)
                & Q(answer__in=["corrected", "upheld", "ruled", "not_ours"])
                & ~Q(answered_by=""),
                name="city_correction_is_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(answer="ruled", ruled_colour__in=Colour.values) | ~Q(answer="ruled") & Q(ruled_colour=""),
                name="city_correction_names_a_colour_where_one_is_ruled",
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(opened_by="") & Q(colour__in=["red", "yellow"]),
                name="city_correction_says_who_asks_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.reference}"

    @property
    def subject(self) -> str:
        """The subject of its journal entries."""
        return f"correction:{self.pk}"

    def described(self) -> dict[str, Any]:
        """Return its data for the journal: codes and keys only."""
        case = {"number": self.case.number} if self.case else {}
        return {"city": self.neighbour.division, "reference": str(self.reference), "fact": self.fact_id, **case}
