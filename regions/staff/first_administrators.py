"""The first security administrators of a city: whether they have enrolled, and another link for those who were too late for theirs.

Until one of them has, nobody in the city could have it sent; the operator can. The address stays the one that two operators saw.
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
    """How far somebody named in an opening has come."""

    ENROLLED = "enrolled", _("has enrolled")
    SENT = "sent", _("has the link, and has not used it yet")
    WAITING = "waiting", _("the link waits for a worker or the mail server")
    TOO_OLD = "too_old", _("the link is too old")


class Administrator(NamedTuple):
    """One of them, as the operator sees them."""

    name: str
    username: str
    state: Enrolment


def administrators_at_work() -> QuerySet[Account]:
    """Open accounts that may make others, also of those who have not enrolled yet. In the city."""
    mine = Account.objects.filter(grants__role=Role.SECURITY_ADMIN, grants__revoked_at__isnull=True, is_active=True)
    return mine.distinct().order_by("username")


def first_administrators(schema: str, *, now: datetime) -> list[Administrator]:
    """Who administers the city, or will. Call in no city."""
    with in_city(schema):
        found = administrators_at_work().prefetch_related("enrolment_links")
        return [Administrator(one.full_name, one.username, _state(one, now)) for one in found]


def send_first_links(schema: str, *, by: str, now: datetime) -> list[EnrolmentLink]:
    """New links to the same addresses, where nobody has enrolled. Call in no city. Raises ``Refused``."""
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
