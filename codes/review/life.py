"""The lives of cases and appeals as tables: in which state which act is possible, whose it is, and what comes of it.

Nothing else decides what may happen to a case: ``codes.review.moves`` looks every act up here, ``docs/case-life.md`` is drawn
from here. An act that has no row for a state is refused in it.
"""

from dataclasses import dataclass

from codes.models.case import Case, CaseState
from codes.review.verbs import Actor, Verb

S = CaseState


@dataclass(frozen=True, slots=True)
class Move:
    """In ``state``, ``actors`` may do ``verb``; the case then is in ``becomes``. ``when`` tells two ends of one act apart."""

    state: CaseState
    verb: Verb
    actors: tuple[Actor, ...]
    becomes: CaseState
    when: str = ""


REVIEWER = (Actor.REVIEWER,)
APPROVER = (Actor.APPROVER,)
STAFF = (Actor.REVIEWER, Actor.APPROVER)
CITIZEN = (Actor.CITIZEN,)
SYSTEM = (Actor.SYSTEM,)

UNDECIDED = (S.RECEIVED, S.IN_REVIEW)
OPEN = (*UNDECIDED, S.WAITING_FOR_INFORMATION, S.PROPOSED)

# What does not depend on how the case ends.
WORK = (
    *(Move(state, Verb.LOOK, STAFF, state) for state in OPEN),
    Move(S.RECEIVED, Verb.ASSIGN, STAFF, S.IN_REVIEW),
    *(Move(state, Verb.ASSIGN, STAFF, state) for state in OPEN[1:]),
    Move(S.RECEIVED, Verb.TAKE_OVER, REVIEWER, S.IN_REVIEW),
    *(Move(state, Verb.TAKE_OVER, REVIEWER, state) for state in OPEN[1:]),
    Move(S.IN_REVIEW, Verb.PUT_BACK, REVIEWER, S.RECEIVED),
    *(Move(state, Verb.MARK_COMPLEX, REVIEWER, state) for state in UNDECIDED),
    *(Move(state, Verb.ASK_INFORMATION, REVIEWER, S.WAITING_FOR_INFORMATION) for state in UNDECIDED),
    Move(S.WAITING_FOR_INFORMATION, Verb.ANSWER_INFORMATION, CITIZEN, S.IN_REVIEW),
    Move(S.WAITING_FOR_INFORMATION, Verb.DROP_INFORMATION, REVIEWER, S.IN_REVIEW),
    Move(S.WAITING_FOR_INFORMATION, Verb.LAPSE_INFORMATION, SYSTEM, S.IN_REVIEW),
    *(Move(state, Verb.SEND_CORRECTION, REVIEWER, state) for state in OPEN),
    *(Move(state, Verb.ANSWER_CORRECTION, REVIEWER, state) for state in OPEN),
    *(Move(state, Verb.PROPOSE_SUPPRESSION, REVIEWER, state) for state in OPEN),
    *(Move(state, Verb.APPROVE_SUPPRESSION, APPROVER, state) for state in OPEN),
    *(Move(state, Verb.REFUSE_SUPPRESSION, APPROVER, state) for state in OPEN),
    *(Move(state, Verb.WITHDRAW_SUPPRESSION, REVIEWER, state) for state in OPEN),
    *(Move(state, Verb.PROPOSE, REVIEWER, S.PROPOSED) for state in UNDECIDED),
    Move(S.PROPOSED, Verb.REFUSE, APPROVER, S.IN_REVIEW),
    Move(S.PROPOSED, Verb.WITHDRAW_PROPOSAL, REVIEWER, S.IN_REVIEW),
    *(Move(state, Verb.ESCALATE, SYSTEM, state) for state in (*UNDECIDED, S.PROPOSED)),
    *(Move(state, Verb.CONVERGE, SYSTEM, S.CONVERGED) for state in OPEN),
)

CASE_LIFE: tuple[Move, ...] = (
    *WORK,
    Move(S.PROPOSED, Verb.APPROVE, APPROVER, S.DECIDED),
    *(Move(state, Verb.UPHOLD, REVIEWER, S.DECIDED) for state in UNDECIDED),
    *(Move(state, Verb.RELINK, SYSTEM, state) for state in OPEN),
    *(Move(state, Verb.SETTLE_BY_RULING, APPROVER, S.DECIDED) for state in OPEN),
)

GREEN = "the code turns green"
LIGHTER = "the code turns lighter, not green"
NO_LIGHTER = "the code turns no lighter"

APPEAL_LIFE: tuple[Move, ...] = (
    *WORK,
    Move(S.PROPOSED, Verb.APPROVE, APPROVER, S.ACCEPTED, GREEN),
    Move(S.PROPOSED, Verb.APPROVE, APPROVER, S.PARTLY_ACCEPTED, LIGHTER),
    Move(S.PROPOSED, Verb.APPROVE, APPROVER, S.DENIED, NO_LIGHTER),
    *(Move(state, Verb.SETTLE_BY_RULING, APPROVER, S.ACCEPTED, GREEN) for state in OPEN),
    *(Move(state, Verb.SETTLE_BY_RULING, APPROVER, S.PARTLY_ACCEPTED, LIGHTER) for state in OPEN),
    *(Move(state, Verb.DENY, REVIEWER, S.DENIED) for state in UNDECIDED),
    *(Move(state, Verb.WITHDRAW, CITIZEN, S.WITHDRAWN) for state in OPEN),
    Move(S.DENIED, Verb.LOG_DISAGREEMENT, CITIZEN, S.DISAGREEMENT_LOGGED),
)

LIVES: dict[str, tuple[Move, ...]] = {
    Case.Kind.DISAGREEMENT.value: CASE_LIFE,
    Case.Kind.SUSPENSION.value: CASE_LIFE,
    Case.Kind.APPEAL.value: APPEAL_LIFE,
}


def moves_from(kind: str, state: str, verb: Verb | None = None) -> tuple[Move, ...]:
    """The rows for a state, and for one act in it; more than one row for an act when it can end in several ways."""
    return tuple(move for move in LIVES[kind] if move.state == state and verb in (None, move.verb))


def states_of(life: tuple[Move, ...]) -> tuple[CaseState, ...]:
    """The states that occur in a life, in the order of their definition."""
    found = {move.state for move in life} | {move.becomes for move in life}
    return tuple(state for state in CaseState if state in found)
