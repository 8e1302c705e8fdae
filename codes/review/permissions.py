"""Which actions a person is allowed to do. Which actions are possible is decided by ``codes.review.cases.transitions``.

``by`` is the user name of a member of staff, ``citizen:<ref>``, ``provider:<code>`` or ``system``. Every action checks
the permission itself, so that a page, a command or the API that forgets the check changes nothing.
"""

from codes.models import Guardianship
from codes.models.citizen import Citizen
from codes.review.cases.transitions import APPEAL_TRANSITIONS, CASE_TRANSITIONS, Actor, Verb
from regions.actors import CITIZEN_PREFIX, PROVIDER_PREFIX, SYSTEM
from regions.proposals import roles_of
from regions.refusals import NotAllowed, NotFound
from regions.staff.roles import Role

ACTORS: dict[Verb, frozenset[Actor]] = {
    verb: frozenset(
        Actor(role) for row in (*CASE_TRANSITIONS, *APPEAL_TRANSITIONS) if row.action is verb for role in row.roles
    )
    for verb in Verb
} | {Verb.OPEN: frozenset({Actor.SYSTEM}), Verb.FILE: frozenset({Actor.CITIZEN, Actor.PROVIDER})}

ROLES = {Role.REVIEWER: Actor.REVIEWER, Role.APPROVER: Actor.APPROVER}


def may(roles: frozenset[Role], verb: Verb) -> bool:
    """Return whether somebody with these roles may do the action at all, to show or hide a control."""
    return any(ROLES.get(role) in ACTORS[verb] for role in roles)


def require(by: str, verb: Verb) -> None:
    """Raise ``NotAllowed`` unless ``by`` has a role for the action."""
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
    """Raise ``NotFound`` unless a citizen acts for themselves or for a dependant, or a provider acts for a citizen
    registered with it.

    Other people's rows and missing rows raise the same exception, so that they cannot be distinguished.
    """
    if by == citizen.actor:
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
