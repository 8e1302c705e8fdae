"""What happened to a matter, for the person it is about: acts and times, never the names of officials."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from codes.models import Case, CaseEvent
from codes.review.verbs import Verb

# What goes on inside the office and says nothing to the person.
INSIDE = frozenset(
    {Verb.ASSIGN, Verb.TAKE_OVER, Verb.PUT_BACK, Verb.RELINK, Verb.PROPOSE, Verb.WITHDRAW_PROPOSAL, Verb.REFUSE}
)


@dataclass(frozen=True)
class Step:
    """A line: ``state`` is done, now or ahead."""

    title: str
    at: datetime | None = None
    text: str = ""
    by: str = ""
    state: str = "done"


def timeline(case: Case) -> list[Step]:
    """The past in order, and for an open matter what comes next and by when."""
    language = translation.get_language()
    steps = [
        Step(_("a review was opened") if event.verb == Verb.OPEN else Verb(event.verb).said_in(language), event.at)
        for event in CaseEvent.objects.filter(case=case)
        if Verb(event.verb) not in INSIDE
    ]
    return steps if case.closed_at else [*steps, *_ahead(case)]


def _ahead(case: Case) -> list[Step]:
    if case.paused_at:
        return [Step(_("Your answer is waited for"), text=_("The clock stands until you have answered."), state="now")]
    steps = []
    if case.first_look_due_at and case.first_looked_at is None:
        steps.append(
            Step(
                _("An official looks at it for the first time"),
                case.first_look_due_at,
                _("at the latest"),
                state="ahead",
            )
        )
    steps.append(
        Step(_("Two officials decide, and you are answered here"), case.due_at, _("at the latest"), state="ahead")
    )
    return steps
