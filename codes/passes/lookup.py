"""Looking up a person at a gate by the document in hand, if there is no code to scan.

The answer is a colour only. An unknown number and an unknown colour give the same answer, so that nobody learns who is
known to the city. The number of look-ups per device is limited. The person's own history shows where they were looked
up, and why.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.effective import effective_code
from codes.limits import TooOften, wait_of
from codes.models import Citizen, PersonAccess
from codes.vocabulary import State
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.keys.encryption import identity_hash
from regions.locks import advisory_lock

LOOKED_UP = "gate.looked_up"
SEEN = "gate"  # what was shown about the person: their colour, at a gate
Limits = tuple[tuple[timedelta, int], ...]
PER_DEVICE: Limits = ((timedelta(minutes=1), 10), (timedelta(hours=1), 120))


class LookUpPurpose(TextChoices):
    NO_PHONE = "no_phone", _("the person has no phone with them")
    PHONE_FAILS = "phone_fails", _("their phone does not work")
    NOT_READABLE = "not_readable", _("the code cannot be read")
    CHILD_OR_WARD = "child_or_ward", _("a child or somebody in care")


def look_up_by_document(identity: Identity, *, purpose: LookUpPurpose, by: str, now: datetime) -> State:
    """Return the colour of the person with this document; unknown if there is none. ``by`` is the device.

    Raises ``TooOften``, regardless of the person.
    """
    with transaction.atomic():
        advisory_lock(f"look-ups of {by}")
        check_limits(by, LOOKED_UP, PER_DEVICE, now=now)
        citizen = Citizen.objects.filter(id_hash=identity_hash(identity)).first()
        # The journal is kept permanently: it contains the gate and the purpose. The person is recorded in their own
        # history only.
        record(LOOKED_UP, by=by, now=now, subject=by, data={"purpose": purpose.value})
        if citizen is None:
            return State.UNKNOWN
        PersonAccess.objects.create(citizen=citizen, at=now, by=by, purpose=purpose.value, what=SEEN)
        return State(effective_code(citizen.pk, now=now).colour)


def check_limits(asked_by: str, verb: str, limits: Limits, *, now: datetime) -> None:
    """Check the limits of a caller, counted in the journal under a lock of the caller, so that several web processes
    share them.

    Raises ``TooOften``.
    """
    longest, most = limits[-1]
    done = JournalEntry.objects.filter(by=asked_by, verb=verb, at__gt=now - longest).order_by("-seq")
    wait = wait_of(list(done.values_list("at", flat=True)[:most]), limits, now=now)
    if wait:
        raise TooOften(wait)
