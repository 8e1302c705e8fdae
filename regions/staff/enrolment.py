"""Enrolment: a person chooses a password and an authenticator app by a link sent to them, which no administrator sees."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from regions.actors import SYSTEM
from regions.refusals import Refused
from regions.staff.accounts import StaffReason, journal
from regions.staff.models import Account, EnrolmentLink

TOKEN_BYTES = 32
# After this time another worker retries a sending that was begun and not finished; the later token is the valid one.
TRY_AGAIN_AFTER = timedelta(minutes=5)
MOST_TRIES = 10


def open_link(account: Account, *, now: datetime) -> EnrolmentLink:
    """Create a link for a worker to send and void the older ones. Call in the transaction of the request. Raises ``Refused``."""
    if not account.email:
        raise Refused(StaffReason.NO_EMAIL)
    account.enrolment_links.open().update(voided_at=now)
    return EnrolmentLink.objects.create(
        account=account, asked_at=now, expires_at=now + timedelta(hours=settings.ENROLMENT_LINK_HOURS)
    )


def is_enrolling(account: Account) -> bool:
    """Return whether the account waits for enrolment: it has a link, and no password has been chosen since."""
    return not account.has_usable_password() and account.enrolment_links.exists()


def links_to_send(*, now: datetime) -> QuerySet[EnrolmentLink]:
    """Return usable links that were not sent and that no worker is sending."""
    free = Q(tried_at__isnull=True) | Q(tried_at__lt=now - TRY_AGAIN_AFTER)
    return EnrolmentLink.objects.usable(now=now).filter(free, sent_at__isnull=True, tries__lt=MOST_TRIES)


def take_to_send(link_id: int, *, now: datetime) -> tuple[EnrolmentLink, str] | None:
    """Return the link with a new token, for the worker that sends it, or ``None`` if another has it. The token is not stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    taken = links_to_send(now=now).filter(pk=link_id)
    if not taken.update(token_hash=hash_of_token(token), tries=F("tries") + 1, tried_at=now):
        return None
    return EnrolmentLink.objects.select_related("account").get(pk=link_id), token


def note_sent(link: EnrolmentLink, *, now: datetime) -> None:
    """Record that the mail server has accepted the message."""
    with transaction.atomic():
        EnrolmentLink.objects.filter(pk=link.pk).update(sent_at=now)
        journal("staff.link_sent", link.account, by=SYSTEM, now=now, expires_at=link.expires_at.isoformat())


def hash_of_token(token: str) -> bytes:
    """Return the hash of a token. The token has 256 random bits, so it cannot be guessed from its hash."""
    return hashlib.sha256(token.encode()).digest()


def find_link(token_hash: bytes, *, now: datetime) -> EnrolmentLink | None:
    """Return the usable link of a token, or ``None`` if it was used, replaced or has expired, or belongs to another city."""
    return EnrolmentLink.objects.usable(now=now).select_related("account").filter(token_hash=token_hash).first()


def enrol(token_hash: bytes, password: str, *, now: datetime) -> Account | None:
    """Use the link: set the account's password. Return ``None`` if the link is no longer usable.

    Call in the transaction that also enrols the authenticator app: a link is used for both or for neither.
    """
    link = find_link(token_hash, now=now)
    if link is None or not EnrolmentLink.objects.usable(now=now).filter(pk=link.pk).update(used_at=now):
        return None
    account = link.account
    account.set_password(password)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    journal("staff.enrolled", account, by=account.username, now=now)
    return account
