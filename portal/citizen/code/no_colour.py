"""What headline, “why”, “until when” and steps say of a code without a colour.

All four read ``Reading.no_colour``, so that they name the same reason. If the providers lack a colour for different
reasons, each reason is told of its providers.
"""

from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.runs.ledger import next_run_due
from portal.citizen.code.reading import NoColour, Reading
from portal.templatetags.citizen import named


class Told(NamedTuple):
    """What is said of one reason. ``wait``: what happens next, where nothing is to be done."""

    headline: str | Promise
    until: str | Promise
    why: str | Promise = ""
    wait: str | Promise = ""


AS_SOON_AS_WORKED_OUT = gettext_lazy(
    "Wait: as soon as the city has worked out all codes again, this one is shown by itself."
)
AS_SOON_AS_DELIVERED = gettext_lazy(
    "Wait: as soon as the data source is up to date, the colour is worked out again by itself."
)
TOLD = {
    NoColour.NOT_APPLIED: Told(
        headline=gettext_lazy("No code yet: it has to be applied for"),
        until=gettext_lazy("Until a code has been applied for."),
        why=gettext_lazy("No provider has been asked for a code yet."),
    ),
    # “Why” is the same for a red code, which stays red, and stands in the template.
    NoColour.EXPIRED: Told(
        headline=gettext_lazy("No colour at present: codes have not been worked out in time"),
        until=gettext_lazy("Until the city has worked out all codes again."),
        wait=AS_SOON_AS_WORKED_OUT,
    ),
    NoColour.NO_RULES: Told(
        headline=gettext_lazy("No colour at present: no rules are in force"),
        until=gettext_lazy("Until rules are in force again."),
        why=gettext_lazy("No rules are in force. Officials of the city have to put them in force."),
        wait=gettext_lazy(
            "Nothing has to be done about that, and nobody but the city's officials can change it. As soon as they have put "
            "rules in force, all codes are worked out again, and the colour is shown by itself."
        ),
    ),
    NoColour.NO_DATA: Told(
        headline=gettext_lazy("No colour at present: the data source is not up to date"),
        until=gettext_lazy("Until the data source is up to date again."),
        why=gettext_lazy("The data that is judged by is not up to date."),
        wait=AS_SOON_AS_DELIVERED,
    ),
    NoColour.TO_BE_JUDGED: Told(
        headline=gettext_lazy("Applied for: the colour is there from %(when)s on"),
        until=gettext_lazy("Until all codes are next worked out, from %(when)s on."),
        why=gettext_lazy("The code was applied for after all codes were last worked out."),
        wait=AS_SOON_AS_WORKED_OUT,
    ),
}


def headline_without_colour(reading: Reading) -> str:
    if len(reading.no_colour) > 1:
        return _("No colour at present: no provider can judge")
    return _of_each(reading, "headline")[0]


def why_without_colour(reading: Reading) -> list[str]:
    """Return why there is no colour; nothing if there is one, and where all codes have expired."""
    why = _of_each(reading, "why")
    if not why or NoColour.NOT_APPLIED in reading.no_colour:
        return why
    return [_("There is no colour at present. That says nothing about anybody's health."), *why]


def until_without_colour(reading: Reading) -> list[str]:
    until = _of_each(reading, "until")
    return [_("Until one of the providers can judge."), *until] if len(until) > 1 else until


def waits_without_colour(reading: Reading) -> list[str]:
    return _of_each(reading, "wait")


def _of_each(reading: Reading, part: str) -> list[str]:
    """Return one part of what is said of each reason, with the providers' names if there are several reasons."""
    if not reading.no_colour:
        return []  # nearly always, so that the next run's time is not worked out at each showing of a code
    when = date_format(timezone.localtime(next_run_due(now=timezone.now())), "DATETIME_FORMAT")
    texts = [
        (str(getattr(TOLD[why], part)) % {"when": when}, providers) for why, providers in reading.no_colour.items()
    ]
    return [named(providers, text) if len(texts) > 1 else text for text, providers in texts if text]
