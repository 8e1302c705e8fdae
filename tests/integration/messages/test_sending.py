"""SMS: what is sent, to whom and in which words. Nothing is sent twice, whichever process is killed at whatever moment."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from codes.messages import sending
from codes.messages.outbox import Recipient, write_messages
from codes.messages.sending import MOST_ATTEMPTS, claim, send_again, send_waiting, settle_waiting
from codes.models import Citizen, Guardianship, Message, MessageChoice, MessageKind
from codes.review.cases.move import message_data
from regions.journal.models import JournalEntry
from regions.refusals import MovedMeanwhile
from regions.staff.roles import Role
from tests.integration.citizens.test_sign_in import Mailbox
from tests.integration.messages.conftest import PHONE
from tests.integration.review.desk import Desk, hire

ADDRESS = "https://beta.example/messages/"
RED = {"before": "green", "after": "red"}


def tell_zhang(desk: Desk, kind: MessageKind = MessageKind.COLOUR_CHANGED, *, urgent: bool = True) -> Message:
    write_messages(kind, [Recipient(desk.citizen("zhang").pk, RED, urgent)], now=desk.now)
    return Message.objects.filter(about__ref="zhang", kind=kind).latest("pk")


def send(gateway: Mailbox, at: datetime) -> int:
    settle_waiting(now=at)
    return send_waiting(gateway=gateway, address=ADDRESS, clock=lambda: at)


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_phone_shows_that_there_is_news_and_nothing_else(desk: Desk, family: Guardianship) -> None:
    mailbox, zhang, chen = Mailbox(), desk.citizen("zhang"), desk.citizen("chen")
    MessageChoice.objects.create(citizen=zhang, language="en")
    for kind in MessageKind:
        write_messages(kind, [Recipient(zhang.pk, RED | message_data(desk.case()))], now=desk.now)
    sent = send(mailbox, desk.now)
    to_zhang = [text for phone, text in mailbox.sent if phone == PHONE]
    assert (sent, len(to_zhang)) == (2 * (len(MessageKind) - 1), len(MessageKind) - 1), (
        "a phone's notices go by themselves"
    )
    assert to_zhang[0] == f"Beta health code: your code has changed. Open this to see why: {ADDRESS}"
    assert len(set(to_zhang)) == len(to_zhang)
    theirs = [text for phone, text in mailbox.sent if phone != PHONE]
    assert all("家人" in text and "in your family" in text for text in theirs)
    for _phone, text in mailbox.sent:
        assert not re.search(rf"小三|zhang|{chen.ref}|[红黄绿]码|\b(red|yellow|green)\b", text)


def test_nobody_is_sent_twice_what_a_dead_worker_may_have_sent(desk: Desk) -> None:
    message, mailbox = tell_zhang(desk), Mailbox()
    claimed = claim(now=desk.now)
    assert claimed == message
    assert claim(now=desk.now) is None, "claimed by the other worker"
    later = desk.now + timedelta(minutes=3)
    for at in (desk.now, later, later + timedelta(hours=1)):
        assert send(mailbox, at) == 0
    assert (state_of(message), mailbox.sent) == ("unsure", [])
    # It was alive after all, and only slow: what it knows is noted.
    assert sending._attempt(claimed, gateway=mailbox, address=ADDRESS, clock=lambda: later) is None
    assert state_of(message) == "sent"


def test_a_refused_message_is_tried_again_and_given_up_and_sent_again_by_hand(desk: Desk) -> None:
    message, at = tell_zhang(desk), desk.now
    pauses = []
    for _attempt in range(MOST_ATTEMPTS):
        assert send(Mailbox(refusing=True), at) == 0
        message.refresh_from_db()
        pauses.append(message.next_at - at)  # type: ignore[operator]
        at = max(at, message.next_at or at)
    assert [pause.total_seconds() / 60 for pause in pauses[:-1]] == [2**place for place in range(MOST_ATTEMPTS - 1)]
    assert (message.state, message.fault, message.attempts) == ("dead", "refused", MOST_ATTEMPTS)
    hire("admin", Role.SYSTEM_ADMIN, now=desk.now)
    assert send_again(message.pk, by="admin", now=at) == 1
    assert JournalEntry.objects.latest("seq").verb == "message.sent_again"
    with pytest.raises(MovedMeanwhile):
        send_again(message.pk, by="admin", now=at)
    mailbox = Mailbox()
    assert send(mailbox, at) == 1
    assert state_of(message) == "sent"


class Broken:
    """It may have taken the message, and says nothing of it."""

    def send(self, *, phone: str, text: str) -> None:  # noqa: ARG002 - a gateway's signature
        raise TimeoutError


def test_what_the_gateway_is_silent_about_is_in_doubt(desk: Desk) -> None:
    message = tell_zhang(desk)
    with pytest.raises(TimeoutError):
        send(Broken(), desk.now)  # type: ignore[arg-type]
    send(Mailbox(), desk.now + timedelta(minutes=3))
    assert state_of(message) == "unsure"


def test_a_gateway_that_is_down_costs_few_messages_an_attempt(desk: Desk) -> None:
    write_messages(
        MessageKind.GUARDIAN_ASKED, [Recipient(citizen.pk, {}) for citizen in Citizen.objects.all()] * 3, now=desk.now
    )
    send(Mailbox(refusing=True), desk.now)
    assert Message.objects.filter(attempts__gt=0).count() == sending.REFUSALS_IN_A_ROW


def overtaken(desk: Desk) -> tuple[Message, datetime]:
    older = tell_zhang(desk)
    tell_zhang(desk, urgent=False)
    return older, desk.now


def too_old(desk: Desk) -> tuple[Message, datetime]:
    return tell_zhang(desk), desk.now + timedelta(hours=24)


def without_phone(desk: Desk) -> tuple[Message, datetime]:
    message = tell_zhang(desk)
    Citizen.objects.filter(ref="zhang").update(phone_encrypted=None)
    return message, desk.now


def at_night(desk: Desk) -> tuple[Message, datetime]:
    return tell_zhang(desk, MessageKind.CASE_DECIDED, urgent=False), desk.now.replace(hour=15)


@pytest.mark.parametrize(
    ("case", "state"),
    [(overtaken, "overtaken"), (too_old, "late"), (without_phone, "dead"), (at_night, "waiting")],
)
def test_what_is_not_sent(desk: Desk, case: Callable[[Desk], tuple[Message, datetime]], state: str) -> None:
    message, at = case(desk)
    mailbox = Mailbox()
    sent = send(mailbox, at)
    assert state_of(message) == state
    assert sent == len(mailbox.sent) == (1 if state == "overtaken" else 0)


@pytest.mark.parametrize(
    ("chosen", "urgent", "state"),
    [("case_decided", False, "portal"), ("question_asked", False, "waiting"), ("case_decided", True, "waiting")],
)
def test_a_choice_counts_but_for_what_everybody_gets(desk: Desk, chosen: str, urgent: bool, state: str) -> None:
    MessageChoice.objects.create(citizen=desk.citizen("zhang"), without=[chosen])
    assert tell_zhang(desk, MessageKind.CASE_DECIDED, urgent=urgent).state == state


def test_without_a_gateway_nothing_waits(desk: Desk, settings: pytest.FixtureRequest) -> None:
    settings.SMS_GATEWAY = settings.NO_SMS_GATEWAY  # type: ignore[attr-defined]
    assert tell_zhang(desk).state == "portal"
