"""`webhooks`: the addresses at which a provider receives messages, and the deliveries to them."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field, WithJsonSchema
from rest_framework.request import Request
from rest_framework.response import Response

from codes.intake.lines import Name, Shape
from codes.models import Provider, Scope, Webhook, WebhookDelivery
from codes.models.webhook import OF_PERSONS, DeliveryState, WebhookEvent, WebhookState
from codes.webhooks import subscriptions
from portal.api.bodies import JSON_TYPE, read_json
from portal.api.callers import Caller, caller_of
from portal.api.errors import ApiError, ApiErrorCode
from portal.api.paging import PAGING, filter_of, page
from portal.api.schema import ANY_CALL, IDEMPOTENCY_KEY, WITH_BODY, problems
from portal.api.service import Service, idempotent
from regions.refusals import NotFound

LONGEST_ADDRESS = 500
# Events about persons; the city's own events go to its own receivers.
Event = Annotated[
    WebhookEvent, Field(strict=False), WithJsonSchema({"type": "string", "enum": [one.value for one in OF_PERSONS]})
]


class ProposedWebhook(Shape):
    """An https URL without a query string, on a host that the operator allows. `reason` is shown to the official who approves it."""

    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS)]
    events: Annotated[list[Event], Field(min_length=1, max_length=len(OF_PERSONS))]
    reason: Name


class ListedWebhook(BaseModel):
    """`proposed`: waiting for approval; `ended`: removed. Nothing is sent before `silent_until`: the receiver did not respond."""

    id: int
    address: str
    events: list[WebhookEvent]
    state: WebhookState
    proposed_at: datetime
    decided_at: datetime | None
    decision_reason: str
    silent_until: datetime | None
    waiting: int
    given_up: int


class WebhookPage(BaseModel):
    items: list[ListedWebhook]
    next_cursor: str | None


class ListedDelivery(BaseModel):
    """`id` is the message's. `status` is the HTTP status of the last response, `fault` the reason why there was none."""

    id: UUID
    event: WebhookEvent
    state: DeliveryState
    made_at: datetime
    attempts: int
    tried_at: datetime | None
    status: int | None
    fault: str


class DeliveryPage(BaseModel):
    items: list[ListedDelivery]
    next_cursor: str | None


class Act(StrEnum):
    """`remove` also withdraws a proposed webhook. `replay` sends abandoned deliveries again."""

    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    REPLAY = "replay"


class WebhookAct(Shape):
    act: Annotated[Act, Field(strict=False)]


PROPOSED = OpenApiExample(
    "A front end",
    {"address": "https://front.example.cn/hook", "events": ["code.changed"], "reason": "Our app shows the colour."},
    request_only=True,
)
ID = OpenApiParameter("webhook_id", int, OpenApiParameter.PATH, description="The webhook's `id`.")


