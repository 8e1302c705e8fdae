"""The paper code: for people without a phone. It names nobody and shows no colour that could go stale: a gate looks the colour up."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.citizen.qr import qr_svg
from portal.citizen.subject import SubjectRequest, about_somebody
from portal.web.host import city_here
from regions.keys.sealing import open_number
from regions.masking import mask_number

PREFIX = "HCPAPER1"
VALID = timedelta(days=365)


@about_somebody
@require_safe
def paper(request: SubjectRequest) -> HttpResponse:
    """A page to print: a reference that only this city can follow, good for a year, shown together with an identity card."""
    now = timezone.now()
    until = timezone.localdate(now) + VALID
    content = f"{PREFIX}:{city_here(request).division}:{request.subject.ref}:{until:%Y%m%d}"
    context = {
        "qr": qr_svg(content, _("Paper code")),
        "number": mask_number(open_number(bytes(request.subject.id_encrypted))),
        "printed": now,
        "until": until,
    }
    return render(request, "citizen/paper.html", context)
