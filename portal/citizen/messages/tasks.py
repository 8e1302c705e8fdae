"""Sending messages by SMS: the sweep enqueues tasks for messages that are due, and workers send them city by city."""

from celery import shared_task
from django.utils import timezone

from codes.messages.outbox import sends_sms
from codes.messages.sending import due, send_waiting, settle_waiting
from portal.citizen.sign_in.tasks import gateway
from portal.mail import address_of, host_of
from regions.enqueueing import enqueue
from regions.tenancy import in_city, is_suspended

EXPIRES_AFTER = 60
# At most so many workers send in one city at once. Each claims one message at a time.
MOST_SENDERS, DUE_OF_A_SENDER = 4, 250


def enqueue_senders(schema: str) -> int:
    """Enqueue workers for the messages that are due. Return the number of workers, which is 0 without an SMS gateway."""
    with in_city(schema):
        settle_waiting(now=timezone.now())
        waiting = due(now=timezone.now())[: MOST_SENDERS * DUE_OF_A_SENDER].count()
    senders = -(-waiting // DUE_OF_A_SENDER) if sends_sms() else 0
    for _ in range(senders):
        enqueue(send_messages_of_city, schema, expires=EXPIRES_AFTER)
    return senders


@shared_task(name="portal.send_messages_of_city")
def send_messages_of_city(schema: str) -> int:
    """Send messages for a few seconds. Return the number sent; the next sweep finds the rest."""
    if is_suspended(schema):
        return 0
    address = address_of(host_of(schema), "citizen_messages")
    with in_city(schema):
        return send_waiting(gateway=gateway(), address=address, clock=timezone.now)
