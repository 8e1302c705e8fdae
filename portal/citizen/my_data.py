"""My data: what the city holds about a person, a copy of it, and who has looked at it."""

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from codes.models import Fact, PersonAccess, Registration
from portal.citizen.actor import acting
from portal.citizen.own_copy import own_copy
from portal.citizen.subject import SubjectRequest, about_somebody
from portal.web.keyset import keyset_page
from regions.journal.record import record
from regions.keys.sealing import open_number, open_phone
from regions.masking import mask_number, mask_phone

LOOKED = 20


@about_somebody
@require_safe
def my_data(request: SubjectRequest) -> HttpResponse:
    """Who the city takes the person for, what records count, who looked."""
    subject = request.subject
    phone = open_phone(bytes(subject.phone_encrypted)) if subject.phone_encrypted else ""
    facts = Fact.objects.filter(citizen=subject, superseded=False, revoked=False).select_related("source", "provider")
    looked = keyset_page(
        PersonAccess.objects.filter(citizen=subject),
        by=["-at", "-id"],
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=LOOKED,
    )
    context = {
        "number": mask_number(open_number(bytes(subject.id_encrypted))),
        "phone": mask_phone(phone),
        "facts": facts.order_by("-recorded_at", "-id"),
        "registrations": Registration.objects.filter(citizen=subject)
        .select_related("provider")
        .order_by("provider__code"),
        "looked": looked,
    }
    return render(request, "citizen/my_data.html", context)


@about_somebody
@require_POST
def download(request: SubjectRequest) -> HttpResponse:
    """Everything as one JSON file. A POST, because it is journalled."""
    now = timezone.now()
    with transaction.atomic():
        copy = own_copy(request.subject, now=now)
        record("citizen.copied", by=acting(request), now=now, subject=f"citizen:{request.subject.ref}")
    response = JsonResponse(copy, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y%m%d}.json"'
    return response
