"""Access to citizens' identities: requested with a purpose, journalled, and readable for the citizen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from codes.models import Case, Citizen, PersonAccess, StatedName
from codes.review.errors import Reason
from regions.journal.record import record
from regions.keys.encryption import decrypt_number, decrypt_phone
from regions.proposals import require_role
from regions.refusals import NotFound, Refused
from regions.staff.roles import Role

IDENTITY = "identity"
CASE_FILE = "case_file"
LONGEST_PURPOSE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """The identity of a citizen.

    It is kept out of logs and of the ``repr``. ``names`` are the names that origins give, if they differ.
    """

    full_name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    phone: str = field(repr=False)
    names: tuple[StatedName, ...] = field(repr=False, default=())


def reveal(*, citizen_id: int, purpose: str, by: str, now: datetime) -> Person:
    """Return the name, number and phone of one citizen for an official who states a purpose."""
    require_role(by, Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
    citizen = Citizen.objects.filter(pk=citizen_id).first()
    if citizen is None:
        raise NotFound
    log_access(citizens=[citizen.pk], what=IDENTITY, purpose=purpose, by=by, now=now)
    phone = decrypt_phone(bytes(citizen.phone_encrypted)) if citizen.phone_encrypted else ""
    names = tuple(names_of(citizen)) if citizen.names_differ else ()
    return Person(citizen.full_name, citizen.id_type, decrypt_number(bytes(citizen.id_encrypted)), phone, names)


def note_printed(case: Case, *, purpose: str, by: str, now: datetime) -> None:
    """Record that the case's file is about to be handed out; the citizen sees it in the list of accesses.

    The file names nobody in full.
    """
    require_role(by, Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
    with transaction.atomic():
        PersonAccess.objects.create(citizen=case.citizen, at=now, by=by, purpose=purpose, what=CASE_FILE)
        record("case.printed", by=by, now=now, subject=f"case:{case.number}", data={"state": case.state})


def names_of(citizen: Citizen) -> QuerySet[StatedName]:
    """Return the name that each origin gives for a citizen, with the origin."""
    stated = StatedName.objects.filter(citizen=citizen).select_related("source", "provider")
    return stated.order_by("source__code", "provider__code")


def log_access(*, citizens: Iterable[int], what: str, purpose: str, by: str, now: datetime) -> int:
    """Record that identified data is about to be shown, in one journal entry for any number of people.

    Return the number of people.

    Call before showing the data. Raises ``Refused`` if there is no purpose.
    """
    purpose = purpose.strip()[:LONGEST_PURPOSE]
    if not purpose:
        raise Refused(Reason.PURPOSE_MISSING)
    rows = [PersonAccess(citizen_id=one, at=now, by=by, purpose=purpose, what=what) for one in sorted(set(citizens))]
    with transaction.atomic():
        PersonAccess.objects.bulk_create(rows, batch_size=5000)
        refs = (
            list(Citizen.objects.filter(pk=rows[0].citizen_id).values_list("ref", flat=True)) if len(rows) == 1 else []
        )
        subject = f"citizen:{refs[0]}" if refs else ""
        record("person.seen", by=by, now=now, subject=subject, data={"what": what, "people": len(rows)})
    return len(rows)
