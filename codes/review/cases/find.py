"""Finding cases, open or closed, by a case's number, a citizen's reference, a document's number or a name.

People without a case are not found, so that a search does not reveal whether a person is known to the city.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Case, Citizen
from codes.models.case import CASE_NUMBER
from codes.review.evidence.access import log_access
from regions.identity import BadIdentity, Identity, birth_date, check_identity
from regions.journal.record import record
from regions.keys.encryption import decrypt_number, identity_hash
from regions.proposals import require_role
from regions.refusals import Refused
from regions.staff.roles import Role
from regions.vocabulary import IdType

BY_NUMBER = "found"  # what was seen of the person: their cases, found by the number of their document
SOUGHT = "person.sought"
SHORTEST_NAME = 2
MOST_NAMES = 2000


class FindFault(TextChoices):
    NAME_TOO_SHORT = "name_too_short", _("Type at least two characters of the name.")
    NO_BIRTH_YEAR = "no_birth_year", _("A name alone finds too many. Type the year of birth too.")
    TOO_MANY_NAMES = "too_many_names", _("More people than can be compared are called so. Type more of the name.")


def find_cases(text: str, *, born_in: int | None, purpose: str, by: str, now: datetime, today: date) -> QuerySet[Case]:
    """Return the cases, the newest first. Raises ``Refused``.

    A document's number needs a ``purpose``. The journal and the citizen's own history record the purpose and who
    looked; the number itself is not stored. A part of a name needs ``born_in``, a year, which only numbers of resident
    ID cards contain.
    """
    require_role(by, Role.REVIEWER, Role.APPROVER, Role.AUDITOR)
    newest = Case.objects.order_by("-opened_at", "-pk")
    text = text.strip()
    if CASE_NUMBER.fullmatch(text.upper()):
        return newest.filter(number=text.upper())
    if (people := Citizen.objects.by_ref(text)).exists():
        return newest.filter(citizen__in=people)
    if identities := _identities(text, today=today):
        return newest.filter(citizen__in=_with_document(identities, purpose=purpose, by=by, now=now))
    return newest.filter(citizen__in=_with_name(text, born_in))


def _identities(text: str, *, today: date) -> list[Identity]:
    """Return the identities whose document may have this number, of every type. A text without a digit is a name."""
    if not any(one.isdecimal() for one in text):
        return []
    found: list[Identity] = []
    for kind in IdType:
        try:
            found.append(check_identity(kind.value, text, today=today))
        except BadIdentity:
            continue
    return found


def _with_document(identities: list[Identity], *, purpose: str, by: str, now: datetime) -> list[int]:
    hashes = {identity_hash(one) for one in identities}
    with transaction.atomic():
        people = Citizen.objects.filter(_has_case(), id_hash__in=hashes)
        found = list(people.order_by("pk").values_list("pk", flat=True))
        if found:
            log_access(citizens=found, what=BY_NUMBER, purpose=purpose, by=by, now=now)
        else:
            record(SOUGHT, by=by, now=now)
    return found


def _with_name(text: str, born_in: int | None) -> list[int]:
    if len(text) < SHORTEST_NAME:
        raise Refused(FindFault.NAME_TOO_SHORT)
    if born_in is None:
        raise Refused(FindFault.NO_BIRTH_YEAR)
    called = Citizen.objects.filter(_has_case(), full_name__icontains=text, id_type=IdType.RESIDENT_ID.value)
    rows: list[Any] = list(called.order_by("pk").values_list("pk", "id_encrypted")[: MOST_NAMES + 1])
    if len(rows) > MOST_NAMES:
        raise Refused(FindFault.TOO_MANY_NAMES)
    return [pk for pk, encrypted in rows if _born(bytes(encrypted)) == born_in]


def _has_case() -> Exists:
    return Exists(Case.objects.filter(citizen=OuterRef("pk")))


def _born(encrypted: bytes) -> int | None:
    born = birth_date(decrypt_number(encrypted))
    return born.year if born else None
