"""Sending sign-in codes: pages enqueue a task, workers send the code, and the sweep enqueues those that were missed."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from codes.citizens.phones import deliver_notices, waiting_notices
from codes.citizens.sign_in import GatewayRefused, SmsGateway, deliver_code, forget_old_codes
from codes.models import SignInCode
from regions.enqueueing import enqueue
from regions.tenancy import in_city

log = logging.getLogger(__name__)
TASK_EXPIRES = 60
# An enqueued task has normally run by then.
SWEEP_AFTER = timedelta(seconds=10)


def gateway() -> SmsGateway:
    """Return the installation's SMS gateway (``SMS_GATEWAY``)."""
    made: SmsGateway = import_string(settings.SMS_GATEWAY)()
    return made


def enqueue_delivery(schema: str, code_id: int) -> bool:
    return enqueue(deliver_sign_in_code, schema, code_id, expires=TASK_EXPIRES)


@shared_task(name="portal.deliver_sign_in_code")
def deliver_sign_in_code(schema: str, code_id: int) -> bool:
    """Send one code. Return whether there was a phone to send it to."""
    with in_city(schema):
        return _deliver(code_id, now=timezone.now())


def _deliver(code_id: int, *, now: datetime) -> bool:
    try:
        return deliver_code(code_id=code_id, gateway=gateway(), now=now)
    except GatewayRefused as refusal:
        log.warning("sign-in code %s was not sent: %s", code_id, refusal)
        return False


@shared_task(name="portal.send_phone_notices")
def send_phone_notices(schema: str) -> int:
    """Send the notices about phones. Return their number."""
    with in_city(schema):
        return deliver_notices(gateway=gateway(), now=timezone.now())


def enqueue_missed_sms(schema: str) -> int:
    """Enqueue missed codes and notices about phones, and delete old codes. Return the number of tasks."""
    now = timezone.now()
    missed = Q(code_sealed__isnull=False, expires_at__gt=now, asked_at__lt=now - SWEEP_AFTER)
    with in_city(schema):
        codes = list(SignInCode.objects.filter(missed).values_list("pk", flat=True)[:1000])
        has_notices = waiting_notices(now=now).exists()
        forget_old_codes(now=now)
    for code_id in codes:
        enqueue_delivery(schema, code_id)
    if has_notices:
        enqueue(send_phone_notices, schema, expires=TASK_EXPIRES)
    return len(codes) + has_notices


class NoGateway:
    """A gateway that refuses every message; the refusal in the log names the missing setting."""

    def send(self, *, phone: str, text: str) -> None:  # noqa: ARG002 - a gateway's signature
        raise GatewayRefused("SMS_GATEWAY is not set; no citizen can sign in")
