"""What may be done with a case now, and by whom."""

from codes.models import Case
from codes.review.cases.transitions import Verb, transitions_from
from codes.review.permissions import may
from portal.official.cases.related import Row
from regions.staff.roles import Role

# A colleague's case is taken over first.
ASSIGNEE_ONLY = frozenset(
    {
        Verb.PROPOSE,
        Verb.UPHOLD,
        Verb.DENY,
        Verb.ASK_INFORMATION,
        Verb.DROP_INFORMATION,
        Verb.MARK_COMPLEX,
        Verb.PUT_BACK,
    }
)


def offered(case: Case, *, roles: frozenset[Role], username: str, proposed: Row | None = None) -> frozenset[str]:
    """The names of the acts (``propose``, ``take_over`` …), as templates ask for them."""
    return frozenset(
        verb.name.lower()
        for verb in {move.action for move in transitions_from(case.kind, case.state)}
        if may(roles, verb) and _is_left(verb, case, username, proposed)
    )


def _is_left(verb: Verb, case: Case, username: str, proposed: Row | None) -> bool:
    match verb:
        case Verb.TAKE_OVER:
            return case.assigned_to != username
        case Verb.PUT_BACK:
            return case.assigned_to == username
        case Verb.LOOK:
            return case.first_looked_at is None
        case Verb.MARK_COMPLEX:
            return case.complex_since is None and case.assigned_to in ("", username)
        case Verb.WITHDRAW_PROPOSAL:
            return proposed is not None and proposed["proposed_by"] == username
        case Verb.APPROVE | Verb.REFUSE:
            return proposed is not None and proposed["proposed_by"] != username
        case _:
            return verb not in ASSIGNEE_ONLY or case.assigned_to in ("", username)
