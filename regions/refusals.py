"""Refused acts: an error with a code and parameters, from which the sentence is made where it is shown."""

import logging

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from psycopg2.errors import UniqueViolation

from regions.vocabulary import label_in

log = logging.getLogger(__name__)


class CommonReason(TextChoices):
    """Reasons common to all acts. Each says what is wrong and what to do."""

    NOT_YOURS = "not_yours", _("Your role does not allow this. Ask a colleague whose role does.")
    NOT_FOUND = "not_found", _("There is no such matter. Go back to the list and choose again.")
    MOVED_MEANWHILE = (
        "moved_meanwhile",
        _("Somebody else has just moved this; it no longer waits as you saw it. Reload the page before you decide."),
    )
    SAME_PERSON = "same_person", _("Whoever proposes does not approve: a second person decides. Ask another approver.")
    NOT_THE_PROPOSER = "not_the_proposer", _("Only the proposer can withdraw a proposal; an approver can refuse it.")
    PROPOSER_GONE = (
        "proposer_gone",
        _(
            "Whoever proposed this no longer has the role for it. Refuse it; if it is still right, have it proposed anew."
        ),
    )
    PROPOSED_ALREADY = (
        "proposed_already",
        pgettext_lazy("common reason", "A proposal is waiting already. Have it decided or withdrawn first."),
    )
    NOT_IN_FORCE = "not_in_force", _("This decision is not in force; there is nothing to end.")
    END_PROPOSED_ALREADY = (
        "end_proposed_already",
        _("Its early end is proposed already and waits for a second official."),
    )
    END_NOT_PROPOSED = "end_not_proposed", _("Nobody has proposed its early end. A reviewer must do so first.")
    SUSPENDED = "suspended", _("The city is suspended: nothing of it runs until two operators have it go on.")
    NO_REASON = "no_reason", _("Say why.")
    NAMES_SOMEBODY = (
        "names_somebody",
        _("What you write goes into the journal and stays there. Leave ID numbers and phone numbers out of it."),
    )


class Refused(ValueError):
    """Raised when an act is refused; nothing was written. ``params`` fill the placeholders in the reason's label."""

    def __init__(self, reason: TextChoices, **params: object) -> None:
        self.reason = reason
        self.params = params
        super().__init__(self.message_in("en"))

    def message_in(self, language: str) -> str:
        params = {
            name: label_in(language, param) if isinstance(param, TextChoices) else param
            for name, param in self.params.items()
        }
        return label_in(language, self.reason, **params)


class NotAllowed(Refused):
    """Raised when the person lacks the role for the act."""

    def __init__(self) -> None:
        super().__init__(CommonReason.NOT_YOURS)


class NotFound(Refused):
    """Raised when a thing does not exist in this city or is not the person's own; the answer does not tell which."""

    def __init__(self) -> None:
        super().__init__(CommonReason.NOT_FOUND)


class MovedMeanwhile(Refused):
    """Raised when the state is no longer the one that was read. The page should be shown again."""

    def __init__(self, reason: TextChoices = CommonReason.MOVED_MEANWHILE, **params: object) -> None:
        super().__init__(reason, **params)


def lost_race(error: BaseException) -> MovedMeanwhile | None:
    """Return the refusal for an error of a write that the database refused because an equal row was stored just before.

    The verbs check before they write, so that only a second request at the same moment comes to this. It is logged, since a check
    that is missing would come to it too; without the error, which contains values.
    """
    if not isinstance(error.__cause__, UniqueViolation):
        return None
    log.error("refused by the constraint %s", error.__cause__.diag.constraint_name)
    return MovedMeanwhile()
