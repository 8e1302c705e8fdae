"""Who may do what: apart from what may happen, which ``codes.review.cases.transitions`` says.

``by`` is a member of staff's user name, ``citizen:<ref>``, ``provider:<code>``, or ``system``. Verbs ask here themselves, so that a
page, a command or the API that forgets to ask changes nothing.
"""

from codes.models import Guardianship
from codes.models.citizen import Citizen
from codes.review.cases.transitions import APPEAL_TRANSITIONS, CASE_TRANSITIONS, Actor, Verb
from regions.proposals import SYSTEM, roles_of
from regions.refusals import NotAllowed, NotFound
from regions.staff.roles import Role

CITIZEN_PREFIX = "citizen:"
PROVIDER_PREFIX = "provider:"

ACTORS: dict[Verb, frozenset[Actor]] = {
    verb: frozenset(
        Actor(role) for row in (*CASE_TRANSITIONS, *APPEAL_TRANSITIONS) if row.action is verb for role in row.roles
    )
    for verb in Verb
} | {Verb.OPEN: frozenset({Actor.SYSTEM}), Verb.FILE: frozenset({Actor.CITIZEN, Actor.PROVIDER})}

ROLES = {Role.REVIEWER: Actor.REVIEWER, Role.APPROVER: Actor.APPROVER}


def actor_name(citizen: Citizen) -> str:
    """What ``by`` is when a citizen acts."""
    return f"{CITIZEN_PREFIX}{citizen.ref}"


def may(roles: frozenset[Role], verb: Verb) -> bool:
    """Whether somebody with these roles may do it at all: for showing or hiding a control."""
    return any(ROLES.get(role) in ACTORS[verb] for role in roles)


def require(by: str, verb: Verb) -> None:
    """Raises ``NotAllowed`` unless whoever acts has a role for it."""
    wanted = ACTORS[verb]
    if by == SYSTEM:
        allowed = Actor.SYSTEM in wanted
    elif by.startswith(CITIZEN_PREFIX):
        allowed = Actor.CITIZEN in wanted
    elif by.startswith(PROVIDER_PREFIX):
        allowed = Actor.PROVIDER in wanted
    else:
        allowed = may(roles_of(by), verb)
    if not allowed:
        raise NotAllowed


def require_own(by: str, citizen: Citizen) -> None:
    """Raises ``NotFound`` unless the citizen acts for themselves or for a dependant, or a provider for whoever applied with it.

    Foreign and missing look the same.
    """
    if by == actor_name(citizen):
        return
    if by.startswith(PROVIDER_PREFIX):
        if not citizen.registrations.filter(provider__code=by.removeprefix(PROVIDER_PREFIX)).exists():
            raise NotFound
        return
    if not by.startswith(CITIZEN_PREFIX):
        raise NotAllowed
    guards = Guardianship.objects.filter(
        guardian__ref=by.removeprefix(CITIZEN_PREFIX), dependant=citizen, accepted=True, ended_at__isnull=True
    )
    if not guards.exists():
        raise NotFound
