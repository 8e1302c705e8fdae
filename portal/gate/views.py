"""The page of a gate. The scanned text is posted to it, by the form or by its script, and answered with one result."""

import base64
from datetime import datetime
from typing import Annotated, Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from codes.cities.recognition import off_line_words
from codes.gates.check import GateCheck, check_pass, note_scans
from codes.models import Neighbour
from codes.passes.issuing import list_signer
from codes.passes.results import CheckResult, Detail
from codes.passes.token import MAX_CHARACTERS
from codes.vocabulary import State
from portal.gate.session import DeviceRequest, for_devices
from portal.observability.happened import pass_checked
from portal.web.access import for_anyone
from portal.web.host import required_city
from regions.instants import instant_of

WORKER = settings.BASE_DIR / "portal" / "static" / "portal" / "gate_worker.js"
MOST_SCANS = 200


# For the QR code reader that is loaded if the browser has none.
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})
@for_devices
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: DeviceRequest) -> HttpResponse:
    """Show the page for the next scan and, without scripts, the result of the previous one."""
    checked = _check(request) if request.method == "POST" else None
    context = {
        "device": request.device,
        "checked": checked.as_json() if checked else None,
        "signed_by": base64.b64encode(list_signer()).decode(),
        "words": {**words(), "cities": off_line_words(get_language())},
    }
    return render(request, "gate/gate.html", context)


@for_devices
@require_POST
def check(request: DeviceRequest) -> HttpResponse:
    """Return the result of a scan as JSON, for the page's script."""
    return JsonResponse(_check(request).as_json())


def _check(request: DeviceRequest) -> GateCheck:
    device, now = request.device, timezone.now()
    checked = check_pass(request.POST.get("text", ""), by=device.subject, now=now, pass_keys=device.pass_keys)
    pass_checked.send_robust(sender=None, result=checked.result.value)
    return checked


def words() -> dict[str, Any]:
    """Return the texts that the script shows while it checks off-line, which are the same as on-line."""
    return {
        "sentences": {one.value: str(one.label) for one in (*CheckResult, *Detail)},
        "next_steps": {one.value: str(one.next_step) for one in CheckResult},
        "numbers": {one.value: str(one.number) for one in CheckResult},
        "colours": {one.value: str(one.label) for one in State},
        "times": {
            "now": _("now"),
            "as_of": _("as of %(time)s"),
            "keys": _("keys of %(time)s"),
            "until": _("usable off-line until %(time)s"),
            "too_old": _("usable off-line until %(time)s, and no longer: go on-line"),
            "refused": _("The key list is signed by somebody else than before: have this device enrolled anew"),
            "cannot": _("This browser cannot check codes off-line: use a newer one"),
            "no_camera": _("The camera cannot be used. Scan with a hand scanner, or paste the text of the code."),
            "flagged": _("%(time)s: the pass that was scanned off-line was at another gate, too."),
            "off_line": _("Off-line"),
            "on_line": _("On-line"),
            "no_colour": _("No colour"),
            "result": _("Result"),
        },
    }


@for_devices
@require_safe
def neighbours(_request: DeviceRequest) -> HttpResponse:
    """Return the last fetched signed key lists of the cities whose passes may be shown here."""
    listed = Neighbour.objects.filter(listed=True).exclude(keys="").order_by("division")
    return JsonResponse({"lists": list(listed.values("division", "keys"))})


class ScanOffLine(BaseModel):
    """One scan: the pass as it was verified, and when by the device's clock."""

    token: Annotated[str, Field(alias="pass", max_length=MAX_CHARACTERS)]
    at: Annotated[datetime, BeforeValidator(instant_of)]


SCANS: TypeAdapter[list[ScanOffLine]] = TypeAdapter(Annotated[list[ScanOffLine], Field(max_length=MOST_SCANS)])


@for_devices
@require_POST
def scans(request: DeviceRequest) -> HttpResponse:
    """Record the scans that the device made off-line.

    Return the times of those whose passes were also scanned at another gate.
    """
    try:
        scans = SCANS.validate_json(request.POST.get("scans", ""))
    except ValidationError:
        return HttpResponseBadRequest()
    by, now = request.device.subject, timezone.now()
    replayed = note_scans([(one.token, one.at) for one in scans], by=by, now=now)
    return JsonResponse({"replayed": [at.isoformat() for at in replayed]})


@for_anyone
@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """Return the service worker. It is served below ``/gate/``, because its path limits its scope."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@for_anyone
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Return the web app manifest for installing the page on a phone."""
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
