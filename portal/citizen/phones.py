"""A new phone for sign-in codes: confirmed by the signed-in citizen, or with the code sent to the earlier phone."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from codes.citizens.phones import confirm_signed_in, confirm_with_code, proposed_phones, refuse_signed_in
from codes.citizens.sign_in import WrongCode
from codes.models import PhoneChange
from portal.citizen.sign_in.views import CodeField
from portal.citizen.subject import SubjectRequest
from portal.web.access import CitizenRequest, for_anyone, for_citizens
from portal.web.documents import DocumentForm
from regions.keys.encryption import decrypt_phone
from regions.masking import mask_phone


@dataclass(frozen=True)
class OfferedPhone:
    change: PhoneChange
    phone: str


def offered_phones(request: SubjectRequest) -> list[OfferedPhone]:
    """Return the masked phones that wait for the citizen's answer.

    On a dependant's pages there are none, because nobody answers for somebody else.
    """
    if request.subject.pk != request.citizen.pk:
        return []
    changes = proposed_phones(request.subject)
    return [OfferedPhone(one, mask_phone(decrypt_phone(bytes(one.phone_encrypted)))) for one in changes]


@for_citizens
@require_POST
def answer(request: CitizenRequest, change: int) -> HttpResponse:
    """Confirm or refuse a phone as the citizen themselves. Answer 404 for a change that is not theirs."""
    get_object_or_404(PhoneChange, pk=change, citizen=request.citizen)
    acts = {
        "confirm": (confirm_signed_in, _("Sign-in codes go to the new phone from now on. Both phones are told.")),
        "refuse": (refuse_signed_in, _("Nothing changes: sign-in codes go to your phone as before.")),
    }
    if chosen := acts.get(request.POST.get("act", "")):
        act, done = chosen
        act(change_id=change, by=request.citizen.actor, now=timezone.now())
        messages.success(request, done)
    return redirect("citizen_data")


class ConfirmForm(DocumentForm):
    """The citizen's document, and the code sent to the earlier phone."""

    code = CodeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the message")
        self.fields["code"].widget.attrs = {"inputmode": "numeric"}  # the document comes first


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm a phone with the code. Neither text nor status reveals whether a number is known or a phone waits."""
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_with_code(
                identity=form.cleaned_data["identity"], code=form.cleaned_data["code"], now=timezone.now()
            )
        except WrongCode:
            form.add_error(
                "code", _("This code is wrong or has expired. Sign in to confirm the phone, or go to a counter.")
            )
        else:
            messages.success(request, _("Sign-in codes go to the new phone from now on. Both phones are told."))
            return redirect("citizen_sign_in")
    return render(request, "citizen/sign_in/phone.html", {"form": form})
