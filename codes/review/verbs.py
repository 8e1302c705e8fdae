"""What can be done to a case, and by whom; the wording is the line on its timeline."""

from django.utils.translation import gettext_lazy as _

from regions.wording import Worded


class Actor(Worded):
    """Who acts: an official by role, the citizen (or their guardian), or a run or sweep by itself."""

    REVIEWER = "reviewer", _("reviewer")
    APPROVER = "approver", _("approver")
    CITIZEN = "citizen", _("the citizen or their guardian")
    SYSTEM = "system", _("the system")


class Verb(Worded):
    """An act. The value is what stands in ``CaseEvent.verb``."""

    OPEN = "opened", _("opened")
    FILE = "filed", _("appeal filed")
    LOOK = "looked", _("first looked at")
    ASSIGN = "assigned", _("assigned")
    TAKE_OVER = "taken_over", _("taken over")
    PUT_BACK = "put_back", _("put back")
    MARK_COMPLEX = "marked_complex", _("marked as complex: given more time")
    ASK_INFORMATION = "information_asked", _("citizen asked for information: the clock stands")
    ANSWER_INFORMATION = "information_answered", _("citizen answered: the clock goes on")
    DROP_INFORMATION = "information_dropped", _("question dropped: the clock goes on")
    LAPSE_INFORMATION = "information_lapsed", _("no answer in time: the clock goes on")
    SEND_CORRECTION = "correction_sent", _("correction asked of the record's owner")
    ANSWER_CORRECTION = "correction_answered", _("the record's owner answered")
    PROPOSE_SUPPRESSION = "suppression_proposed", _("record proposed to be wrong")
    APPROVE_SUPPRESSION = "suppression_approved", _("record ruled to be wrong: no longer counted")
    REFUSE_SUPPRESSION = "suppression_refused", _("record not found to be wrong")
    WITHDRAW_SUPPRESSION = "suppression_withdrawn", _("proposal that the record is wrong withdrawn")
    PROPOSE = "proposed", _("ruling proposed")
    APPROVE = "approved", _("ruling approved: in force")
    REFUSE = "refused", _("ruling refused")
    WITHDRAW_PROPOSAL = "proposal_withdrawn", _("proposal withdrawn")
    UPHOLD = "upheld", _("reviewed: the code stays")
    DENY = "denied", _("appeal denied")
    SETTLE_BY_RULING = "settled_by_ruling", _("settled by a ruling for the same person")
    ESCALATE = "escalated", _("overdue: escalated")
    RELINK = "relinked", _("the disagreement changed: linked to the new one")
    CONVERGE = "converged", _("closed by itself")
    WITHDRAW = "withdrawn", _("appeal withdrawn")
    LOG_DISAGREEMENT = "disagreement_logged", _("citizen disagrees with the answer")
