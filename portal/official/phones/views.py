"""Phones that wait for a confirmation: found by the document that the citizen presents, and confirmed or refused with it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from codes.citizens.phones import confirm_by_official, proposed_phones, refuse_by_official
from codes.models import Citizen, PhoneChange
from codes.review.evidence.access import log_access
from portal.web.access import StaffRequest, for_staff
from portal.web.documents import DocumentForm, decrypt_identity, encrypt_identity
from portal.web.errors import attempt
from regions.identity import Identity
from regions.keys.encryption import decrypt_phone, identity_hash
from regions.masking import mask_phone
from regions.staff.roles import Role

SEEN = "phone"


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.REVIEWER)
def phones(request: StaffRequest) -> HttpResponse:
    """Find the holder by the document's number.

    The citizen's access history shows that an official looked at their phone.
    """
    form = DocumentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _show(request, form, form.cleaned_data["identity"])
    return render(request, "official/phones/phones.html", {"form": form})


@require_POST
@for_staff(Role.REVIEWER)
def answer(request: StaffRequest, change_id: int) -> HttpResponse:
    get_object_or_404(PhoneChange, pk=change_id)
    document = decrypt_identity(request.POST.get("document", ""))
    if document is None:
        return redirect("official_phones")
    acts = {
        "confirm": (confirm_by_official, _("Confirmed: sign-in codes go to the new phone. Both phones are told.")),
        "refuse": (refuse_by_official, _("Refused: sign-in codes go to the phone on record as before.")),
    }
    act, done = acts.get(request.POST.get("outcome", ""), (None, ""))
    if act and attempt(request, act, change_id=change_id, document=document, back="official_phones") is None:
        done = ""
    return _show(request, DocumentForm(), document, done=done)


def _show(request: StaffRequest, form: DocumentForm, document: Identity, *, done: str = "") -> HttpResponse:
    citizen = Citizen.objects.filter(id_hash=identity_hash(document)).first()
    rows = []
    if citizen is not None:
        purpose = _("change of phone at a counter")
        log_access(citizens=[citizen.pk], what=SEEN, purpose=purpose, by=request.user.username, now=timezone.now())
        rows = [(one, _masked(one.phone_encrypted)) for one in proposed_phones(citizen)]
    context = {
        "form": form,
        "asked": True,
        "citizen": citizen,
        "phone": _masked(citizen.phone_encrypted) if citizen else "",
        "rows": rows,
        "document": encrypt_identity(document),
        "done": done,
    }
    return render(request, "official/phones/phones.html", context)


def _masked(encrypted: bytes | memoryview | None) -> str:
    return mask_phone(decrypt_phone(bytes(encrypted))) if encrypted is not None else ""
