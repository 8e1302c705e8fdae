"""What a state means for the citizen, and what comes next: one sentence for the page that follows a case."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import CaseState


class NextStep(TextChoices):
    """By the value of the case's state: ``NextStep(case.state)``. Times stand beside it on the page, not in it."""

    RECEIVED = (
        CaseState.RECEIVED.value,
        _("We have it; a reviewer will look at it soon. There is nothing else you need to do."),
    )
    IN_REVIEW = CaseState.IN_REVIEW.value, _("A reviewer is comparing the records and what you sent.")
    WAITING_FOR_INFORMATION = (
        CaseState.WAITING_FOR_INFORMATION.value,
        _(
            "Please answer the reviewer's question. The clock stands until you do; after three days the review goes on without."
        ),
    )
    PROPOSED = CaseState.PROPOSED.value, _("A reviewer has proposed a decision; a second official is checking it.")
    DECIDED = CaseState.DECIDED.value, _("It is decided; your code shows the decision.")
    CONVERGED = CaseState.CONVERGED.value, _("With the newest data there is nothing left to decide; this is closed.")
    ACCEPTED = CaseState.ACCEPTED.value, _("Your appeal is accepted; your code is green.")
    PARTLY_ACCEPTED = (
        CaseState.PARTLY_ACCEPTED.value,
        _("Your appeal is partly accepted; your code is less severe. Please complete what is left of the period."),
    )
    DENIED = (
        CaseState.DENIED.value,
        _(
            "Your appeal is denied; the answer says why. You can object within 30 days, or appeal again with new evidence."
        ),
    )
    WITHDRAWN = CaseState.WITHDRAWN.value, _("You withdrew this appeal. You can file another.")
    DISAGREEMENT_LOGGED = (
        CaseState.DISAGREEMENT_LOGGED.value,
        _("Your objection is on record with the case, where auditors see it."),
    )
