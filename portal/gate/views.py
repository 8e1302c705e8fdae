"""The page of a gate: what was scanned is posted to it, by a form or by its script, and answered with one result."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.gates.check import Checked, check_pass
from codes.passes.issuing import signed_key_list
from codes.passes.results import CheckResult, Detail
from codes.vocabulary import State
from portal.gate.session import DeviceRequest, for_devices
from portal.web.access import for_anyone
from portal.web.host import required_city
from regions.keys.models import Purpose

WORKER = settings.BASE_DIR / "portal" / "static" / "portal" / "gate_worker.js"


@for_devices
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: DeviceRequest) -> HttpResponse:
    """Ready for the next pass; with the result of the one before where scripts are off."""
    checked = _check(request) if request.method == "POST" else None
    context = {
        "device": request.device,
        "checked": checked.as_json() if checked else None,
        "keys_address": reverse("gate_keys"),
        "words": words(),
    }
    return render(request, "gate/gate.html", context)


@for_devices
@require_POST
def check(request: DeviceRequest) -> HttpResponse:
    """The same for the page's script."""
    return JsonResponse(_check(request).as_json())


def _check(request: DeviceRequest) -> Checked:
    return check_pass(request.POST.get("text", ""), by=request.device.subject, now=timezone.now())


def words() -> dict[str, dict[str, str]]:
    """What the script says while it checks off-line: as the portal says it."""
    return {
        "sentences": {one.value: str(one.label) for one in (*CheckResult, *Detail)},
        "next_steps": {one.value: str(one.next_step) for one in CheckResult},
        "numbers": {one.value: str(one.number) for one in CheckResult},
        "colours": {one.value: str(one.label) for one in State},
        "times": {
            "now": _("now"),
            "as_of": _("as of %(time)s"),
            "keys": _("keys of %(time)s"),
            "off_line": _("Off-line"),
            "no_colour": _("No colour"),
            "result": _("Result"),
        },
    }


@for_devices
@require_safe
def keys(_request: DeviceRequest) -> HttpResponse:
    """The keys that passes are verified with off-line."""
    return HttpResponse(signed_key_list(Purpose.PASS, now=timezone.now()), content_type="application/json")


@for_anyone
@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker: below /gate/, as that is what it may keep."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@for_anyone
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """How the page is installed on a phone."""
    name = _("%(city)s gate") % {"city": required_city(request).name_zh}
    return JsonResponse(
        {
            "name": name,
            "short_name": _("Gate"),
            "start_url": reverse("gate"),
            "scope": reverse("gate"),
            "display": "standalone",
            "icons": [{"src": static("portal/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )
