"""Sending waiting deliveries: at least once, each person's events in order, without one receiver delaying the others.

One worker at a time delivers for a webhook, by lease, for a few seconds; the next one continues. A row is marked after
its request was answered, so the death of a worker in between causes a second sending but never a lost message.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from codes.models import Webhook, WebhookDelivery
from codes.passes.key_list import key_id_of
from regions.attempts import attempt
from regions.keys.encryption import SigningKey, signing_key
from regions.keys.models import Purpose
from regions.leased_jobs import Clock, claim, unclaimed
from regions.outgoing import Answer, CallFailed, Message, call_together
from regions.tenancy import current_city

# The duration of one claim, and the requests in flight at once. A receiver that never answers occupies a worker for
# this time and one time-out.
SECONDS_AT_WORK = 15.0
AT_ONCE = 8
# A message is retried after 10 s, 20 s, 40 s and so on. The pauses of a receiver that does not answer at all grow in
# the same way.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
LONGEST_SILENCE = timedelta(minutes=10)
# Statuses of a receiver that is down or busy, whatever it is sent.
IS_BUSY = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that was attempted, and the outcome: a status, or the reason why there was no answer."""

    delivery: WebhookDelivery
    status: int | None = None
    fault: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_unanswered(self) -> bool:
        return self.status is None or self.status in IS_BUSY


def due_webhooks(*, now: datetime) -> list[int]:
    """Return the webhooks that have something to send and no worker."""
    heads = _heads(now=now).filter(webhook=OuterRef("pk"))
    return list(_free(now=now).filter(Exists(heads)).order_by("pk").values_list("pk", flat=True))


def deliver(webhook_id: int, *, clock: Clock) -> int:
    """Send the waiting deliveries of a webhook, for a few seconds. Return the number delivered. Call outside transactions."""
    webhook = claim(_free(now=clock()).filter(pk=webhook_id), now=clock(), attempts=0)
    if webhook is None:
        return 0
    with attempt(webhook, lambda _error: webhook.leave(Webhook.State.ACTIVE), clock=clock):
        delivered, answers = _deliver_some(webhook, clock=clock)
        if answers is None:
            webhook.leave(Webhook.State.ACTIVE)
        elif answers:
            webhook.leave(Webhook.State.ACTIVE, failures=0, resume_at=None)
        else:
            silence = _pause(webhook.failures, LONGEST_SILENCE)
            webhook.leave(Webhook.State.ACTIVE, failures=webhook.failures + 1, resume_at=clock() + silence)
    return delivered


def waiting_heads(webhook: Webhook, *, now: datetime) -> QuerySet[WebhookDelivery]:
    """Return the deliveries that may be sent now: the first waiting one of each person, urgent ones first."""
    return _heads(now=now).filter(webhook=webhook).order_by("-urgent", "pk")


def body_of(delivery: WebhookDelivery, webhook: Webhook) -> bytes:
    """Return the body to send and sign. It identifies the person by the provider's own reference only."""
    provider = webhook.provider.code if webhook.provider else None
    body = {
        "id": str(delivery.event_id),
        "event": delivery.event,
        "sequence": delivery.pk,
        "at": delivery.made_at.astimezone(UTC).isoformat(),
        "city": current_city().division,
        "provider": provider,
        "person": delivery.person or None,
        "data": delivery.data,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def webhook_headers(body: bytes, *, key: SigningKey, kid: str, now: datetime) -> dict[str, str]:
    """Return the headers.

    ``X-Signature`` signs ``X-Timestamp``, a point and the body, so that nobody can replay an old message as a new one.
    """
    timestamp = str(int(now.timestamp()))
    signature = key.sign(f"{timestamp}.".encode() + body).hex()
    return {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Key-Id": kid,
        "X-Signature": f"ed25519={signature}",
    }


def _free(*, now: datetime) -> QuerySet[Webhook]:
    speaking = Q(resume_at__isnull=True) | Q(resume_at__lte=now)
    return Webhook.objects.filter(unclaimed(now=now), speaking, state=Webhook.State.ACTIVE)


def _heads(*, now: datetime) -> QuerySet[WebhookDelivery]:
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING)
    earlier = waiting.filter(webhook=OuterRef("webhook"), person=OuterRef("person"), pk__lt=OuterRef("pk"))
    return waiting.filter(~Exists(earlier), next_at__lte=now)


def _deliver_some(webhook: Webhook, *, clock: Clock) -> tuple[int, bool | None]:
    """Return the number delivered, and whether the receiver still answered at the end; ``None`` if nothing was sent."""
    key = signing_key(Purpose.MESSAGE)
    kid = key_id_of(key.public_key).hex()
    owner = Webhook.objects.select_related("provider").get(pk=webhook.pk)
    delivered, answers, end = 0, None, time.monotonic() + SECONDS_AT_WORK
    # After a silence, one message tests whether it is over.
    at_once = 1 if webhook.failures else AT_ONCE
    while time.monotonic() < end and webhook.mine().exists():
        batch = list(waiting_heads(webhook, now=clock())[:at_once])
        if not batch:
            break
        bodies = [body_of(one, owner) for one in batch]
        messages = [
            Message(owner.address, body, webhook_headers(body, key=key, kid=kid, now=clock())) for body in bodies
        ]
        attempts = list(map(_attempt_of, batch, call_together(messages)))
        _note(attempts, now=clock())
        delivered += sum(one.is_delivered for one in attempts)
        answers = not all(one.is_unanswered for one in attempts)
        if not answers:
            break
        at_once = AT_ONCE
    return delivered, answers


def _attempt_of(delivery: WebhookDelivery, came: Answer | CallFailed) -> Attempt:
    if isinstance(came, CallFailed):
        return Attempt(delivery, fault=came.fault.value)
    return Attempt(delivery, status=came.status)


def _note(attempts: Sequence[Attempt], *, now: datetime) -> None:
    """Store the outcome of each attempt: delivered, to be retried after a longer pause, or given up."""
    for one in attempts:
        row = WebhookDelivery.objects.filter(pk=one.delivery.pk)
        tried = {"attempts": F("attempts") + 1, "tried_at": now, "status": one.status, "fault": one.fault}
        if one.is_delivered:
            WebhookDelivery.TRANSITIONS.move(row, "deliver", **tried)
        elif now >= one.delivery.give_up_at:
            WebhookDelivery.TRANSITIONS.move(row, "give_up", **tried)
        else:
            next_at = now + _pause(one.delivery.attempts, LONGEST_PAUSE)
            row.filter(state=WebhookDelivery.State.WAITING).update(**tried, next_at=next_at)


def _pause(times: int, longest: timedelta) -> timedelta:
    """Return a pause that doubles each time, up to ``longest``."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(times, 20)
    return min(doubled, longest)
