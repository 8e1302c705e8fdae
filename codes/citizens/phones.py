"""Changing the phone for sign-in codes: confirmed from the earlier phone, by the signed-in citizen, or by an official.

Both phones get a message.
"""

import hmac
import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.citizens.sign_in import GatewayRefused, SmsGateway, WrongCode, normalise_code
from codes.intake.phones import code_hash
from codes.models import Citizen, PhoneChange, PhoneNotice, SignInCode
from codes.models.citizen import MAX_TRIES
from regions.identity import Identity
from regions.journal.record import record
from regions.keys.encryption import PHONE_CODE, decrypt, decrypt_phone, identity_hash
from regions.masking import mask_phone
from regions.proposals import require_role
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role
from regions.transitions import compare_and_set
from regions.vocabulary import in_each_language, title_of

log = logging.getLogger(__name__)
TOLD_WITHIN = timedelta(days=1)
NOTICES_AT_ONCE = 1000


class PhoneFault(TextChoices):
    OTHER_DOCUMENT = "other_document", gettext_lazy("This is not the document of the person whose phone it is.")


def proposed_phones(citizen: Citizen) -> QuerySet[PhoneChange]:
    """Return the phones that wait for a confirmation, the oldest first."""
    waiting = PhoneChange.objects.filter(citizen=citizen, state=PhoneChange.State.PROPOSED)
    return waiting.select_related("provider", "citizen").order_by("proposed_at", "pk")


def confirm_with_code(*, identity: Identity, code: str, now: datetime) -> PhoneChange:
    """Confirm with the code that was sent to the phone on record. Raises ``WrongCode``, also for a number that nobody has."""
    number, typed = identity_hash(identity), normalise_code(code)
    with transaction.atomic():
        waiting = PhoneChange.objects.filter(
            citizen__id_hash=number, state=PhoneChange.State.PROPOSED, code_expires_at__gt=now, tries__lt=MAX_TRIES
        )
        usable = list(waiting.select_for_update(of=("self",)).select_related("citizen").order_by("pk"))
        PhoneChange.objects.filter(pk__in=[one.pk for one in usable]).update(tries=F("tries") + 1)
    right = [
        one
        for one in usable
        if hmac.compare_digest(code_hash(one.citizen_id, bytes(one.phone_hash), typed), bytes(one.code_hash or b""))
    ]
    if not right:
        raise WrongCode(none_left=False)
    return _confirm(right[0].pk, how=PhoneChange.How.CODE, by=right[0].citizen.actor, now=now)


def confirm_signed_in(*, change_id: int, by: str, now: datetime) -> PhoneChange:
    """Confirm as the citizen. Nobody else can do it for them, not even a guardian."""
    _check_own(change_id, by)
    return _confirm(change_id, how=PhoneChange.How.CITIZEN, by=by, now=now)


def refuse_signed_in(*, change_id: int, by: str, now: datetime) -> PhoneChange:
    _check_own(change_id, by)
    return _refuse(change_id, how=PhoneChange.How.CITIZEN, by=by, now=now)


def confirm_by_official(*, change_id: int, document: Identity, by: str, now: datetime) -> PhoneChange:
    """Confirm as an official. ``document`` is read from the document in the official's hand."""
    require_role(by, Role.REVIEWER)
    _check_document(change_id, document)
    return _confirm(change_id, how=PhoneChange.How.OFFICIAL, by=by, now=now)


def refuse_by_official(*, change_id: int, document: Identity, by: str, now: datetime) -> PhoneChange:
    require_role(by, Role.REVIEWER)
    _check_document(change_id, document)
    return _refuse(change_id, how=PhoneChange.How.OFFICIAL, by=by, now=now)


def _check_own(change_id: int, by: str) -> None:
    if _find(change_id).citizen.actor != by:
        raise NotFound


def _check_document(change_id: int, document: Identity) -> None:
    if bytes(_find(change_id).citizen.id_hash) != identity_hash(document):
        raise Refused(PhoneFault.OTHER_DOCUMENT)


def _find(change_id: int) -> PhoneChange:
    change = PhoneChange.objects.select_related("citizen", "provider").filter(pk=change_id).first()
    if change is None:
        raise NotFound
    return change


