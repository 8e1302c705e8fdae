"""Webhooks by two people: a source manager or the provider proposes an address, an approver decides.

Afterwards it can be paused, resumed and removed, and deliveries that were given up can be sent again.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Provider, Webhook, WebhookDelivery
from codes.models.webhook import GIVEN_UP_AFTER, OF_PERSONS, OF_THE_CITY, WebhookEvent
from regions.actors import PROVIDER_PREFIX
from regions.outgoing import CallFailed, check_address
from regions.proposals import require_reason, require_role
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound, Refused
from regions.staff.roles import Role

# The roles that may pause and resume a webhook in force, and have deliveries sent again that were given up.
MANAGERS = (Role.SOURCE_MANAGER, Role.APPROVER, Role.SYSTEM_ADMIN)
MOST_OF_AN_OWNER = 10
State = Webhook.State
Waits = WebhookDelivery.State


class WebhookReason(TextChoices):
    """Why a webhook is refused, apart from the reasons common to all proposals."""

    BAD_ADDRESS = "bad_webhook_address", _("This address cannot be used: {fault}")
    HAS_QUERY = (
        "webhook_address_has_query",
        _("Leave out what follows the question mark: messages are signed, so that the address needs no secret."),
    )
    WRONG_EVENTS = (
        "wrong_webhook_events",
        _(
            "Choose at least one event. Alarms go to the city's own receivers only, and what concerns persons to a provider's."
        ),
    )
    KNOWN = "webhook_is_known", _("This address is in use or proposed already.")
    TOO_MANY = "too_many_webhooks", _("There are {most} webhooks of this owner already. Remove one first.")


def events_of(provider: Provider | None) -> tuple[WebhookEvent, ...]:
    """Return the events that may be sent to a webhook of this owner; ``None`` is the city itself."""
    return OF_THE_CITY if provider is None else OF_PERSONS


def propose(
    *, provider: Provider | None, address: str, events: Collection[str], reason: str, by: str, now: datetime
) -> Webhook:
    """Propose an address. Nothing is sent there until an approver agrees. Raises ``Refused``.

    ``by`` is a source manager or, for its own webhooks, ``provider:<code>`` with its key.
    """
    if provider is None or by != provider.actor:
        require_role(by, Role.SOURCE_MANAGER)
    reason = require_reason(reason)
    chosen = sorted(set(events))
    if not chosen or not set(chosen) <= {event.value for event in events_of(provider)}:
        raise Refused(WebhookReason.WRONG_EVENTS)
    with transaction.atomic():
        if provider is not None:
            Provider.objects.select_for_update().get(pk=provider.pk)
        standing = Webhook.objects.filter(provider=provider, state__in=[State.PROPOSED, State.ACTIVE, State.PAUSED])
        normal = _checked(address)
        if standing.filter(address=normal).exists():
            raise Refused(WebhookReason.KNOWN)
        if standing.count() >= MOST_OF_AN_OWNER:
            raise Refused(WebhookReason.TOO_MANY, most=MOST_OF_AN_OWNER)
        webhook = Webhook.objects.create(
            provider=provider, address=normal, events=chosen, reason=reason, proposed_by=by, proposed_at=now
        )
        webhook.journal("webhook.proposed", by=by, now=now)
    return webhook


def approve(webhook_id: int, *, by: str, now: datetime) -> Webhook:
    """Approve the webhook: events are sent there from now on.

    Raises ``Refused``, also if the operator's list no longer allows the address.
    """
    with transaction.atomic():
        webhook = Webhook.objects.locked().to_decide(webhook_id, by=by)
        _checked(webhook.address)
        webhook.approve(State.ACTIVE, by=by, now=now, act="webhook.approved")
    return webhook


@transaction.atomic
def refuse(webhook_id: int, *, reason: str, by: str, now: datetime) -> Webhook:
    """Refuse the proposal. Raises ``Refused``."""
    return Webhook.objects.locked().to_decide(webhook_id, by=by).refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(webhook_id: int, *, by: str, now: datetime) -> Webhook:
    """Withdraw the proposal as the person who made it. Raises ``Refused``."""
    if not by.startswith(PROVIDER_PREFIX):
        return Webhook.objects.locked().to_withdraw(webhook_id, by=by).withdraw(by=by, now=now)
    webhook = _find(webhook_id, by=by)
    if webhook.state != State.PROPOSED:
        raise MovedMeanwhile
    return webhook.withdraw(by=by, now=now)


def pause(webhook_id: int, *, by: str, now: datetime) -> Webhook:
    """Send nothing until somebody resumes; events wait meanwhile. Raises ``Refused``."""
    return _move(webhook_id, State.ACTIVE, State.PAUSED, "webhook.paused", by=by, now=now)


def resume(webhook_id: int, *, by: str, now: datetime) -> Webhook:
    """Send again, beginning with the events that waited. Raises ``Refused``."""
    return _move(webhook_id, State.PAUSED, State.ACTIVE, "webhook.resumed", by=by, now=now)


def remove(webhook_id: int, *, by: str, now: datetime) -> Webhook:
    """Remove the webhook: nothing is sent there any more, and waiting deliveries are deleted. Raises ``Refused``."""
    with transaction.atomic():
        webhook = _find(webhook_id, by=by)
        if not Webhook.TRANSITIONS.find(webhook.state, "end"):
            raise MovedMeanwhile
        webhook.act("webhook.removed", State.ENDED, by=by, now=now, lease_until=None)
        webhook.deliveries.filter(state__in=[Waits.WAITING, Waits.DEAD]).delete()
    return webhook


def replay(webhook_id: int, *, by: str, now: datetime, delivery_id: int | None = None) -> int:
    """Send again what was given up, one delivery or all. Return the number. Raises ``Refused``.

    A colour that a later one of the same person has replaced is not sent, because the receiver would show the old one
    again.
    """
    with transaction.atomic():
        webhook = _find(webhook_id, by=by)
        if webhook.state not in (State.ACTIVE, State.PAUSED):
            raise MovedMeanwhile
        given_up = webhook.deliveries.filter(state=Waits.DEAD)
        if delivery_id is not None:
            given_up = given_up.filter(pk=delivery_id)
        WebhookDelivery.TRANSITIONS.move(_overtaken(given_up), "overtake")
        sent = WebhookDelivery.TRANSITIONS.move(
            given_up, "replay", next_at=now, give_up_at=now + GIVEN_UP_AFTER, attempts=0
        )
        Webhook.objects.filter(pk=webhook.pk).update(resume_at=None, failures=0)
        webhook.journal("webhook.replayed", by=by, now=now, before=webhook.state, messages=sent)
    return sent


def _overtaken(given_up: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
    later = WebhookDelivery.objects.filter(
        webhook=OuterRef("webhook"), person=OuterRef("person"), event=OuterRef("event"), pk__gt=OuterRef("pk")
    )
    return given_up.filter(Exists(later), event=WebhookEvent.CODE_CHANGED)


def _move(webhook_id: int, before: str, after: str, act: str, *, by: str, now: datetime) -> Webhook:
    with transaction.atomic():
        webhook = _find(webhook_id, by=by)
        if webhook.state != before:
            raise MovedMeanwhile
        webhook.act(act, after, by=by, now=now, lease_until=None, resume_at=None, failures=0)
    return webhook


def _find(webhook_id: int, *, by: str) -> Webhook:
    """Return the webhook, locked, for a manager or its provider. Raises ``NotFound`` and ``NotAllowed``."""
    webhook = Webhook.objects.locked().select_related("provider").filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound
    if by.startswith(PROVIDER_PREFIX):
        if webhook.provider is None or by != webhook.provider.actor:
            raise NotAllowed
    else:
        require_role(by, *MANAGERS)
    return webhook


def _checked(address: str) -> str:
    """Return the address in its stored form. Raises ``Refused``."""
    try:
        url = check_address(address.strip())
    except CallFailed as failed:
        raise Refused(WebhookReason.BAD_ADDRESS, fault=failed.fault) from None
    if url.query:
        raise Refused(WebhookReason.HAS_QUERY)
    return str(url)
