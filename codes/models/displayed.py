"""Colours that providers display although they should display others (``docs/semantics.md`` §7,
``docs/adr/0043-displayed-colours.md``).
"""

from typing import Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from regions.rights import AppendOnly
from regions.transitions import TransitionTable
from regions.vocabulary import DisplayedColour


class DisplayCause(models.TextChoices):
    """Why a provider displays another colour than it should. The second and third are *mapped wrongly* in the semantics."""

    OLD = "old", _("An earlier colour is still shown")
    UNKNOWN_VALUE = "unknown_value", _("A value that is not in the provider's map")
    MAPPED_ELSEWHERE = "mapped_elsewhere", _("A value that the map takes for another colour")
    UNEXPLAINED = "unexplained", _("Another colour, and nothing explains it")


# Causes whose items concern one displayed value each.
OF_ONE_VALUE = (DisplayCause.UNKNOWN_VALUE, DisplayCause.MAPPED_ELSEWHERE)


class Displayed(models.Model):
    """The value that a provider last displayed to a person.

    ``colour`` is the colour to which the provider's map translated the value when it was judged; empty if the map does
    not contain it.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="displayed", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    value = models.TextField(help_text="as the provider sent it")
    colour = models.TextField(blank=True, db_default="", default="")
    shown_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["provider", "value"], name="displayed_by_value")]
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider"], name="displayed_once_per_citizen_and_provider"),
            models.CheckConstraint(
                condition=Q(colour__in=["", *DisplayedColour.values]), name="displayed_colour_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.provider_id} {self.value}"


class DisplayItemQuerySet(models.QuerySet["DisplayItem"]):
    def standing(self) -> Self:
        """Return the items that are not closed, the oldest first."""
        return self.exclude(state=DisplayItem.State.CLOSED).order_by("opened_at", "pk")

    def counted(self) -> Self:
        """Annotate ``people``, the number of people who are shown a wrong colour now, and ``ever``, the number of all findings."""
        return self.select_related("provider").annotate(
            people=Count("findings", filter=Q(findings__closed_at__isnull=True)), ever=Count("findings")
        )


class DisplayItem(models.Model):
    """One cause with one provider, regardless of how many people it concerns: a fault that the provider is to correct."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of a display item", "Open")
        TOLD = "told", pgettext_lazy("state of a display item", "The provider has been told")
        MENDED = "mended", pgettext_lazy("state of a display item", "Mended, as the provider says")
        CLOSED = "closed", pgettext_lazy("state of a display item", "Closed: nobody is shown it any more")

    TRANSITIONS = TransitionTable.of(
        (State.OPEN, "tell", State.TOLD),
        ((State.OPEN, State.TOLD), "mend", State.MENDED),
        (State.MENDED, "recur", State.OPEN),
        ((State.OPEN, State.TOLD, State.MENDED), "close", State.CLOSED),
    )

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="display_items")
    cause = models.TextField(choices=DisplayCause.choices)
    value = models.TextField(blank=True, help_text="of a cause that is one value's; else empty")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    mended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = DisplayItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "cause", "value"],
                condition=~Q(state="closed"),
                name="one_standing_display_item_per_cause",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | Q(state__in=["open", "told", "mended"], closed_at__isnull=True),
                name="display_item_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["old", "unexplained"], value="")
                | Q(cause__in=["unknown_value", "mapped_elsewhere"]) & ~Q(value=""),
                name="display_item_names_a_value_where_it_is_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.cause} {self.value}"

    @property
    def subject(self) -> str:
        """The subject of its journal entries."""
        return f"display:{self.pk}"

    def described(self) -> dict[str, Any]:
        """Return its data for the journal."""
        return {"provider": self.provider.code, "cause": self.cause} | ({"value": self.value} if self.value else {})


class DisplayFinding(models.Model):
    """A person is shown another colour than they should be, from ``opened_at`` until ``closed_at``.

    ``colour`` is empty for a value that is not in the map; ``expected`` is a colour or ``unknown``. ``old_since``: when
    the displayed colour was last correct; null if it never was.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="display_findings")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(DisplayItem, on_delete=models.PROTECT, null=True, related_name="findings")
    cause = models.TextField(choices=DisplayCause.choices, default=DisplayCause.UNEXPLAINED)
    value = models.TextField()
    colour = models.TextField(blank=True)
    expected = models.TextField()
    shown_at = models.DateTimeField()
    old_since = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["closed_at"], name="display_findings_closed")]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "provider"],
                condition=Q(closed_at__isnull=True),
                name="one_open_display_finding_per_citizen_and_provider",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["old", "unknown_value", "mapped_elsewhere", "unexplained"])
                & Q(colour__in=["", *DisplayedColour.values])
                & Q(expected__in=[*DisplayedColour.values, "unknown"])
                & ~Q(colour=models.F("expected")),
                name="display_finding_is_of_two_colours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.provider_id} {self.cause}"


class DisplayChange(AppendOnly):
    """A finding was opened, was closed or got another cause.

    These rows are reported to the provider in the order of their ids.
    """

    class What(models.TextChoices):
        OPENED = "opened"
        CHANGED = "changed"
        CLOSED = "closed"

    finding = models.ForeignKey(DisplayFinding, on_delete=models.PROTECT, related_name="history")
    what = models.TextField(choices=What.choices)
    cause = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["opened", "changed", "closed"]), name="display_change_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.what}"
