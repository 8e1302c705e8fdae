"""The normal form of an identity, and the checks it passes before anything is stored under it (``docs/semantics.md`` §1).

Files, the API, sources and pages all use ``check_identity``. No error repeats the number, as messages are logged.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from stdnum.cn.ric import calc_check_digit

from regions.vocabulary import IdType

# Numbers were first issued in 1984 to people born after this day; an earlier date is a typing error.
EARLIEST_BIRTH = date(1850, 1, 1)

# ASCII only: `\d` would also accept other scripts' digits, which no register contains.
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
    """Raised for a document number that cannot exist; ``reason`` says why."""

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
        """Leave the number out, as a repr may be logged."""
        return f"Identity({self.id_type.value})"


def check_identity(id_type: str, id_number: str, *, today: date) -> Identity:
    """Return the identity in its normal form. Raises ``BadIdentity`` with the first fault found.

    The division in a resident ID is not looked up: a number contains the division at issue, which may have been dissolved.
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
    """Convert a number to NFKC, without spaces, in upper case, so that numbers from different keyboards and files compare equal.

    Invisible characters are removed as well: numbers copied from a chat or a table contain them.
    """
    if number.isascii() and number.isalnum():
        return number.upper()
    text = "".join(
        one for one in unicodedata.normalize("NFKC", number) if not one.isspace() and unicodedata.category(one) != "Cf"
    )
    # `upper` may lengthen text that is not ASCII or map it into ASCII, so it is applied to ASCII only.
    return text.upper() if text.isascii() else text


def canonical_identity(identity: Identity, *, today: date) -> Identity:
    """Return the canonical identity of a document's holder. The number must be normalised already.

    Residence permits of Hong Kong, Macao and Taiwan residents and the foreigner's permanent residence card of 2023 have the form of
    a resident ID, and systems send them under different types: a number that is valid as a resident ID is treated as one. A number
    of another type with a wrong check digit is not; it is kept as a document of its own, as it was sent. Under "other", a number
    that only resembles a resident ID is no error, and whose it would be could only be guessed.
    """
    if identity.id_type is not IdType.RESIDENT_ID:
        try:
            _check_resident_number(identity.id_number, today)
        except BadIdentity:
            pass
        else:
            return Identity(IdType.RESIDENT_ID, identity.id_number)
    if identity.id_type is IdType.HK_MACAO_PERMIT and (renewed := _PERMIT_FORM.fullmatch(identity.id_number)):
        return Identity(identity.id_type, renewed[1])  # without the number of renewals
    return identity


def _check_resident_number(number: str, today: date) -> None:
    """Raise ``BadIdentity`` for a number that GB 11643 would not issue."""
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
    """Return the birth date in a resident ID number, or ``None`` if it is not a date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
