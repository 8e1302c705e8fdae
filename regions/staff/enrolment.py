"""How a person comes to their own password and one-time codes: by a link that is sent to them and that no administrator sees."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from regions.refusals import Refused
from regions.staff.accounts import StaffReason, journal
from regions.staff.models import Account, EnrolmentLink

TOKEN_BYTES = 32
# A worker that began to send and was killed is followed by another; the later token is the one that counts.
TRY_AGAIN_AFTER = timedelta(minutes=5)
MOST_TRIES = 10


def open_link(account: Account, *, now: datetime) -> EnrolmentLink:
    """A new link for a worker to send; the older ones are void. Call in the transaction of what asks for it. Raises ``Refused``."""
    if not account.email:
        raise Refused(StaffReason.NO_EMAIL)
    account.enrolment_links.open().update(voided_at=now)
    return EnrolmentLink.objects.create(
        account=account, asked_at=now, expires_at=now + timedelta(hours=settings.ENROLMENT_LINK_HOURS)
    )


def is_enrolling(account: Account) -> bool:
    """Whether a link is what the account waits for: one was made, and no password has been chosen since."""
    return not account.has_usable_password() and account.enrolment_links.exists()


def links_to_send(*, now: datetime) -> QuerySet[EnrolmentLink]:
    """Those that no worker has sent, nor is about to."""
    free = Q(tried_at__isnull=True) | Q(tried_at__lt=now - TRY_AGAIN_AFTER)
    return EnrolmentLink.objects.usable(now=now).filter(free, sent_at__isnull=True, tries__lt=MOST_TRIES)


def take_to_send(link_id: int, *, now: datetime) -> tuple[EnrolmentLink, str] | None:
    """The link and its new token, for the worker that sends it; none when another has it. The token is kept nowhere."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    taken = links_to_send(now=now).filter(pk=link_id)
    if not taken.update(token_hash=hash_of_token(token), tries=F("tries") + 1, tried_at=now):
        return None
    return EnrolmentLink.objects.select_related("account").get(pk=link_id), token


def note_sent(link: EnrolmentLink, *, now: datetime) -> None:
    """That the mail server has taken it."""
    with transaction.atomic():
        EnrolmentLink.objects.filter(pk=link.pk).update(sent_at=now)
        journal("staff.link_sent", link.account, by="system", now=now, expires_at=link.expires_at.isoformat())


def hash_of_token(token: str) -> bytes:
    """256 random bits cannot be guessed from it, however fast they are tried."""
    return hashlib.sha256(token.encode()).digest()


def find_link(token_hash: bytes, *, now: datetime) -> EnrolmentLink | None:
    """The usable link of a token; none for one that was used, replaced, has expired, or is another city's."""
    return EnrolmentLink.objects.usable(now=now).select_related("account").filter(token_hash=token_hash).first()


def enrol(token_hash: bytes, password: str, *, now: datetime) -> Account | None:
    """Use the link: the account has this password from now on. None when the link is no longer usable.

    Call in the transaction that ties the authenticator app as well: a link is used for both or for neither.
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
