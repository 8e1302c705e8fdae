"""The service of one city, for the operator: its first administrators and its suspension."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from codes import suspension
from codes.suspension import suspension_of
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import Conflict, attempt, submit
from regions.models import City, CitySuspension
from regions.staff.first_administrators import Enrolment, first_administrators, send_first_links
from regions.staff.roles import Role
from regions.tenancy import cities_in_service
from regions.vocabulary import SuspensionReason

PAST_SHOWN = 10
ACTS = {
    "confirm": suspension.confirm,
    "decline": suspension.decline,
    "withdraw": suspension.withdraw,
    "ask_end": suspension.ask_end,
    "confirm_end": suspension.confirm_end,
    "keep": suspension.keep,
}


class SuspensionForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Because"),
        help_text=_("Citizens read it."),
        choices=SuspensionReason.choices,
        initial=SuspensionReason.WRONG_CODES,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Note"),
        help_text=_("For operators: what is wrong, and what has to be done before the city goes on."),
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def page(request: StaffRequest, schema: str) -> HttpResponse:
    return _page(request, _city(schema), SuspensionForm())


def _page(request: StaffRequest, city: City, form: SuspensionForm) -> HttpResponse:
    schema, now = city.schema_name, timezone.now()
    administrators = first_administrators(schema, now=now)
    context = {
        # Templates use `city` for the city of the host.
        "one_city": city,
        "host": city.domains.filter(is_primary=True).values_list("domain", flat=True).first(),
        "administrators": administrators,
        "nobody_enrolled": all(one.state is not Enrolment.ENROLLED for one in administrators),
        "suspension": suspension_of(city),
        "past": city.suspensions.filter(state=CitySuspension.State.ENDED).order_by("-pk")[:PAST_SHOWN],
        "form": form,
    }
    return render(request, "operator/service.html", context)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def send_links(request: StaffRequest, schema: str) -> HttpResponse:
    """Send new links to the first administrators. A worker sends them within half a minute."""
    back = reverse("operator_service", args=[_city(schema).schema_name])
    if attempt(request, send_first_links, schema, back=back) is not None:
        messages.success(
            request, gettext("New links are on their way to the same addresses; those before no longer work.")
        )
    return redirect(back)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def suspend(request: StaffRequest, schema: str) -> HttpResponse:
    """Propose a suspension as the first operator. Nothing changes until another one confirms."""
    city, form = _city(schema), SuspensionForm(request.POST)

    def ask(data: dict[str, str], **who: Any) -> None:
        suspension.ask(schema, reason=data["reason"], note=data["note"], **who)

    done = gettext("Proposed. Another operator confirms it; until then the city goes on.")
    response = submit(request, form, ask, back=reverse("operator_service", args=[schema]), done=done)
    return response or _page(request, city, form)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def decide(request: StaffRequest, schema: str) -> HttpResponse:
    """Confirm, decline or withdraw a suspension, or its end."""
    city = _city(schema)
    waiting, act = suspension_of(city), ACTS.get(request.POST.get("verb", ""))
    back = reverse("operator_service", args=[city.schema_name])
    if waiting is None:
        raise Conflict(back=back)
    if act is not None:
        attempt(request, act, waiting.pk, back=back)
    return redirect(back)


def _city(schema: str) -> City:
    """Return the city. Answer 404 if its service has ended."""
    return get_object_or_404(cities_in_service(), schema_name=schema)
