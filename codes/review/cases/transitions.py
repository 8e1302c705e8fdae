"""The transition tables of cases and appeals: which action is possible in which state, for which role, and the next state.

Nothing else decides what may happen to a case: ``codes.review.cases.move`` looks up every action here, SQL gets its
states from here, and ``docs/case-life.md`` is drawn from here.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models.case import OPEN_STATES, UNDECIDED, Case, CaseState
from regions.transitions import Transition, TransitionTable


class Actor(TextChoices):
    """Who acts: an official by role, the citizen (or their guardian, or their provider), or a run or sweep."""

    REVIEWER = "reviewer", _("reviewer")
    APPROVER = "approver", _("approver")
    CITIZEN = "citizen", _("the citizen or their guardian")
    PROVIDER = "provider", _("a provider for its citizen")
    SYSTEM = "system", _("the system")


class Verb(TextChoices):
    """An action. The value is stored in ``CaseEvent.verb``."""

    OPEN = "opened", _("opened")
    FILE = "filed", _("appeal filed")
    LOOK = "looked", _("first looked at")
    ASSIGN = "assigned", _("assigned")
    TAKE_OVER = "taken_over", _("taken over")
    PUT_BACK = "put_back", _("put back")
    MARK_COMPLEX = "marked_complex", _("marked as complex: given more time")
    ASK_INFORMATION = "information_asked", _("information asked of the citizen: deadline paused")
    ANSWER_INFORMATION = "information_answered", _("citizen answered: deadline resumed")
    DROP_INFORMATION = "information_dropped", _("question dropped: deadline resumed")
    LAPSE_INFORMATION = "information_lapsed", _("no answer in time: deadline resumed")
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
    EXPLAIN = "explained_anew", _("the colours differ as before, but for another reason now")
    CONVERGE = "converged", _("closed by itself")
    WITHDRAW = "withdrawn", _("appeal withdrawn")
    LOG_DISAGREEMENT = "disagreement_logged", _("citizen disagrees with the answer")
    REOPEN = "reopened", _("reopened: a second look found otherwise")


S = CaseState
CaseTransition = Transition[CaseState, Verb]
CaseTransitions = TransitionTable[CaseState, Verb]

REVIEWER = (Actor.REVIEWER,)
APPROVER = (Actor.APPROVER,)
STAFF = (Actor.REVIEWER, Actor.APPROVER)
CITIZEN = (Actor.CITIZEN,)
SYSTEM = (Actor.SYSTEM,)

# The transitions that do not depend on how the case ends.
WORK = (
    *(CaseTransition(state, Verb.LOOK, state, STAFF) for state in OPEN_STATES),
    CaseTransition(S.RECEIVED, Verb.ASSIGN, S.IN_REVIEW, STAFF),
    *(CaseTransition(state, Verb.ASSIGN, state, STAFF) for state in OPEN_STATES[1:]),
    CaseTransition(S.RECEIVED, Verb.TAKE_OVER, S.IN_REVIEW, REVIEWER),
    *(CaseTransition(state, Verb.TAKE_OVER, state, REVIEWER) for state in OPEN_STATES[1:]),
    CaseTransition(S.IN_REVIEW, Verb.PUT_BACK, S.RECEIVED, REVIEWER),
    *(CaseTransition(state, Verb.MARK_COMPLEX, state, REVIEWER) for state in UNDECIDED),
    *(CaseTransition(state, Verb.ASK_INFORMATION, S.WAITING_FOR_INFORMATION, REVIEWER) for state in UNDECIDED),
    CaseTransition(S.WAITING_FOR_INFORMATION, Verb.ANSWER_INFORMATION, S.IN_REVIEW, CITIZEN),
    CaseTransition(S.WAITING_FOR_INFORMATION, Verb.DROP_INFORMATION, S.IN_REVIEW, REVIEWER),
    CaseTransition(S.WAITING_FOR_INFORMATION, Verb.LAPSE_INFORMATION, S.IN_REVIEW, SYSTEM),
    *(CaseTransition(state, Verb.SEND_CORRECTION, state, REVIEWER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.ANSWER_CORRECTION, state, REVIEWER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.PROPOSE_SUPPRESSION, state, REVIEWER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.APPROVE_SUPPRESSION, state, APPROVER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.REFUSE_SUPPRESSION, state, APPROVER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.WITHDRAW_SUPPRESSION, state, REVIEWER) for state in OPEN_STATES),
    *(CaseTransition(state, Verb.PROPOSE, S.PROPOSED, REVIEWER) for state in UNDECIDED),
    CaseTransition(S.PROPOSED, Verb.REFUSE, S.IN_REVIEW, APPROVER),
    CaseTransition(S.PROPOSED, Verb.WITHDRAW_PROPOSAL, S.IN_REVIEW, REVIEWER),
    *(CaseTransition(state, Verb.ESCALATE, state, SYSTEM) for state in (*UNDECIDED, S.PROPOSED)),
    *(CaseTransition(state, Verb.CONVERGE, S.CONVERGED, SYSTEM) for state in OPEN_STATES),
)

CASE_TRANSITIONS = CaseTransitions(
    (
        *WORK,
        CaseTransition(S.PROPOSED, Verb.APPROVE, S.DECIDED, APPROVER),
        *(CaseTransition(state, Verb.UPHOLD, S.DECIDED, REVIEWER) for state in UNDECIDED),
        *(CaseTransition(state, Verb.RELINK, state, SYSTEM) for state in OPEN_STATES),
        *(CaseTransition(state, Verb.EXPLAIN, state, SYSTEM) for state in OPEN_STATES),
        *(CaseTransition(state, Verb.SETTLE_BY_RULING, S.DECIDED, APPROVER) for state in OPEN_STATES),
        CaseTransition(S.DECIDED, Verb.REOPEN, S.IN_REVIEW, REVIEWER),
    )
)

GREEN = "the code turns green"
LIGHTER = "the code turns lighter, not green"
NO_LIGHTER = "the code turns no lighter"

APPEAL_TRANSITIONS = CaseTransitions(
    (
        *WORK,
        CaseTransition(S.PROPOSED, Verb.APPROVE, S.ACCEPTED, APPROVER, GREEN),
        CaseTransition(S.PROPOSED, Verb.APPROVE, S.PARTLY_ACCEPTED, APPROVER, LIGHTER),
        CaseTransition(S.PROPOSED, Verb.APPROVE, S.DENIED, APPROVER, NO_LIGHTER),
        *(CaseTransition(state, Verb.SETTLE_BY_RULING, S.ACCEPTED, APPROVER, GREEN) for state in OPEN_STATES),
        *(CaseTransition(state, Verb.SETTLE_BY_RULING, S.PARTLY_ACCEPTED, APPROVER, LIGHTER) for state in OPEN_STATES),
        *(CaseTransition(state, Verb.DENY, S.DENIED, REVIEWER) for state in UNDECIDED),
        *(CaseTransition(state, Verb.WITHDRAW, S.WITHDRAWN, CITIZEN) for state in OPEN_STATES),
        CaseTransition(S.DENIED, Verb.LOG_DISAGREEMENT, S.DISAGREEMENT_LOGGED, CITIZEN),
        *(CaseTransition(state, Verb.REOPEN, S.IN_REVIEW, REVIEWER) for state in (S.DENIED, S.DISAGREEMENT_LOGGED)),
    )
)

TRANSITIONS_BY_KIND: dict[str, CaseTransitions] = {
    Case.Kind.DISAGREEMENT.value: CASE_TRANSITIONS,
    Case.Kind.SUSPENSION.value: CASE_TRANSITIONS,
    Case.Kind.APPEAL.value: APPEAL_TRANSITIONS,
    Case.Kind.CORRECTION.value: CASE_TRANSITIONS,
}


def transitions_from(kind: str, state: str, action: Verb | None = None) -> tuple[CaseTransition, ...]:
    """Return the rows of a kind of case for a state, optionally only those for one action."""
    return TRANSITIONS_BY_KIND[kind].find(state, action)
