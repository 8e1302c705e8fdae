"""Identifying the device of a request: by the secret in its browser's cookie or, for a machine, by the request's key."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from codes.gates.devices import find_device
from codes.models import GateDevice
from portal.web.access import Audience, mark
from portal.web.host import city_of

BEARER = "Bearer "
P = ParamSpec("P")


class DeviceRequest(HttpRequest):
    device: GateDevice


def device_of(request: HttpRequest) -> GateDevice | None:
    """Return the enrolled, unexpired device of this city that sent the request, or ``None``."""
    if city_of(request) is None:
        return None
    header = request.headers.get("Authorization", "")
    key = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
    secret = key or request.COOKIES.get(settings.GATE_COOKIE_NAME, "")
    return find_device(secret, now=timezone.now()) if secret else None


def keep_secret(response: HttpResponseBase, device: GateDevice, secret: str) -> None:
    """Set the device's secret as a cookie that no script can read, until the enrolment ends."""
    response.set_cookie(
        settings.GATE_COOKIE_NAME,
        secret,
        expires=device.expires_at,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def for_devices(
    view: Callable[Concatenate[DeviceRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Require an enrolled device. Other browsers get a page that explains enrolment."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        device = device_of(request)
        if device is None:
            return render(request, "gate/not_enrolled.html", status=401)
        request.device = device  # type: ignore[attr-defined]  # as declared by DeviceRequest
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return mark(guarded, Audience("device"))