class Webhooks(Service):
    scope = Scope.WEBHOOKS
    http_method_names = ("get", "post")

    @extend_schema(
        operation_id="list_webhooks",
        summary="List the provider's webhooks",
        description="Newest first, including refused and removed ones.",
        tags=["webhooks"],
        parameters=PAGING,
        responses={(200, JSON_TYPE): OpenApiResponse(WebhookPage, "A page of results."), **problems(*ANY_CALL)},
    )
    def get(self, request: Request) -> Response:
        filter_of(request)
        return Response(page(request, _webhooks_of(caller_of(request)), by=["-id"], serialize=_webhook))

    @extend_schema(
        operation_id="propose_webhook",
        summary="Propose a webhook",
        description="Nothing is sent to the address until an official of the city approves it. An address cannot be "
        "changed: propose a new one and remove the old one.",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY_KEY],
        request={JSON_TYPE: ProposedWebhook},
        examples=[PROPOSED],
        responses={
            (201, JSON_TYPE): OpenApiResponse(ListedWebhook, "The webhook was proposed."),
            **problems(*WITH_BODY),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        asked, caller = read_json(request._request, ProposedWebhook), caller_of(request)
        made = subscriptions.propose(
            provider=Provider.objects.get(code=caller.code),
            address=asked.address,
            events=asked.events,
            reason=asked.reason,
            by=caller.actor,
            now=timezone.now(),
        )
        return Response(_webhook(_own(request, made.pk)), status=201)


class OneWebhook(Service):
    scope = Scope.WEBHOOKS
    http_method_names = ("get", "post")

    @extend_schema(
        operation_id="get_webhook",
        summary="Get a webhook",
        description="Its state and the numbers of waiting and abandoned deliveries.",
        tags=["webhooks"],
        parameters=[ID],
        responses={
            (200, JSON_TYPE): OpenApiResponse(ListedWebhook, "The webhook's current state."),
            **problems(*ANY_CALL, 404),
        },
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        filter_of(request)
        return Response(_webhook(_own(request, webhook_id)))

    @extend_schema(
        operation_id="act_on_webhook",
        summary="Pause, resume, remove or replay a webhook",
        description="`replay` sends deliveries again that were abandoned after 24 hours, except colours that have since"
        " been superseded.",
        tags=["webhooks"],
        parameters=[ID, IDEMPOTENCY_KEY],
        request={JSON_TYPE: WebhookAct},
        examples=[OpenApiExample("Pause deliveries", {"act": "pause"}, request_only=True)],
        responses={
            (200, JSON_TYPE): OpenApiResponse(ListedWebhook, "The webhook's current state."),
            **problems(*WITH_BODY, 404),
        },
    )
    @idempotent
    def post(self, request: Request, webhook_id: int) -> Response:
        act, webhook = read_json(request._request, WebhookAct).act, _own(request, webhook_id)
        verb = subscriptions.withdraw if _is_taken_back(act, webhook) else VERBS[act]
        verb(webhook.pk, by=caller_of(request).actor, now=timezone.now())
        return Response(_webhook(_own(request, webhook.pk)))


class Deliveries(Service):
    scope = Scope.WEBHOOKS
    http_method_names = ("get",)

    @extend_schema(
        operation_id="list_deliveries",
        summary="List a webhook's deliveries",
        description="The last 30 days, newest first. Only the message itself says which person it is about.",
        tags=["webhooks"],
        parameters=[
            ID,
            *PAGING,
            OpenApiParameter("state", str, enum=DeliveryState.values, description="Only deliveries in this state."),
        ],
        responses={(200, JSON_TYPE): OpenApiResponse(DeliveryPage, "A page of results."), **problems(*ANY_CALL, 404)},
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        state = filter_of(request, ("state",)).get("state")
        if state is not None and state not in DeliveryState:
            raise ApiError(400, ApiErrorCode.BAD_QUERY, name="state")
        found = WebhookDelivery.objects.filter(webhook=_own(request, webhook_id))
        if state is not None:
            found = found.filter(state=state)
        return Response(page(request, found, by=["-id"], serialize=_delivery))


VERBS: dict[Act, Callable[..., object]] = {
    Act.PAUSE: subscriptions.pause,
    Act.RESUME: subscriptions.resume,
    Act.REMOVE: subscriptions.remove,
    Act.REPLAY: subscriptions.replay,
}


def _is_taken_back(act: Act, webhook: Webhook) -> bool:
    return act is Act.REMOVE and webhook.state == WebhookState.PROPOSED


def _webhooks_of(caller: Caller) -> QuerySet[Webhook]:
    """Return the caller's webhooks with the numbers of waiting and failed messages."""
    return Webhook.objects.filter(provider__code=caller.code).annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
        given_up=Count("deliveries", filter=Q(deliveries__state=DeliveryState.DEAD)),
    )


def _own(request: Request, webhook_id: int) -> Webhook:
    """Return the caller's webhook. Raises ``NotFound``, also for another caller's."""
    found = _webhooks_of(caller_of(request)).filter(pk=webhook_id).first()
    if found is None:
        raise NotFound
    return found


def _webhook(row: Any) -> dict[str, Any]:
    names = ("address", "events", "state", "proposed_at", "decided_at", "decision_reason", "waiting", "given_up")
    listed = ListedWebhook(id=row.pk, silent_until=row.resume_at, **{name: getattr(row, name) for name in names})
    return listed.model_dump(mode="json")


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    names = ("event", "state", "made_at", "attempts", "tried_at", "status", "fault")
    listed = ListedDelivery(id=row.event_id, **{name: getattr(row, name) for name in names})
    return listed.model_dump(mode="json")
