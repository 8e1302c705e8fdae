"""The one normal form of an identity, and the checks it passes before anything is filed under it (``docs/semantics.md`` §1).

Files, the API, sources and pages all come through ``check_identity``. No error repeats the number: messages end up in logs.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from stdnum.cn.ric import calc_check_digit

from regions.vocabulary import IdType

# Numbers were first issued in 1984; nobody alive then was born before this day, so an earlier date is a typing error.
EARLIEST_BIRTH = date(1850, 1, 1)

# ASCII only: `\d` would also accept Arabic digits, which no register holds.
_RESIDENT_FORM = re.compile(r"[0-9]{17}[0-9X]")
_PERMIT_FORM = re.compile(r"([A-Z][0-9]{8})[0-9]{2}")
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
    """A checked document in its normal form: equal identities are the same person."""

    id_type: IdType
    id_number: str

    def __repr__(self) -> str:
        """Leave the number out: a repr lands in logs and tracebacks."""
        return f"Identity({self.id_type.value})"


def check_identity(id_type: str, id_number: str, *, today: date) -> Identity:
    """The identity in its normal form, or BadIdentity with the first thing that is wrong.

    A resident ID's division is not looked up: numbers carry the division at issue, which may be long dissolved.
    """
    try:
        kind = IdType(id_type)
    except ValueError:
        raise BadIdentity(IdentityFault.UNKNOWN_TYPE) from None
    number = normalise_number(id_number)
    if kind is IdType.RESIDENT_ID:
        _check_resident_number(number, today)
    elif not _OTHER_FORM.fullmatch(number):
        raise BadIdentity(IdentityFault.WRONG_FORM)
    return canonical_identity(Identity(kind, number), today=today)


def normalise_number(number: str) -> str:
    """NFKC, no spaces, upper case: how a number is compared, whichever keyboard or file it came from.

    Invisible marks go with the spaces: a number copied from a chat or a table brings them along.
    """
    if number.isascii() and number.isalnum():
        return number.upper()
    text = "".join(
        one for one in unicodedata.normalize("NFKC", number) if not one.isspace() and unicodedata.category(one) != "Cf"
    )
    # `upper` may lengthen what is not ASCII or map it into ASCII, so only ASCII is raised at all.
    return text.upper() if text.isascii() else text


def canonical_identity(identity: Identity, *, today: date) -> Identity:
    """The one identity of whoever holds the document; its number is in normal spelling already.

    Residence permits of Hong Kong, Macao and Taiwan residents and the foreigner's permanent residence card of 2023 have the
    resident ID's form, and systems send them under whatever type they know: a number that passes as a resident ID is one. A number
    of another type with a wrong check digit does not have the form. It stays a document of its own, as it was sent: under
    "other" a number that only looks like one is nothing wrong, and whom it would belong to could only be guessed.
    """
    if identity.id_type is not IdType.RESIDENT_ID:
        try:
            _check_resident_number(identity.id_number, today)
        except BadIdentity:
            pass
        else:
            return Identity(IdType.RESIDENT_ID, identity.id_number)
    if identity.id_type is IdType.HK_MACAO_PERMIT and (renewed := _PERMIT_FORM.fullmatch(identity.id_number)):
        return Identity(identity.id_type, renewed[1])  # without how often it was renewed
    return identity


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
