"""Webhooks: the list, proposing one, and the page of each with its deliveries, the decision, and sending deliveries again."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.key_rotation import kid_of
from codes.models import Provider, Webhook, WebhookDelivery, WebhookEvent
from codes.webhooks import subscriptions as verbs
from portal.official.cases.forms import text_field
from portal.templatetags.page import titled
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, submit
from portal.web.keyset import keyset_page, query_without_place
from regions.keys.models import CityKey, Purpose
from regions.numbers import number_of
from regions.outgoing import CallFault
from regions.staff.roles import Role

DELIVERIES_A_PAGE = 50
Waits = WebhookDelivery.State


class WebhookForm(forms.Form):
    owner = forms.ChoiceField(label=gettext_lazy("Whose receiver it is"), widget=forms.RadioSelect)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Of https, without a secret in it: every message is signed by the city."),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=WebhookEvent.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Alarms only to the city's own receiver, the others only to a provider's."),
    )
    note = text_field(gettext_lazy("Why"))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        providers = Provider.objects.current().order_by("code")
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            *((one.code, titled(one)) for one in providers),
            ("-", _("The city's own")),
        ]


@require_safe
@for_staff(*verbs.MANAGERS)
def webhooks(request: StaffRequest) -> HttpResponse:
    """List the webhooks with the number of deliveries that wait or were given up."""
    counted = Webhook.objects.select_related("provider").annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=Waits.WAITING)),
        dead=Count("deliveries", filter=Q(deliveries__state=Waits.DEAD)),
        answered_at=Max("deliveries__tried_at", filter=Q(deliveries__state=Waits.DELIVERED)),
    )
    standing = [Webhook.State.PROPOSED, Webhook.State.ACTIVE, Webhook.State.PAUSED]
    context = {
        "standing": counted.filter(state__in=standing).order_by("provider__code", "pk"),
        "earlier": keyset_page(Webhook.objects.exclude(state__in=standing), request.GET, by=["-id"]),
        "may_propose": Role.SOURCE_MANAGER in request.roles,
    }
    return render(request, "official/webhooks/webhooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SOURCE_MANAGER)
def add_webhook(request: StaffRequest) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None)

    def propose(data: dict[str, Any], **who: Any) -> None:
        owner = Provider.objects.filter(code=data["owner"]).first()
        verbs.propose(provider=owner, address=data["address"], events=data["events"], reason=data["note"], **who)

    if request.method == "POST":
        done = _("Proposed. Nothing is sent there until an approver agrees.")
        if sent := submit(request, form, propose, back=reverse("official_webhooks"), done=done):
            return sent
    return render(request, "official/webhooks/new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@for_staff(*verbs.MANAGERS)
def webhook_page(request: StaffRequest, webhook_id: int) -> HttpResponse:
    """Show the webhook and its last deliveries.

    The citizens they are about are not shown, because checking delivery does not need them.
    """
    webhook = get_object_or_404(Webhook.objects.select_related("provider"), pk=webhook_id)
    chosen = request.GET.get("state", "")
    deliveries = webhook.deliveries.filter(state=chosen) if chosen in Waits.values else webhook.deliveries.all()
    page = keyset_page(deliveries, request.GET, by=["-id"], size=DELIVERIES_A_PAGE)
    is_open, is_mine = webhook.state == Webhook.State.PROPOSED, webhook.proposed_by == request.user.username
    key = CityKey.objects.get(purpose=Purpose.MESSAGE, retired_at__isnull=True)
    counts = {state: webhook.deliveries.filter(state=state).count() for state in Waits}
    context = {
        "webhook": webhook,
        "counts": counts.items(),
        "dead": counts[Waits.DEAD],
        "chosen": chosen,
        "page": page,
        "rows": [(one, CallFault(one.fault).label if one.fault else "") for one in page.rows],
        "query": query_without_place(request.GET),
        "is_standing": webhook.state in (Webhook.State.ACTIVE, Webhook.State.PAUSED),
        "is_paused": webhook.state == Webhook.State.PAUSED,
        "is_open": is_open,
        "may_decide": is_open and not is_mine and Role.APPROVER in request.roles,
        "may_withdraw": is_open and is_mine and Role.SOURCE_MANAGER in request.roles,
        "kid": kid_of(key),
        "public_key": bytes(key.public_key or b"").hex(),
    }
    return render(request, "official/webhooks/webhook.html", context)


@require_POST
@for_staff(*verbs.MANAGERS)
def decide(request: StaffRequest, webhook_id: int) -> HttpResponse:
    """Decide about the webhook, pause, resume or remove it, or send its dead deliveries again."""
    webhook = get_object_or_404(Webhook, pk=webhook_id)
    acts: dict[str, tuple[Callable[..., object], str]] = {
        "approve": (verbs.approve, _("Approved. What happens from now on is sent there.")),
        "refuse": (partial(verbs.refuse, reason=request.POST.get("reason", "")), _("Refused.")),
        "withdraw": (verbs.withdraw, _("The proposal is taken back.")),
        "pause": (verbs.pause, _("Paused. What happens meanwhile waits.")),
        "resume": (verbs.resume, _("Resumed. What has waited is sent now.")),
        "remove": (verbs.remove, _("Removed. Nothing is sent there any more.")),
    }
    back, verb = reverse("official_webhook", args=[webhook.pk]), request.POST.get("verb", "")
    if verb in acts:
        act, done = acts[verb]
        return attempt_and_return(request, act, webhook.pk, back=back, done=done)
    if verb != "replay":
        return redirect(back)
    chosen = request.POST.get("delivery")
    delivery_id = None if chosen is None else get_object_or_404(webhook.deliveries, pk=number_of(chosen)).pk
    replay = partial(verbs.replay, delivery_id=delivery_id)
    done = _("Sent again within seconds, but for colours that a later one has overtaken.")
    return attempt_and_return(request, replay, webhook.pk, back=back, done=done)
