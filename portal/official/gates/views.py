"""Gate devices: who proposed and confirmed each, the link that enrols it, and its revocation."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.gates import devices as verbs
from codes.models import GateDevice, GateDeviceState
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, attempt_and_return, submit
from portal.web.keyset import keyset_page
from portal.web.qr import qr_svg
from portal.web.widgets import DateInput
from regions.staff.roles import Role


class DeviceForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the device"), help_text=_("As it is written on the device."), max_length=verbs.MOST_CHARACTERS
    )
    place = forms.CharField(
        label=_("Place"), help_text=_("The gate at which it stands."), max_length=verbs.MOST_CHARACTERS
    )
    until = forms.DateField(
        label=_("Last day"),
        help_text=_("A year at most."),
        widget=DateInput(),
    )
    note = forms.CharField(label=_("Why"), help_text=_("For the administrator who confirms."), max_length=1000)


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def devices(request: StaffRequest) -> HttpResponse:
    """List the city's devices, those that wait for a confirmation first."""
    waiting = GateDevice.objects.waiting().order_by("proposed_at", "pk")
    decided = GateDevice.objects.exclude(state=GateDeviceState.PROPOSED)
    page = keyset_page(decided, request.GET, by=["name", "id"])
    context = {"page": page, "waiting": waiting, "now": timezone.now()}
    return render(request, "official/gates/devices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
def add_device(request: StaffRequest) -> HttpResponse:
    """Propose a device. It can be enrolled once another administrator has confirmed it."""
    a_year_on = timezone.localdate() + timedelta(days=365)
    form = DeviceForm(request.POST if request.method == "POST" else None, initial={"until": a_year_on})

    def propose(data: dict[str, Any], **who: Any) -> None:
        end = timezone.make_aware(datetime.combine(data["until"], time.max))
        verbs.propose_device(name=data["name"], place=data["place"], expires_at=end, reason=data["note"], **who)

    done = gettext("Proposed. Another system administrator confirms; until then no link can be made.")
    back = reverse("official_gates")
    response = submit(request, form, propose, back=back, done=done) if request.method == "POST" else None
    return response or render(request, "official/gates/add.html", {"form": form})


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def device_page(request: StaffRequest, device_id: int) -> HttpResponse:
    return _page(request, get_object_or_404(GateDevice, pk=device_id))


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def decide(request: StaffRequest, device_id: int) -> HttpResponse:
    get_object_or_404(GateDevice, pk=device_id)
    back = reverse("official_gate", args=[device_id])
    acts: dict[str, Callable[..., GateDevice]] = {
        "confirm": verbs.confirm_device,
        "refuse": partial(verbs.refuse_device, reason=request.POST.get("reason", "")),
        "withdraw": verbs.withdraw_device,
    }
    act = acts.get(request.POST.get("verb", ""))
    done = attempt(request, act, device_id, back=back) if act else None
    if done is not None and done.state == GateDeviceState.CONFIRMED:
        messages.success(request, gettext("Confirmed. Make the link when the device is at hand."))
    return redirect(back)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
@never_cache
def show_link(request: StaffRequest, device_id: int) -> HttpResponse:
    """Show the enrolment link as a QR code for the device's camera. It is shown once."""
    get_object_or_404(GateDevice, pk=device_id)
    back = reverse("official_gate", args=[device_id])
    made = attempt(request, verbs.open_device_link, device_id, back=back)
    if made is None:
        return redirect(back)
    device, token = made
    address = request.build_absolute_uri(reverse("gate_enrolment_link", args=[token]))
    return _page(request, device, address=address, qr=qr_svg(address, gettext("Link for the device")))


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def revoke(request: StaffRequest, device_id: int) -> HttpResponse:
    get_object_or_404(GateDevice, pk=device_id)
    back = reverse("official_gate", args=[device_id])
    done = gettext("Revoked: it gets no more results.")
    return attempt_and_return(request, verbs.revoke_device, device_id, back=back, done=done)


def _page(request: StaffRequest, device: GateDevice, **link: Any) -> HttpResponse:
    now, me = timezone.now(), request.user.username
    is_open = device.state == GateDeviceState.PROPOSED
    is_in_force = device.state == GateDeviceState.CONFIRMED
    context = {
        "device": device,
        "may_decide": is_open and me != device.proposed_by,
        "may_withdraw": is_open and me == device.proposed_by,
        "may_link": is_in_force and device.secret_hash is None and device.expires_at > now,
        "is_in_force": is_in_force,
        "now": now,
        **link,
    }
    return render(request, "official/gates/device.html", context)
