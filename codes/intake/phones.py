"""The phone on record, set by the first declaration that contains one. Any other phone is only proposed.

Otherwise anybody could change the phone by a declaration and receive the sign-in codes of a person whose number they
know (``docs/adr/0017-phones.md``).
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from codes.messages.outbox import Recipient, write_messages
from codes.models import Citizen, MessageKind, PhoneChange, PhoneNotice, Provider
from regions.journal.record import Act, record_all
from regions.keys.encryption import PHONE_CODE, encrypt, encrypt_phone, lookup_hash, phone_hash

DIGITS = 6
# Nobody reads a message about a phone at once, and the code in it is not urgent.
CODE_LIVES = timedelta(days=1)
REFUSED_FOR = timedelta(days=30)
MOST_PROPOSED = 5


class NamedPhone(NamedTuple):
    """A phone that is not the one on record, and the provider that named it; ``None`` if two citizens were joined."""

    citizen: Citizen
    provider_id: int | None
    phone: str


def set_first_phone(citizen: Citizen, phone: str | None) -> bool:
    """Set the citizen's phone if they have none. Return whether it was set. The caller stores the citizen."""
    if not phone or citizen.phone_hash is not None:
        return False
    citizen.phone_encrypted, citizen.phone_hash = encrypt_phone(phone), phone_hash(phone)
    return True


def is_another(citizen: Citizen, phone: str) -> bool:
    return citizen.phone_hash is not None and phone_hash(phone) != bytes(citizen.phone_hash)


def propose_phones(named: Iterable[NamedPhone], *, by: str, now: datetime) -> int:
    """Store phones that were named in addition to the one on record, and send a message to both phones.

    Return the number of new ones.

    A phone is proposed once. A refused phone is not proposed again for a month. A phone that was on record before is
    proposed without a message, because some provider will name it every day. Call in the transaction of what names
    them.
    """
    by_hash = {(one.citizen.pk, phone_hash(one.phone)): one for one in reversed(list(named))}
    known = _known({citizen_id for citizen_id, _ in by_hash})
    made: list[PhoneChange] = []
    notices: list[PhoneNotice] = []
    for (citizen_id, hashed), one in by_hash.items():
        before = known.setdefault(citizen_id, [])
        if not _may_propose(hashed, before, now=now):
            continue
        change = PhoneChange(
            citizen=one.citizen,
            provider_id=one.provider_id,
            phone_encrypted=encrypt_phone(one.phone),
            phone_hash=hashed,
            proposed_at=now,
        )
        if not _was_on_record(hashed, before):
            notices += _notices(change, now=now)
        before.append(change)
        made.append(change)
    if not made:
        return 0
    PhoneChange.objects.bulk_create(made)
    PhoneNotice.objects.bulk_create(notices)
    recipients = {one.change.citizen_id: Recipient(one.change.citizen_id, {"change": one.change.pk}) for one in notices}
    write_messages(MessageKind.PHONE_NAMED, recipients.values(), now=now, to_guardians=False)
    providers = Provider.objects.filter(pk__in={one.provider_id for one in made if one.provider_id is not None})
    codes = dict(providers.values_list("pk", "code"))
    record_all([_act(change, codes) for change in made], by=by, now=now)
    return len(made)


def code_hash(citizen_id: int, hashed_phone: bytes, code: str) -> bytes:
    return lookup_hash(f"{citizen_id}:{hashed_phone.hex()}:{code}", use=PHONE_CODE)


def _known(citizens: Collection[int]) -> dict[int, list[PhoneChange]]:
    found: dict[int, list[PhoneChange]] = {}
    for change in PhoneChange.objects.filter(citizen__in=citizens).order_by("pk"):
        found.setdefault(change.citizen_id, []).append(change)
    return found


def _may_propose(hashed: bytes, before: Sequence[PhoneChange], *, now: datetime) -> bool:
    open_ones = [one for one in before if one.state == PhoneChange.State.PROPOSED]
    refused = [
        one
        for one in before
        if one.state == PhoneChange.State.REFUSED and one.decided_at and one.decided_at > now - REFUSED_FOR
    ]
    return len(open_ones) < MOST_PROPOSED and all(bytes(one.phone_hash) != hashed for one in [*open_ones, *refused])


def _was_on_record(hashed: bytes, before: Sequence[PhoneChange]) -> bool:
    return any(one.before_hash is not None and bytes(one.before_hash) == hashed for one in before)


def _notices(change: PhoneChange, *, now: datetime) -> list[PhoneNotice]:
    """Return the notices: to the phone on record, with a code that confirms the change, and to the phone that was named."""
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    change.code_hash = code_hash(change.citizen_id, bytes(change.phone_hash), code)
    change.code_expires_at = now + CODE_LIVES
    about = PhoneNotice.About.PROPOSED
    return [
        PhoneNotice(
            change=change,
            receiver=PhoneNotice.Receiver.EARLIER,
            about=about,
            phone_encrypted=change.citizen.phone_encrypted,
            code_sealed=encrypt(code, use=PHONE_CODE),
            made_at=now,
        ),
        PhoneNotice(
            change=change,
            receiver=PhoneNotice.Receiver.NAMED,
            about=about,
            phone_encrypted=change.phone_encrypted,
            made_at=now,
        ),
    ]


def _act(change: PhoneChange, codes: Mapping[int, str]) -> Act:
    provider = codes[change.provider_id] if change.provider_id is not None else ""
    data = {"change": change.pk, "provider": provider}
    return Act("phone.proposed", change.citizen.subject, data)
