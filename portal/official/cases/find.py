"""Finding a case, open or closed.

The search text is personal data, so it is sent in the request body and never in an address.
"""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from codes.models import Case
from codes.review.cases.find import find_cases
from portal.official.cases.views import CASE_READERS
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import form_refusals
from regions.tenancy import current_city

SHOWN = 50


class FindForm(forms.Form):
    text = forms.CharField(
        label=_("Case number, citizen's reference, document number, or part of a name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    born_in = forms.IntegerField(
        label=_("Year of birth"), required=False, min_value=1850, max_value=2200, help_text=_("Only with a name.")
    )
    purpose = forms.CharField(
        label=_("What do you need it for?"),
        required=False,
        max_length=500,
        help_text=_("Only with a document number. It is journalled, and the citizen can read it under “who looked”."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*CASE_READERS)
def find(request: StaffRequest) -> HttpResponse:
    """Redirect to the case if its number was typed. Otherwise list the cases of the citizens found, the newest first."""
    form = FindForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "now": timezone.now()}
    if request.method == "POST" and form.is_valid():
        with form_refusals(form, back=request.path):
            cases = _found(request, form)
            if len(cases) == 1 and cases[0].number == form.cleaned_data["text"].strip().upper():
                return redirect("official_case", cases[0].number)
            context |= {"cases": cases[:SHOWN], "has_more": len(cases) > SHOWN, "is_answer": True}
    return render(request, "official/cases/find.html", context, status=422 if form.errors else 200)


def _found(request: StaffRequest, form: FindForm) -> list[Case]:
    """Return the cases found, at most one more than the page shows. Raises ``Refused``."""
    now, data = timezone.now(), form.cleaned_data
    found = find_cases(
        data["text"],
        born_in=data["born_in"],
        purpose=data["purpose"],
        by=request.user.username,
        now=now,
        today=current_city().day_of(now),
    )
    return list(found.select_related("citizen")[: SHOWN + 1])
