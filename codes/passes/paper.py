"""Paper passes: valid for a year, without a colour. Only the issuing city can use them, by looking up the citizen.

``docs/adr/0038-passes-off-line.md``.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen, PaperPass
from codes.passes.key_list import KeyList, key_id_of
from codes.passes.results import BadPass, CheckResult
from codes.passes.token import (
    AUDIENCE_OF,
    EXPIRES,
    ISSUED,
    ISSUER,
    SUBJECT,
    check_issuer,
    check_times,
    instants_of,
    read_signed,
    write_signed,
)
from codes.review.permissions import require_own
from regions.actors import CITIZEN_PREFIX
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.proposals import require_role
from regions.refusals import NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city

PAPER_PREFIX = "HPP1:"
PAPER_AUDIENCE = "look-up"
PAPER_LIFETIME = timedelta(days=365)
PSEUDONYM_BYTES = 10
# One at home, one in the wallet and one with each of some carers. Any more would probably be used by somebody else.
MOST_IN_FORCE = 5


class PaperFault(TextChoices):
    TOO_MANY = "too_many", _("Five paper codes at most are good at a time. Withdraw one first, or all earlier ones.")


@dataclass(frozen=True, slots=True)
class Paper:
    """The content of a paper pass. Only the city can resolve the pseudonym."""

    division: str
    pseudonym: str
    issued_at: datetime
    expires_at: datetime


def issue_paper(
    citizen: Citizen, *, by: str, now: datetime, lifetime: timedelta = PAPER_LIFETIME, withdraw_earlier: bool = False
) -> tuple[str, Paper]:
    """Return a new token and its content, for the citizen, their guardian, or a reviewer at a counter.

    Earlier ones stay valid unless ``withdraw_earlier``, for example one at home and one in the wallet. Raises
    ``NotFound``, ``NotAllowed``, and ``Refused`` if too many are in force.
    """
    _require(by, citizen)
    if not timedelta(days=1) <= lifetime <= PAPER_LIFETIME:
        raise ValueError("a paper pass is good for one to 365 days")
    issued_at = now.replace(microsecond=0)
    pseudonym = base64.b32encode(secrets.token_bytes(PSEUDONYM_BYTES)).decode()
    content = Paper(current_city().division, pseudonym, issued_at, issued_at + lifetime)
    with transaction.atomic():
        # Locked, so that two simultaneous requests cannot both issue the last one.
        Citizen.objects.select_for_update().get(pk=citizen.pk)
        in_force = PaperPass.objects.in_force(now).filter(citizen=citizen)
        withdrawn = _withdraw(in_force, by, now) if withdraw_earlier else []
        if in_force.count() >= MOST_IN_FORCE:
            raise Refused(PaperFault.TOO_MANY)
        row = PaperPass.objects.create(
            citizen=citizen,
            pseudonym_hash=_hash(pseudonym),
            asked_by=by,
            issued_at=content.issued_at,
            expires_at=content.expires_at,
        )
        data = {"paper": row.pk, "until": content.expires_at.isoformat(), "withdrawn": withdrawn}
        record("paper.issued", by=by, now=now, subject=citizen.subject, data=data)
    return _write(content), content


def withdraw_paper(paper_id: int, *, by: str, now: datetime) -> None:
    """Withdraw a paper pass. It is invalid everywhere from now on. Raises ``NotFound`` and ``NotAllowed``."""
    row = PaperPass.objects.in_force(now).select_related("citizen").filter(pk=paper_id).first()
    if row is None:
        raise NotFound
    _require(by, row.citizen)
    with transaction.atomic():
        if not _withdraw(PaperPass.objects.filter(pk=row.pk, withdrawn_at__isnull=True), by, now):
            raise NotFound
        record("paper.withdrawn", by=by, now=now, subject=row.citizen.subject, data={"paper": row.pk})


def verify_paper(token: str, keys: KeyList, *, at: datetime) -> Paper:
    """Return the content of a genuine paper pass, without checking whether it was withdrawn. Raises ``BadPass``."""
    claims, key = read_signed(token, keys, prefix=PAPER_PREFIX)
    issued_at, expires_at = instants_of(claims, audience=PAPER_AUDIENCE, others=set())
    content = Paper(claims[ISSUER], claims[SUBJECT], issued_at, expires_at)
    check_issuer(content.division, key)
    check_times(issued_at, expires_at, key, at, lifetime=PAPER_LIFETIME)
    return content


def holder(content: Paper) -> Citizen:
    """Return the citizen of a verified paper pass, in the city that issued it. Raises ``BadPass``."""
    if content.division != current_city().division:
        raise BadPass(CheckResult.OTHER_CITY)
    row = PaperPass.objects.select_related("citizen").filter(pseudonym_hash=_hash(content.pseudonym)).first()
    # A pass that the city signed but has no row of belongs to a citizen whose records were removed.
    if row is None or row.withdrawn_at is not None:
        raise BadPass(CheckResult.WITHDRAWN)
    return row.citizen


def _require(by: str, citizen: Citizen) -> None:
    if by.startswith(CITIZEN_PREFIX):
        require_own(by, citizen)
    else:
        require_role(by, Role.REVIEWER)


def _withdraw(papers: QuerySet[PaperPass], by: str, now: datetime) -> list[int]:
    keys = sorted(papers.select_for_update().values_list("pk", flat=True))
    PaperPass.objects.filter(pk__in=keys).update(withdrawn_at=now, withdrawn_by=by)
    return keys


def _hash(pseudonym: str) -> bytes:
    return encryption.lookup_hash(pseudonym, use="paper_pass")


def _write(content: Paper) -> str:
    key = encryption.signing_key(Purpose.PASS)
    claims = {
        ISSUER: content.division,
        SUBJECT: content.pseudonym,
        AUDIENCE_OF: PAPER_AUDIENCE,
        EXPIRES: int(content.expires_at.timestamp()),
        ISSUED: int(content.issued_at.timestamp()),
    }
    return write_signed(claims, prefix=PAPER_PREFIX, key_id=key_id_of(key.public_key), sign=key.sign)
