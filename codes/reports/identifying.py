"""Who may take out full names and ID numbers, and what for."""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from django.db import connection

from codes.reports.request import CannotExport
from regions.staff.models import Account
from regions.staff.roles import Role

MAY_IDENTIFY = frozenset({Role.AUDITOR, Role.AUDIT_ADMIN})
LEAST_PURPOSE = 5
# The purpose goes into the journal, which everybody who audits reads and nobody can delete from.
LIKE_A_NUMBER = re.compile(r"[0-9]{11,}")


class NotAllowed(Exception):
    """This account may not take out identified data; the message says what would be needed."""


def checked_purpose(purpose: str) -> str:
    """The purpose as it is journalled. Raises ``CannotExport`` if it says nothing, or names somebody by number."""
    said = purpose.strip()
    if len(said) < LEAST_PURPOSE:
        raise CannotExport(f"identified data needs a purpose of at least {LEAST_PURPOSE} characters: --purpose")
    if LIKE_A_NUMBER.search(said):
        raise CannotExport("the purpose is journalled: leave ID numbers and phone numbers out of it")
    return said


def require_right(by: str) -> None:
    """Raises ``NotAllowed`` unless ``by`` is an active account of the current city with a role in ``MAY_IDENTIFY``."""
    account = Account.objects.filter(username=by, is_active=True).first()
    if account is None:
        raise NotAllowed(f"{by} is not an active account of this city")
    if not account.roles & MAY_IDENTIFY:
        raise NotAllowed(f"{by} may not: identified data needs the role {' or '.join(sorted(MAY_IDENTIFY))}")


NOTE = """
INSERT INTO codes_personaccess (citizen_id, at, by, purpose, what)
SELECT citizen, %(now)s, %(by)s, %(purpose)s, %(what)s FROM unnest(%(citizens)s::bigint[]) AS citizen
"""
CITIZENS_AT_A_TIME = 20_000


def note_access(citizens: Iterable[int], *, what: str, purpose: str, by: str, now: datetime) -> None:
    """Tell each of them who took their data out, and what for. Call in the transaction of the journal entry."""
    left = iter(citizens)
    with connection.cursor() as cursor:
        while some := list(islice(left, CITIZENS_AT_A_TIME)):
            cursor.execute(NOTE, {"citizens": some, "what": what, "purpose": purpose, "by": by, "now": now})
