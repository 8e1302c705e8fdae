"""The checks an identity passes before anything is filed under it. No error repeats the number: messages end up in logs."""

import re
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from stdnum.cn.ric import calc_check_digit

from regions.vocabulary import IdType

# Numbers were first issued in 1984; nobody alive then was born before this day, so an earlier date is a typing error.
EARLIEST_BIRTH = date(1850, 1, 1)

# ASCII only: `\d` would also accept full-width and Arabic digits, which no register holds.
_RESIDENT_FORM = re.compile(r"[0-9]{17}[0-9X]")
_OTHER_FORM = re.compile(r"[A-Z0-9()/-]{3,30}")


class IdentityFault(TextChoices):
    UNKNOWN_TYPE = "unknown_type", _("This type of document is not known.")
    WRONG_LENGTH = "wrong_length", _("A resident ID number has 18 characters.")
    WRONG_FORM = "wrong_form", _("The number holds characters that it cannot have.")
    IMPOSSIBLE_BIRTH_DATE = "impossible_birth_date", _("The birth date in it does not exist.")
    BIRTH_DATE_IN_FUTURE = "birth_date_in_future", _("The birth date in it is yet to come.")
    WRONG_CHECK_DIGIT = "wrong_check_digit", _("The check digit does not fit: please compare.")


class BadIdentity(ValueError):
    """A document that cannot be anybody's; `reason` says why."""

    def __init__(self, reason: IdentityFault) -> None:
        """Keep the reason only, never the number."""
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """A checked document in its normal spelling: equal identities are the same person."""

    id_type: IdType
    id_number: str

    def __repr__(self) -> str:
        """Leave the number out: a repr lands in logs and tracebacks."""
        return f"Identity({self.id_type.value})"


def check_identity(id_type: str, id_number: str, *, today: date) -> Identity:
    """The identity in its normal spelling (upper case), or BadIdentity with the first thing that is wrong.

    A resident ID's division is not looked up: numbers carry the division at issue, which may be long dissolved.
    """
    try:
        kind = IdType(id_type)
    except ValueError:
        raise BadIdentity(IdentityFault.UNKNOWN_TYPE) from None
    # `upper` may lengthen or map exotic letters into ASCII (ſ → S), so only ASCII is raised at all.
    number = id_number.upper() if id_number.isascii() else id_number
    if kind is IdType.RESIDENT_ID:
        _check_resident_number(number, today)
    elif not _OTHER_FORM.fullmatch(number):
        raise BadIdentity(IdentityFault.WRONG_FORM)
    return Identity(kind, number)


def _check_resident_number(number: str, today: date) -> None:
    """Refuse an 18-character number that GB 11643 would not issue."""
    if len(number) != 18:
        raise BadIdentity(IdentityFault.WRONG_LENGTH)
    if not _RESIDENT_FORM.fullmatch(number):
        raise BadIdentity(IdentityFault.WRONG_FORM)
    born = birth_date(number)
    if born is None or born < EARLIEST_BIRTH:
        raise BadIdentity(IdentityFault.IMPOSSIBLE_BIRTH_DATE)
    if born > today:
        raise BadIdentity(IdentityFault.BIRTH_DATE_IN_FUTURE)
    if calc_check_digit(number) != number[-1]:
        raise BadIdentity(IdentityFault.WRONG_CHECK_DIGIT)


def birth_date(number: str) -> date | None:
    """The eight digits from the seventh on as a day, none if the calendar has no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
