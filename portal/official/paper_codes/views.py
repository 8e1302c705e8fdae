"""Printing a paper code at a counter: looking the citizen up by the document presented, and printing the sheet."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from codes.limits import TooOften
from codes.models import PaperPass
from codes.passes.counter import CounterPurpose, look_up_at_counter, print_at_counter
from codes.passes.paper import MOST_IN_FORCE
from portal.web.access import StaffRequest, for_staff
from portal.web.documents import DocumentForm, decrypt_identity, encrypt_identity
from portal.web.errors import attempt, retry_later
from portal.web.qr import qr_svg
from regions.keys.encryption import decrypt_number
from regions.masking import mask_number
from regions.staff.roles import Role


class CounterForm(DocumentForm):
    """The document presented, and why its holder needs a paper code."""

    purpose = forms.ChoiceField(label=gettext_lazy("Why is a paper code needed?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [(one.value, capfirst(str(one.label))) for one in CounterPurpose]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.REVIEWER)
def look_up(request: StaffRequest) -> HttpResponse:
    """Look up the document's holder and show them masked, for comparison with the document."""
    form = CounterForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "official/paper_codes/look_up.html", {"form": form})
    identity, purpose = form.cleaned_data["identity"], CounterPurpose(form.cleaned_data["purpose"])
    now = timezone.now()
    try:
        citizen = look_up_at_counter(identity, purpose=purpose, by=request.user.username, now=now)
    except TooOften as often:
        fault = ngettext(
            "You have looked up too many people. Go on in %(n)s second.",
            "You have looked up too many people. Go on in %(n)s seconds.",
            often.seconds,
        ) % {"n": localize(often.seconds)}
        page = render(request, "official/paper_codes/look_up.html", {"form": form, "fault": fault}, status=429)
        return retry_later(page, often.seconds)
    in_force = PaperPass.objects.in_force(now).filter(citizen=citizen).order_by("-issued_at", "-pk")
    papers = list(in_force) if citizen else []
    context = {
        "form": CounterForm(),
        "asked": True,
        "citizen": citizen,
        "number": mask_number(identity.id_number),
        "papers": papers,
        "is_full": len(papers) >= MOST_IN_FORCE,
        "document": encrypt_identity(identity),
    }
    return render(request, "official/paper_codes/look_up.html", context)


@require_POST
@for_staff(Role.REVIEWER)
def print_code(request: StaffRequest) -> HttpResponse:
    """Return the sheet. It is in this response only: the city keeps no copy that could be printed again."""
    document = decrypt_identity(request.POST.get("document", ""))
    if document is None:
        return redirect("official_paper_codes")
    lost = "withdraw_earlier" in request.POST
    printed = attempt(request, print_at_counter, document, withdraw_earlier=lost, back="official_paper_codes")
    if printed is None:
        return redirect("official_paper_codes")
    citizen, token, content = printed
    context = {
        "holder": citizen,
        "qr": qr_svg(token, _("Paper code")),
        "number": mask_number(decrypt_number(bytes(citizen.id_encrypted))),
        "content": content,
    }
    return render(request, "official/paper_codes/sheet.html", context)