@transaction.atomic
def _confirm(change_id: int, *, how: PhoneChange.How, by: str, now: datetime) -> PhoneChange:
    """Confirm the change: codes go to the new phone from now on, unused codes expire, and both phones get a message."""
    citizen = Citizen.objects.select_for_update().get(phone_changes=change_id)
    change = _find(change_id)
    earlier, before_hash = citizen.phone_encrypted, citizen.phone_hash
    _decide(change, "confirm", how=how, by=by, now=now, before_hash=before_hash)
    Citizen.objects.filter(pk=citizen.pk).update(phone_encrypted=change.phone_encrypted, phone_hash=change.phone_hash)
    SignInCode.objects.filter(id_hash=citizen.id_hash, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    # The earlier phone must not confirm a third one with a code that was sent to it before.
    others = PhoneChange.objects.filter(citizen=citizen, state=PhoneChange.State.PROPOSED)
    others.update(code_hash=None, code_expires_at=None)
    PhoneNotice.objects.filter(change__in=others, code_sealed__isnull=False).delete()
    receivers = [(PhoneNotice.Receiver.NAMED, change.phone_encrypted)]
    receivers += [(PhoneNotice.Receiver.EARLIER, earlier)] if earlier is not None else []
    PhoneNotice.objects.bulk_create(
        PhoneNotice(
            change=change,
            receiver=receiver,
            about=PhoneNotice.About.CONFIRMED,
            phone_encrypted=phone,
            made_at=now,
        )
        for receiver, phone in receivers
    )
    return change


@transaction.atomic
def _refuse(change_id: int, *, how: PhoneChange.How, by: str, now: datetime) -> PhoneChange:
    change = _find(change_id)
    _decide(change, "refuse", how=how, by=by, now=now)
    return change


def _decide(change: PhoneChange, action: str, *, how: PhoneChange.How, by: str, now: datetime, **more: Any) -> None:
    """Move the change by the transition table, and journal it with the provider that named the phone."""
    found = PhoneChange.TRANSITIONS.find(change.state, action)
    if not found:
        raise MovedMeanwhile
    read = PhoneChange.objects.filter(pk=change.pk, state=change.state)
    compare_and_set(change, read, state=found[0].next, how=how, decided_by=by, decided_at=now, **more)
    data = {"change": change.pk, "provider": change.provider.code if change.provider else "", "how": how.value}
    record(f"phone.{change.state}", by=by, now=now, subject=change.citizen.subject, data=data)


def waiting_notices(*, now: datetime) -> QuerySet[PhoneNotice]:
    """Return the notices to send. Those that could not be sent within a day are dropped."""
    return PhoneNotice.objects.filter(sent_at__isnull=True, made_at__gt=now - TOLD_WITHIN).order_by("pk")


def deliver_notices(*, gateway: SmsGateway, now: datetime) -> int:
    """Send the notices to the phones, each once. Return the number sent."""
    sent = 0
    for notice in list(waiting_notices(now=now).select_related("change__provider")[:NOTICES_AT_ONCE]):
        mine = PhoneNotice.objects.filter(pk=notice.pk, sent_at__isnull=True).update(sent_at=now, code_sealed=None)
        if mine != 1 or _is_overtaken(notice):
            continue
        try:
            gateway.send(phone=decrypt_phone(bytes(notice.phone_encrypted)), text=_message(notice))
        except GatewayRefused as refusal:
            PhoneNotice.objects.filter(pk=notice.pk).update(sent_at=None, code_sealed=notice.code_sealed)
            log.warning("notice %s about a phone was not sent: %s", notice.pk, refusal)
        else:
            sent += 1
    return sent


def _is_overtaken(notice: PhoneNotice) -> bool:
    """Return whether the proposal was decided meanwhile. A notice that asks about it would only confuse."""
    return notice.about == PhoneNotice.About.PROPOSED and notice.change.state != PhoneChange.State.PROPOSED


def _message(notice: PhoneNotice) -> str:
    """Return the text in each language, as for sign-in codes. The named phone does not learn whose code it is about."""
    code = decrypt(bytes(notice.code_sealed), use=PHONE_CODE) if notice.code_sealed else ""
    phone = mask_phone(decrypt_phone(bytes(notice.change.phone_encrypted)))

    def write(language: str) -> str:
        return _wording(notice).format(provider=_provider(notice.change, language), phone=phone, code=code)

    return " ".join(in_each_language(write))


def _provider(change: PhoneChange, language: str) -> str:
    if change.provider is None:
        return _("an earlier record")
    return title_of(change.provider, language)


def _wording(notice: PhoneNotice) -> str:
    match notice.receiver, notice.about:
        case PhoneNotice.Receiver.EARLIER, PhoneNotice.About.PROPOSED:
            return _(
                "Health code: {provider} names {phone} as your phone. Confirm it on “Change of phone” with the code {code}. "
                "Not you? Tell nobody the code: sign-in codes still come here."
            )
        case PhoneNotice.Receiver.NAMED, PhoneNotice.About.PROPOSED:
            return _(
                "Health code: {provider} names this phone for sign-in codes. It counts once confirmed from the earlier phone, "
                "signed in, or at a counter."
            )
        case PhoneNotice.Receiver.EARLIER, PhoneNotice.About.CONFIRMED:
            return _(
                "Health code: sign-in codes go to {phone} from now on. Not you? Go to a counter with your document."
            )
    return _("Health code: sign-in codes come to this phone from now on.")
