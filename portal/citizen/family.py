"""Dependants: the list, and requesting one with their document and a proof of the relation."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.citizens.guardianship import (
    MAX_DEPENDANTS,
    GuardianshipFault,
    Relation,
    ask_guardianship,
    dependants_of,
    end_guardianship,
)
from codes.models import Citizen, Guardianship, InformationRequest
from portal.citizen.appeals.forms import UploadForm
from portal.citizen.appeals.views import change_files, draft_files
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject
from portal.web.bodies import takes_file
from portal.web.documents import DocumentForm, decrypt_identity, encrypt_identity
from portal.web.errors import refusal_text
from portal.web.kept_forms import Draft
from regions.identity import Identity
from regions.keys.encryption import decrypt_number
from regions.refusals import Refused
from regions.vocabulary import IdType


class DependantForm(DocumentForm):
    """The dependant's document, and their relation to the guardian."""

    relation = forms.ChoiceField(label=gettext_lazy("The person is my"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["relation"].choices = [(one.value, capfirst(str(one.label))) for one in Relation]  # type: ignore[attr-defined]


@for_subject
@require_safe
def family(request: SubjectRequest) -> HttpResponse:
    links = dependants_of(request.citizen)
    open_questions = InformationRequest.objects.filter(
        state=InformationRequest.State.OPEN, case__citizen__in=[link.dependant_id for link in links if link.accepted]
    )
    asked = {one.case.citizen_id: one.case for one in open_questions.select_related("case").order_by("-answer_by")}
    guardians = Guardianship.objects.filter(dependant=request.citizen, ended_at__isnull=True)
    refused = Guardianship.objects.filter(guardian=request.citizen, accepted=False).select_related("dependant")
    context = {
        "links": [(link, asked.get(link.dependant_id)) for link in links],
        "guardians": guardians.select_related("guardian"),
        "refused": refused.order_by("-reviewed_at")[:5],
        "may_add": len(links) < MAX_DEPENDANTS,
        "most": MAX_DEPENDANTS,
    }
    return render(request, "citizen/family/list.html", context)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SubjectRequest) -> HttpResponse:
    form = DependantForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        identity = form.cleaned_data["identity"]
        if identity != _identity(request.citizen):
            draft = Draft(request.citizen, "dependant", request.citizen.ref)
            draft.keep("who", {"document": encrypt_identity(identity), "relation": form.cleaned_data["relation"]})
            return redirect("citizen_family_proof")
        form.add_error("id_number", str(GuardianshipFault.ONESELF.label))
    return render(request, "citizen/family/ask.html", {"form": form})


def _identity(citizen: Citizen) -> Identity:
    return Identity(IdType(citizen.id_type), decrypt_number(bytes(citizen.id_encrypted)))


@takes_file
@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: SubjectRequest) -> HttpResponse:
    """Upload the proof of the relation and send the request (second page)."""
    draft = Draft(request.citizen, "dependant", request.citizen.ref)
    who = draft.answers.get("who")
    identity = decrypt_identity(who["document"]) if who else None
    if who is None or identity is None:
        return redirect("citizen_family_ask")
    form, fault = change_files(request), ""
    if form is None and request.POST.get("act") != "send":
        return redirect("citizen_family_proof")
    if (form is None or not form.errors) and request.POST.get("act") == "send":
        try:
            ask_guardianship(
                guardian=request.citizen,
                dependant=identity,
                relation=who["relation"],
                by=acting_citizen(request),
                now=timezone.now(),
                evidence_ids=[file.pk for file in draft_files(request)],
            )
        except Refused as refusal:
            fault = refusal_text(refusal)
        else:
            draft.drop()
            messages.success(request, _("Your request has arrived. An official looks at it within a working day."))
            return redirect("citizen_family")
    context = {"form": form or UploadForm(), "files": list(draft_files(request)), "fault": fault}
    return render(request, "citizen/family/proof.html", context)


@for_subject
@require_POST
def end(request: SubjectRequest, link: int) -> HttpResponse:
    """End a guardianship as its guardian or dependant. Raises ``NotFound`` for anybody else."""
    end_guardianship(guardianship_id=link, by=acting_citizen(request), now=timezone.now())
    messages.success(request, _("Ended."))
    return redirect("citizen_family")
