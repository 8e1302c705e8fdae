"""What takes two people everywhere: one proposes, another decides – and how a verb says no, in both languages."""

from django.utils.translation import gettext_lazy as _

from regions.staff.models import RoleGrant
from regions.staff.roles import Role
from regions.wording import Worded


class PairReason(Worded):
    """Why an act of two people is refused, whatever it is about."""

    NOT_YOURS = "not_yours", _("Your role does not allow this. Ask a colleague whose role does.")
    SAME_PERSON = "same_person", _("Whoever proposes does not approve. Ask another approver.")
    NOT_WAITING = (
        "not_waiting",
        _("This no longer waits for a decision; somebody may have been quicker. Reload the page."),
    )
    NOT_THE_PROPOSER = "not_the_proposer", _("Only the proposer can withdraw a proposal; an approver can refuse it.")
    NO_REASON = "no_reason", _("Say why.")


class Refusal(ValueError):
    """A verb that did nothing, with the reason for whoever asked; ``{…}`` in its sentences is filled from ``parts``."""

    def __init__(self, reason: Worded, **parts: object) -> None:
        self.reason = reason
        self.parts = parts
        super().__init__(self.said_in("en"))

    def said_in(self, language: str) -> str:
        """The sentence by language tag."""
        return self.reason.said_in(language).format(**self.parts)


def roles_of(username: str) -> frozenset[Role]:
    """The roles somebody has now; none for an inactive or unknown account, and none for ``system``."""
    grants = RoleGrant.objects.filter(account__username=username, account__is_active=True, revoked_at__isnull=True)
    return frozenset(Role(role) for role in grants.values_list("role", flat=True))


def require_role(by: str, *wanted: Role) -> None:
    """Raises ``Refusal`` unless the person has one of the roles: a page or command that forgets to ask changes nothing."""
    if not roles_of(by) & set(wanted):
        raise Refusal(PairReason.NOT_YOURS)


def require_another(by: str, *, proposed_by: str) -> None:
    """Raises ``Refusal`` when the one who decides is the one who proposed; the tables refuse it, too."""
    if by == proposed_by:
        raise Refusal(PairReason.SAME_PERSON)


def require_reason(reason: str) -> str:
    """The reason without its edges and without what cannot be stored. Raises ``Refusal`` when there is none."""
    told = reason.replace("\x00", "").strip()
    if not told:
        raise Refusal(PairReason.NO_REASON)
    return told
