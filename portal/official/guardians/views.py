"""Requests of guardians for a dependant's code on their phone: the files that prove the relation, and one official's answer."""

from collections import defaultdict

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from codes.citizens.guardianship import accept_guardianship, refuse_guardianship, to_review
from codes.models import Evidence, Guardianship
from portal.official.cases.forms import text_field
from portal.official.cases.views import hand_out
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, submit
from regions.staff.roles import CASE_WORK, Role

SHOWN = 50


class RefusalForm(forms.Form):
    note = text_field(
        gettext_lazy("Why is it refused?"),
        help_text=gettext_lazy("The guardian reads this and can ask again with better proof."),
    )


@require_safe
@for_staff(*CASE_WORK)
def guardians(request: StaffRequest) -> HttpResponse:
    return _show(request)


@require_POST
@for_staff(Role.REVIEWER)
def answer(request: StaffRequest, link_id: int) -> HttpResponse:
    get_object_or_404(Guardianship, pk=link_id)
    back = "official_guardians"
    if request.POST.get("outcome") == "accept":
        done = _("Accepted: the dependant is shown on the guardian's phone.")
        return attempt_and_return(request, accept_guardianship, guardianship_id=link_id, back=back, done=done)
    form = RefusalForm(request.POST, auto_id=f"refusal_{link_id}_%s")
    response = submit(
        request,
        form,
        lambda data, **who: refuse_guardianship(guardianship_id=link_id, reason=data["note"], **who),
        back=back,
        done=_("Refused; the guardian reads why."),
    )
    return response or _show(request, refused=(link_id, form))


@require_safe
@for_staff(*CASE_WORK)
def proof(request: StaffRequest, link_id: int, evidence: int) -> HttpResponse:
    """Return a file that proves the relation. Its owner's access history shows that it was read."""
    get_object_or_404(Evidence.objects.filter(guardianship=link_id), pk=evidence)
    return hand_out(request, evidence, purpose=_("review of a guardian's request"), name=f"guardianship-{link_id}")


def _show(request: StaffRequest, refused: tuple[int, RefusalForm] | None = None) -> HttpResponse:
    links = to_review(size=SHOWN)
    files = defaultdict(list)
    for file in Evidence.objects.filter(guardianship__in=[link.pk for link in links]).order_by("pk"):
        files[file.guardianship_id].append(file)
    with_errors = dict([refused]) if refused else {}
    shown = [
        (link, files[link.pk], with_errors.get(link.pk) or RefusalForm(auto_id=f"refusal_{link.pk}_%s"))
        for link in links
    ]
    context = {"links": shown, "may_answer": Role.REVIEWER in request.roles}
    return render(request, "official/guardians/guardians.html", context, status=422 if refused else 200)
