"""The first security administrators of a city: whether they have enrolled, and a new link for those whose link has expired.

Until one of them has enrolled, nobody in the city can have a link sent; the operator can. The address stays the one that two
operators approved.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from regions.locks import advisory_lock
from regions.proposals import require_role_or_operator
from regions.refusals import Refused
from regions.staff.accounts import StaffReason, journal
from regions.staff.enrolment import is_enrolling, open_link
from regions.staff.models import Account, EnrolmentLink
from regions.staff.roles import Role
from regions.tenancy import in_city


class Enrolment(TextChoices):
    """The state of enrolment of a person named in a city's opening."""

    ENROLLED = "enrolled", _("has enrolled")
    SENT = "sent", _("has the link, and has not used it yet")
    WAITING = "waiting", _("the link waits for a worker or the mail server")
    TOO_OLD = "too_old", _("the link is too old")


class Administrator(NamedTuple):
    """A first administrator, as the operator sees them."""

    name: str
    username: str
    state: Enrolment


def administrators_at_work() -> QuerySet[Account]:
    """Return open accounts of security administrators, including those who have not enrolled yet. Call in the city."""
    mine = Account.objects.filter(grants__role=Role.SECURITY_ADMIN, grants__revoked_at__isnull=True, is_active=True)
    return mine.distinct().order_by("username")


def first_administrators(schema: str, *, now: datetime) -> list[Administrator]:
    """Return the city's security administrators, enrolled or not. Call in no city."""
    with in_city(schema):
        found = administrators_at_work().prefetch_related("enrolment_links")
        return [Administrator(one.full_name, one.username, _state(one, now)) for one in found]


def send_first_links(schema: str, *, by: str, now: datetime) -> list[EnrolmentLink]:
    """Send new links to the same addresses if nobody has enrolled. Call in no city. Raises ``Refused``."""
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with in_city(schema), transaction.atomic():
        advisory_lock("staff")
        waiting = list(administrators_at_work())
        if not waiting or not all(map(is_enrolling, waiting)):
            raise Refused(StaffReason.HAS_ADMINISTRATOR if waiting else StaffReason.NO_SUCH_ACCOUNT)
        links = [open_link(account, now=now) for account in waiting]
        for account in waiting:
            journal("staff.link_asked_again", account, by=by, now=now)
    return links


def _state(account: Account, now: datetime) -> Enrolment:
    if not is_enrolling(account):
        return Enrolment.ENROLLED
    link = next((one for one in account.enrolment_links.all() if one.voided_at is None), None)
    if link is None or link.expires_at <= now:
        return Enrolment.TOO_OLD
    return Enrolment.WAITING if link.sent_at is None else Enrolment.SENT
