"""A paper code printed at a counter, for a person without a phone whose document the official has in hand.

Finding the person and printing are two steps, so that the official can compare the document with the person found. Both
are recorded in the journal and in the person's own history, with the purpose. The number of look-ups per official is
limited.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen, PersonAccess
from codes.passes.lookup import check_limits
from codes.passes.paper import Paper, issue_paper
from regions.identity import Identity
from regions.journal.record import record
from regions.keys.encryption import identity_hash
from regions.locks import advisory_lock
from regions.proposals import require_role
from regions.refusals import NotFound
from regions.staff.roles import Role

LOOKED_UP = "paper.looked_up"
SEEN, PRINTED = "paper", "paper_printed"
PER_OFFICIAL = ((timedelta(minutes=1), 5), (timedelta(hours=1), 60))
# The person is assumed to be still at the counter for this time after the look-up.
AT_THE_COUNTER = timedelta(minutes=15)


class CounterPurpose(TextChoices):
    NO_PHONE = "no_phone", _("the person has no phone")
    CANNOT_USE_IT = "cannot_use_it", _("the person cannot use a phone by themselves")
    LOST = "lost", _("their paper code is lost or cannot be read")
    CHILD_OR_WARD = "child_or_ward", _("a child or somebody in care")


def look_up_at_counter(identity: Identity, *, purpose: CounterPurpose, by: str, now: datetime) -> Citizen | None:
    """Return the citizen with this document, if any.

    Raises ``NotAllowed``, and ``TooOften`` regardless of whether anybody has it.
    """
    require_role(by, Role.REVIEWER)
    with transaction.atomic():
        advisory_lock(f"look-ups of {by}")
        check_limits(by, LOOKED_UP, PER_OFFICIAL, now=now)
        citizen = Citizen.objects.filter(id_hash=identity_hash(identity)).first()
        subject = citizen.subject if citizen else ""
        record(LOOKED_UP, by=by, now=now, subject=subject, data={"purpose": purpose.value})
        if citizen is not None:
            PersonAccess.objects.create(citizen=citizen, at=now, by=by, purpose=purpose.value, what=SEEN)
    return citizen


def print_at_counter(
    identity: Identity, *, withdraw_earlier: bool, by: str, now: datetime
) -> tuple[Citizen, str, Paper]:
    """Return the person and their new paper code, if the same official has just looked them up.

    Raises ``NotFound``, ``NotAllowed``, and ``Refused`` if the person has too many paper codes.
    """
    seen = PersonAccess.objects.select_related("citizen").filter(
        citizen__id_hash=identity_hash(identity), by=by, what=SEEN, at__gt=now - AT_THE_COUNTER, at__lte=now
    )
    with transaction.atomic():
        access = seen.order_by("-at", "-pk").first()
        if access is None:
            raise NotFound
        token, content = issue_paper(access.citizen, by=by, now=now, withdraw_earlier=withdraw_earlier)
        PersonAccess.objects.create(citizen=access.citizen, at=now, by=by, purpose=access.purpose, what=PRINTED)
    return access.citizen, token, content
