"""Sending messages by SMS: the sweep looks for what is due, a worker of each city sends."""

from celery import shared_task
from django.utils import timezone

from codes.messages.outbox import sends_sms
from codes.messages.sending import due, send_waiting, settle_waiting
from portal.citizen.sign_in.tasks import gateway
from portal.mail import address_of, host_of
from regions.tenancy import in_city, is_suspended

EXPIRES_AFTER = 60
# So many workers at once send what is due in one city, when it is many: each claims one message at a time.
MOST_SENDERS, DUE_OF_A_SENDER = 4, 250


def enqueue_senders(schema: str) -> int:
    """Have workers send what is due; how many. Without a gateway nothing waits to be sent."""
    with in_city(schema):
        settle_waiting(now=timezone.now())
        waiting = due(now=timezone.now())[: MOST_SENDERS * DUE_OF_A_SENDER].count()
    senders = -(-waiting // DUE_OF_A_SENDER) if sends_sms() else 0
    for _ in range(senders):
        send_messages_of_city.apply_async(args=(schema,), expires=EXPIRES_AFTER)
    return senders


@shared_task(name="portal.send_messages_of_city")
def send_messages_of_city(schema: str) -> int:
    """Send for a few seconds; how many were sent. What is left the sweep finds again."""
    if is_suspended(schema):
        return 0
    address = address_of(host_of(schema), "citizen_messages")
    with in_city(schema):
        return send_waiting(gateway=gateway(), address=address, clock=timezone.now)
