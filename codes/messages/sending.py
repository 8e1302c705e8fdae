"""Sending messages by SMS: each is claimed for one attempt.

If the worker dies, the outcome is unknown and the attempt is never repeated automatically.

A message is passed to the gateway only by the worker that has just claimed it. After the death of a worker it is
*perhaps sent*, and only a person can send it again (``docs/adr/0055-messages.md``).
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.citizens.sign_in import GatewayRefused, SmsGateway
from codes.messages.outbox import SENT_WITHIN
from codes.models import Case, Message, MessageChoice, MessageKind
from regions.journal.record import record
from regions.keys.encryption import decrypt_phone
from regions.leased_jobs import Clock
from regions.proposals import require_role
from regions.refusals import MovedMeanwhile
from regions.staff.roles import Role
from regions.tenancy import current_city
from regions.vocabulary import in_each_language

log = logging.getLogger(__name__)
State = Message.State
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
# Longer than any gateway takes to answer.
LEASE = timedelta(minutes=2)
SECONDS_AT_WORK = 15.0
# A gateway that refuses this many in a row is down. It is not used until the next call, so that other messages keep
# their attempts.
REFUSALS_IN_A_ROW = 3
# Hours of the city during which only urgent messages are sent.
NIGHT_BEGINS, NIGHT_ENDS = 22, 7


class SendingFault(TextChoices):
    """Why a message was given up."""

    REFUSED = "refused", gettext_lazy("The gateway did not take it.")
    NO_PHONE = "no_phone", gettext_lazy("The person has no phone any more.")


def due(*, now: datetime) -> QuerySet[Message]:
    """Return the messages that may be passed to the gateway now, in sending order."""
    waiting = Message.objects.filter(state=State.WAITING, next_at__lte=now, send_until__gt=now)
    hour = now.astimezone(current_city().zone).hour
    if hour >= NIGHT_BEGINS or hour < NIGHT_ENDS:
        waiting = waiting.filter(urgent=True)
    return waiting.order_by("-urgent", "pk")


def settle_waiting(*, now: datetime) -> None:
    """End messages that are too old to be news, and mark those of dead workers as unsure."""
    Message.TRANSITIONS.move(Message.objects.filter(send_until__lte=now), "outlive")
    Message.TRANSITIONS.move(Message.objects.filter(lease_until__lt=now), "lose", lease_until=None)


def send_waiting(*, gateway: SmsGateway, address: str, clock: Clock, seconds: float = SECONDS_AT_WORK) -> int:
    """Send what is due, for a few seconds.

    Return the number sent. ``address`` is that of the page. Call outside transactions.
    """
    sent, refused, end = 0, 0, time.monotonic() + seconds
    while refused < REFUSALS_IN_A_ROW and time.monotonic() < end:
        claimed = claim(now=clock())
        if claimed is None:
            break
        if claimed.state == State.SENDING:
            # A message without a phone says nothing about the gateway.
            match _attempt(claimed, gateway=gateway, address=address, clock=clock):
                case None:
                    sent, refused = sent + 1, 0
                case SendingFault.REFUSED:
                    refused += 1
    return sent


def claim(*, now: datetime) -> Message | None:
    """Claim the next message for one attempt; return ``None`` if nothing is due.

    A message that a newer one replaces is returned as overtaken instead and not sent.
    """
    with transaction.atomic():
        message = due(now=now).select_for_update(skip_locked=True).first()
        if message is None:
            return None
        alone = Message.objects.filter(pk=message.pk)
        newer = Message.objects.filter(
            recipient=message.recipient_id, about=message.about_id, kind=message.kind, pk__gt=message.pk
        )
        if message.kind == MessageKind.COLOUR_CHANGED and newer.exclude(state=State.PORTAL).exists():
            Message.TRANSITIONS.move(alone, "overtake")
        else:
            attempt = {"attempts": message.attempts + 1, "lease_until": now + LEASE, "tried_at": now}
            Message.TRANSITIONS.move(alone, "claim", **attempt)
        message.refresh_from_db()
    return message


def _attempt(message: Message, *, gateway: SmsGateway, address: str, clock: Clock) -> SendingFault | None:
    """Attempt to send the message. Return why it was not sent, ``None`` if it was.

    Any other exception of the gateway leaves the message unsure.
    """
    mine = Message.objects.filter(pk=message.pk, tried_at=message.tried_at)
    phone = message.recipient.phone_encrypted
    if phone is None:
        Message.TRANSITIONS.move(mine, "give_up", lease_until=None, fault=SendingFault.NO_PHONE)
        return SendingFault.NO_PHONE
    try:
        gateway.send(phone=decrypt_phone(bytes(phone)), text=sms_text(message, address))
    except GatewayRefused as refusal:
        log.warning("message %s was not sent: %s", message.pk, refusal)
        if message.attempts >= MOST_ATTEMPTS:
            Message.TRANSITIONS.move(mine, "give_up", lease_until=None, fault=SendingFault.REFUSED)
        else:
            later = clock() + FIRST_PAUSE * 2 ** (message.attempts - 1)
            Message.TRANSITIONS.move(mine, "try_later", lease_until=None, next_at=later, fault=SendingFault.REFUSED)
        return SendingFault.REFUSED
    Message.TRANSITIONS.move(mine, "send", lease_until=None, fault="")
    return None


def send_again(message_id: int | None = None, *, by: str, now: datetime) -> int:
    """Send again what was given up or is unsure, one message or all.

    Return the number. A message that was unsure may arrive twice.

    Raises ``MovedMeanwhile`` if there is none.
    """
    require_role(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        troubled = Message.objects.filter(state__in=Message.TROUBLED)
        if message_id is not None:
            troubled = troubled.filter(pk=message_id)
        changes = {"attempts": 0, "next_at": now, "send_until": now + SENT_WITHIN, "fault": ""}
        count = Message.TRANSITIONS.move(troubled, "send_again", **changes)
        if not count:
            raise MovedMeanwhile
        record("message.sent_again", by=by, now=now, subject="messages", data={"messages": count})
    return count


def sms_text(message: Message, address: str) -> str:
    """Return the text of the SMS, which anybody near the phone can see: that there is news and where, without a name,
    number or colour.

    It is in the language the person chose, or in each.
    """
    chosen = MessageChoice.objects.filter(citizen=message.recipient_id).values_list("language", flat=True).first()

    def write(language: str) -> str:
        city = current_city().name_in(language)
        return _("%(city)s health code: %(news)s %(address)s") % {
            "city": city,
            "news": _news(message),
            "address": address,
        }

    return " ".join(in_each_language(write, only=chosen))


def _news(message: Message) -> str:
    is_own = message.recipient_id == message.about_id
    match message.kind:
        case MessageKind.COLOUR_CHANGED if is_own:
            return _("your code has changed. Open this to see why:")
        case MessageKind.COLOUR_CHANGED:
            return _("the code of somebody in your family has changed. Open this to see why:")
        case _ if not is_own:
            return _("there is news for somebody in your family. Open this to read it:")
        case MessageKind.QUESTION_ASKED if _is_of_appeal(message):
            return _("an official has a question, and your appeal waits for the answer. Open this to answer:")
        case MessageKind.QUESTION_ASKED:
            return _(
                "an official has a question, and the review of your code waits for the answer. Open this to answer:"
            )
        case MessageKind.CASE_DECIDED if _is_of_appeal(message):
            return _("your appeal was decided. Open this to read the decision:")
        case MessageKind.CASE_DECIDED:
            return _("the review of your code was decided. Open this to read the decision:")
        case MessageKind.CASE_REOPENED if _is_of_appeal(message):
            return _("your appeal is worked on again. Open this to see why:")
        case MessageKind.CASE_REOPENED:
            return _("the review of your code is worked on again. Open this to see why:")
        case MessageKind.GUARDIAN_ASKED:
            return _("somebody asks to show your code on their phone. Open this to see who:")
        case MessageKind.GUARDIAN_ANSWERED:
            return _("your request about your family was answered. Open this to read the answer:")
        case MessageKind.RULING_ENDS:
            return _("a decision about your code is about to end. Open this to see when:")
    raise LookupError(message.kind)


def _is_of_appeal(message: Message) -> bool:
    return Case.objects.get(number=message.data["case"]).kind == Case.Kind.APPEAL
