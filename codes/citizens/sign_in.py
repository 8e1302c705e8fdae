"""Citizens sign in with their ID number and a one-time code sent to the phone on record.

A number that nobody has is treated like one that somebody has, in everything that can be seen or timed: a row is
written, a code is made and hashed, tries are counted. Only the sending differs, which happens outside the request.

A code works only in the browser that requested it, and tries are counted per browser, so that a person who only knows a
number can use up neither its owner's tries nor their requests (docs/adr/0029-browsers-of-citizens.md).
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from codes.limits import TooOften, wait_of
from codes.models import Citizen, SignInCode
from codes.models.citizen import MAX_TRIES
from regions.identity import Identity
from regions.journal.record import record
from regions.keys.encryption import SIGN_IN_CODE, decrypt, decrypt_phone, encrypt, identity_hash, lookup_hash
from regions.locks import advisory_lock
from regions.vocabulary import in_each_language


class GatewayRefused(RuntimeError):
    """The gateway did not accept the message. The error says why, without the phone or the code."""


class SmsGateway(Protocol):
    """Sends one short message. Raises ``GatewayRefused``."""

    def send(self, *, phone: str, text: str) -> None:
        """Pass the message to the gateway. Returning means that it was accepted, not that it arrived."""
        ...


PAUSE = timedelta(seconds=60)
PER_NUMBER = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
# The limit of a number for all browsers together that never signed in with it, so that knowing a number is of limited
# use for sending messages.
BY_STRANGERS = ((timedelta(days=1), 30),)
# Many people share an address behind a carrier's or an office's gateway.
PER_ADDRESS = ((timedelta(hours=1), 60),)


@dataclass(frozen=True)
class Browser:
    """A browser, identified by the random value it was given, with a mark for each number that signed in there."""

    value: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    marks: tuple[str, ...] = field(default=(), repr=False)

    MOST_MARKS: ClassVar[int] = 8

    @property
    def hash(self) -> bytes:
        return lookup_hash(self.value, use="browser")

    def has_signed_in(self, number: bytes) -> bool:
        """Return whether somebody has signed in with this number in this browser before."""
        mark = self._mark(number)
        return any(hmac.compare_digest(mark, one) for one in self.marks)

    def marked(self, identity: Identity) -> "Browser":
        """Return the browser with a mark for this number. If there are too many marks, the earliest is dropped."""
        mark = self._mark(identity_hash(identity))
        return replace(self, marks=(*(one for one in self.marks if one != mark), mark)[-self.MOST_MARKS :])

    def _mark(self, number: bytes) -> str:
        return lookup_hash(f"{self.value}:{number.hex()}", use="number signed in at a browser").hex()


def check_limits(number: bytes, browser: Browser, address: bytes, *, now: datetime) -> None:
    """Raise ``TooOften`` with the longest wait that any limit requires.

    A browser that signed in with this number before is limited by its own requests and by its address only. Other
    browsers are also limited by the requests for the number from their address, and by those of all browsers that never
    signed in with it.
    """
    since = now - BY_STRANGERS[-1][0]
    by_number = SignInCode.objects.filter(id_hash=number, asked_at__gt=since).order_by("-asked_at")
    by_address = SignInCode.objects.filter(address_hash=address).order_by("-asked_at")
    asked = list(by_number)
    addresses = list(by_address.filter(asked_at__gt=now - PER_ADDRESS[-1][0]).values_list("asked_at", flat=True)[:60])
    own, mine = (PAUSE, 1), browser.hash
    here = [one.asked_at for one in asked if bytes(one.browser_hash) == mine]
    waits = [wait_of(here, (own, *PER_NUMBER), now=now), wait_of(addresses, PER_ADDRESS, now=now)]
    if not browser.has_signed_in(number):
        strangers = [one for one in asked if not one.has_signed_in_before]
        near = [one.asked_at for one in strangers if bytes(one.address_hash) == address]
        waits += [
            wait_of(near, (own, *PER_NUMBER), now=now),
            wait_of([one.asked_at for one in strangers], BY_STRANGERS, now=now),
        ]
    if max(waits):
        raise TooOften(max(waits))


DIGITS = 6
LIVES = timedelta(minutes=5)
KEPT = timedelta(days=2)


class WrongCode(ValueError):
    """The code is wrong, too old, used, tried too often, or was never requested.

    ``none_left``: no code requested in this browser can be used any more. It does not depend on whether the number is
    somebody's.
    """

    def __init__(self, *, none_left: bool) -> None:
        super().__init__("the code is wrong or no longer valid")
        self.none_left = none_left


def ask_code(*, identity: Identity, browser: Browser, address: str, now: datetime) -> int:
    """Create a code for the citizen with this number.

    Return the key for ``deliver_code``, which is called outside the request in any case.

    Raises ``TooOften``, by number and browser and by network address, regardless of whether the number is known.
    """
    number, origin = identity_hash(identity), address_hash(address)
    with transaction.atomic():
        advisory_lock(f"sign-in codes for {int.from_bytes(number)}")
        check_limits(number, browser, origin, now=now)
        citizen = Citizen.objects.filter(id_hash=number).first()
        code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        asked = SignInCode.objects.create(
            id_hash=number,
            address_hash=origin,
            browser_hash=browser.hash,
            has_signed_in_before=browser.has_signed_in(number),
            citizen=citizen,
            code_hash=_code_hash(number, code),
            code_sealed=encrypt(code, use=SIGN_IN_CODE),
            asked_at=now,
            expires_at=now + LIVES,
        )
    return asked.pk


def deliver_code(*, code_id: int, gateway: SmsGateway, now: datetime) -> bool:
    """Send a code to its citizen's phone, once. Return whether it was sent. Call from a task, never from the request.

    Raises ``GatewayRefused``; the code can then be delivered again.
    """
    asked = SignInCode.objects.select_related("citizen").filter(pk=code_id, code_sealed__isnull=False).first()
    if asked is None or asked.code_sealed is None:
        return False
    mine = SignInCode.objects.filter(pk=code_id, code_sealed__isnull=False).update(code_sealed=None)
    phone = asked.citizen.phone_encrypted if asked.citizen else None
    if mine != 1 or phone is None or asked.expires_at <= now:
        return False
    sealed = bytes(asked.code_sealed)
    code = decrypt(sealed, use=SIGN_IN_CODE)
    try:
        gateway.send(phone=decrypt_phone(bytes(phone)), text=_message(code))
    except GatewayRefused:
        SignInCode.objects.filter(pk=code_id).update(code_sealed=sealed)
        raise
    SignInCode.objects.filter(pk=code_id).update(sent_at=now)
    return True


def redeem_code(*, identity: Identity, browser: Browser, code: str, now: datetime) -> Citizen:
    """Return the citizen whose code it is. Raises ``WrongCode``.

    Every unexpired code requested for a number in this browser is valid until one is used, because messages may arrive
    out of order. Each code allows five tries, and a try counts for all of them.
    """
    number = identity_hash(identity)
    offered = _code_hash(number, normalise_code(code))
    with transaction.atomic():
        usable = list(SignInCode.objects.usable(number, browser.hash, now=now).select_for_update().order_by("pk"))
        # Counted before the comparison, so that simultaneous tries cannot exceed five.
        SignInCode.objects.filter(pk__in=[asked.pk for asked in usable]).update(tries=F("tries") + 1)
    right = [asked for asked in usable if hmac.compare_digest(offered, bytes(asked.code_hash))]
    if not right or right[0].citizen_id is None:
        raise WrongCode(none_left=all(asked.tries + 1 >= MAX_TRIES for asked in usable))
    with transaction.atomic():
        if SignInCode.objects.filter(pk=right[0].pk, used_at__isnull=True).update(used_at=now) != 1:
            raise WrongCode(none_left=True)
        SignInCode.objects.filter(id_hash=number, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
        citizen = Citizen.objects.get(pk=right[0].citizen_id)
        record("citizen.signed_in", by=citizen.actor, now=now, subject=citizen.subject)
    return citizen


def normalise_code(code: str) -> str:
    """Return the digits, however they were typed: full-width, or in groups as in the message."""
    return "".join(unicodedata.normalize("NFKC", code).split())


def forget_old_codes(*, now: datetime) -> int:
    """Remove codes that are too old for every limit. Return their number."""
    return SignInCode.objects.filter(asked_at__lt=now - KEPT).delete()[0]


def address_hash(address: str) -> bytes:
    """Return the keyed hash of a network address: comparable for the limits, but not readable."""
    return lookup_hash(address, use="network_address")


def _code_hash(number: bytes, code: str) -> bytes:
    return lookup_hash(f"{number.hex()}:{code}", use=SIGN_IN_CODE)


def _message(code: str) -> str:
    """Return the text of the message in each language, because the person's language is not known yet."""

    def write(_language: str) -> str:
        return _("Your code: {code}, valid for 5 minutes. Tell nobody.").format(code=code)

    return "".join(in_each_language(write))
