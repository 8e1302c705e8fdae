"""Looking a person up at a gate by the document in hand, where there is no code that could be scanned.

Only the colour is answered. That the city does not know a number, and that it cannot say a colour, are one answer, so nobody learns who
is known here; each device may ask only so often. The person reads in their own history where they were looked up, and why.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codes.citizens.sign_in import TooOften, wait_of
from codes.effective import effective_code
from codes.models import Citizen, PersonAccess
from codes.vocabulary import State
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.keys.encryption import identity_hash
from regions.locks import advisory_lock

LOOKED_UP = "gate.looked_up"
SEEN = "gate"  # what of the person was shown: their colour, at a gate
Limits = tuple[tuple[timedelta, int], ...]
PER_DEVICE: Limits = ((timedelta(minutes=1), 10), (timedelta(hours=1), 120))


class LookUpPurpose(TextChoices):
    NO_PHONE = "no_phone", _("the person has no phone with them")
    PHONE_FAILS = "phone_fails", _("their phone does not work")
    NOT_READABLE = "not_readable", _("the code cannot be read")
    CHILD_OR_WARD = "child_or_ward", _("a child or somebody in care")


def look_up_by_document(identity: Identity, *, purpose: LookUpPurpose, by: str, now: datetime) -> State:
    """The colour of whoever has this document; unknown if nobody has. ``by``: the device. Raises ``TooOften``, whoever it is."""
    with transaction.atomic():
        advisory_lock(f"look-ups of {by}")
        check_limits(by, LOOKED_UP, PER_DEVICE, now=now)
        citizen = Citizen.objects.filter(id_hash=identity_hash(identity)).first()
        # The journal is kept for ever: it has the gate and the purpose, and not the person, who has it in their own history.
        record(LOOKED_UP, by=by, now=now, subject=by, data={"purpose": purpose.value})
        if citizen is None:
            return State.UNKNOWN
        PersonAccess.objects.create(citizen=citizen, at=now, by=by, purpose=purpose.value, what=SEEN)
        return State(effective_code(citizen.pk, now=now).colour)


def check_limits(asked_by: str, verb: str, limits: Limits, *, now: datetime) -> None:
    """Counted in the journal, under a lock of whoever asks: no number of web processes lets more through. Raises ``TooOften``."""
    longest, most = limits[-1]
    done = JournalEntry.objects.filter(by=asked_by, verb=verb, at__gt=now - longest).order_by("-seq")
    wait = wait_of(list(done.values_list("at", flat=True)[:most]), limits, now=now)
    if wait:
        raise TooOften(wait)
