"""Who a citizen's act is by, as verbs and the journal want it."""

from codes.review.permissions import actor_name
from portal.citizen.subject import SubjectRequest


def acting(request: SubjectRequest) -> str:
    """The citizen who signed in, whoever the page is about."""
    return actor_name(request.citizen)
