"""Enumerations with labels: colours, states, anchors, factors, causes, and the reason for an effective code."""

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Colour(TextChoices):
    """The states a provider can show for a citizen, most severe first."""

    RED = "red", _("red")
    YELLOW = "yellow", _("yellow")
    GREEN = "green", _("green")

    @property
    def severity(self) -> int:
        """Higher is more severe: green 0, yellow 1, red 2."""
        return _SEVERITY[self.value]


class State(TextChoices):
    """The outcome of a verdict: a colour, or the reason why there is none. The last two are never shown as green."""

    RED = "red", _("red")
    YELLOW = "yellow", _("yellow")
    GREEN = "green", _("green")
    UNKNOWN = "unknown", _("cannot be determined")
    NOT_APPLIED = "not_applied", _("not applied for")

    @property
    def colour(self) -> Colour | None:
        """The colour of this state; ``None`` for the two that are not colours and are never part of a disagreement."""
        return Colour(self.value) if self.value in _SEVERITY else None

    @property
    def severity(self) -> int:
        """For sorting lists: colours by their severity, then unknown (-1), then not applied (-2)."""
        return _SEVERITY.get(self.value, -1 if self is State.UNKNOWN else -2)


_SEVERITY = {"green": 0, "yellow": 1, "red": 2}


def strictest(colours: Iterable[Colour]) -> Colour:
    """Return the most severe of the colours. Raises ``ValueError`` if there are none."""
    return max(colours, key=lambda colour: colour.severity)


class Anchor(TextChoices):
    """The date of a fact from which a rule counts; without an end `ended` falls back to `started`."""

    STARTED = "started", _("the day it started")
    ENDED = "ended", _("the day it ended")
    RECORDED = "recorded", _("the day it was recorded")


class Factor(TextChoices):
    """What makes a verdict, and what diagnosis swaps between two providers."""

    DECLARATION = "declaration", _("declaration")
    SOURCE = "source", _("data source")
    RULES = "rules", _("rules")
    FRESHNESS = "freshness", _("freshness")


class Cause(TextChoices):
    """The primary cause of a disagreement; ties are resolved in this order."""

    FRESHNESS = "freshness", _("one side's data is older")
    RULES = "rules", _("the rules differ")
    DECLARATION = "declaration", _("declarations or check-ins differ")
    SOURCE = "source", _("the sources hold different records")
    INTERACTION = "interaction", _("several causes together")


class Because(TextChoices):
    """The step that determined the effective code; `expired` means that the code is no longer valid."""

    RULING = "ruling", _("a ruling after manual review")
    AGREEMENT = "agreement", _("the providers that have a colour agree")
    POLICY = "policy", _("providers disagree: the city's own rule decides")
    HELD = "held", _("a data source is silent: what it said last still counts")
    UNKNOWN = "unknown", _("no provider has a colour")
    EXPIRED = "expired", _("not worked out anew in time: no longer valid")
