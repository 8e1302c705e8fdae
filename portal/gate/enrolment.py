"""The enrolment link of a device: the browser that opens it becomes the device, or a machine's key is shown once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codes.gates.devices import enrol_device, find_by_link
from portal.gate.session import keep_secret
from portal.web.access import for_anyone
from regions.staff.enrolment import hash_of_token

KEY = "gate_enrolment"
MACHINE = "machine"


@for_anyone
@require_safe
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token from the address, which logs and histories keep, into the session.

    Opening the link does not use it up.
    """
    link_hash = hash_of_token(token)
    if find_by_link(link_hash, now=timezone.now()) is not None:
        request.session[KEY] = link_hash.hex()
    return redirect("gate_enrolment")


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enrol_page(request: HttpRequest) -> HttpResponse:
    """Enrol the device.

    If the link is no longer valid, whatever the reason, answer 404 with an explanation of what to do.
    """
    now, link_hash = timezone.now(), bytes.fromhex(request.session.get(KEY, ""))
    device = find_by_link(link_hash, now=now)
    enrolled = enrol_device(link_hash, now=now) if device and request.method == "POST" else None
    if device is None or (request.method == "POST" and enrolled is None):
        return render(request, "gate/link_ended.html", status=404)
    if enrolled is None:
        return render(request, "gate/enrolment.html", {"device": device})
    device, secret = enrolled
    # End any other session of this browser. A gate's browser shows results and nothing else.
    request.session.flush()
    if request.POST.get("as") == MACHINE:
        return render(request, "gate/key.html", {"device": device, "secret": secret})
    response = redirect("gate")
    keep_secret(response, device, secret)
    return response
