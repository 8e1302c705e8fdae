"""Taking a lost phone off an account: its one-time codes end, and its password with them."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from regions.journal.record import record
from regions.staff.changes import new_password
from regions.staff.models import Account


def reset_sign_in(account_id: int, *, by: str, now: datetime) -> tuple[Account, str]:
    """The account begins anew with a one-time password, told once. Raises ``Refused``.

    The codes do not end alone: whoever knew the password could then tie a phone of their own to the account.
    """
    with transaction.atomic():
        account, password = new_password(account_id, by=by, now=now)
        removed, _ = Authenticator.objects.filter(user=account).delete()
        if removed:
            record("staff.codes_reset", by=by, now=now, subject=f"staff:{account.username}")
    return account, password
