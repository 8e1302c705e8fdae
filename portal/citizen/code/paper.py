"""Paper codes: issuing one, which is shown once for printing, and withdrawing one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from codes.models import PaperPass
from codes.passes.paper import issue_paper, withdraw_paper
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject, subject_url
from portal.web.qr import qr_svg
from regions.keys.encryption import decrypt_number
from regions.masking import mask_number


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: SubjectRequest) -> HttpResponse:
    """List the paper codes in force, or issue one on POST.

    The new code is in that response only: the city keeps no copy that could be printed again.
    """
    return _issued(request) if request.method == "POST" else _in_force(request)


@for_subject
@require_POST
def withdraw(request: SubjectRequest, paper: int) -> HttpResponse:
    """Withdraw one paper code. Raises ``NotFound`` if it is somebody else's."""
    withdraw_paper(paper, by=acting_citizen(request), now=timezone.now())
    messages.success(request, _("Withdrawn: no gate lets anybody pass with it from now on."))
    return redirect(subject_url(request, "citizen_paper"))


def _in_force(request: SubjectRequest) -> HttpResponse:
    now = timezone.now()
    papers = PaperPass.objects.in_force(now).filter(citizen=request.subject).order_by("-issued_at", "-pk")
    return render(request, "citizen/paper.html", {"papers": papers})


def _issued(request: SubjectRequest) -> HttpResponse:
    """Issue a paper code and return the sheet to print."""
    token, content = issue_paper(
        request.subject,
        by=acting_citizen(request),
        now=timezone.now(),
        withdraw_earlier="withdraw_earlier" in request.POST,
    )
    context = {
        "qr": qr_svg(token, _("Paper code")),
        "number": mask_number(decrypt_number(bytes(request.subject.id_encrypted))),
        "content": content,
    }
    return render(request, "citizen/paper_sheet.html", context)
