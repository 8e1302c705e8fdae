"""The page of a gate."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.gate.session import DeviceRequest, for_devices


@for_devices
@require_safe
def gate(request: DeviceRequest) -> HttpResponse:
    return render(request, "gate/gate.html", {"device": request.device})
