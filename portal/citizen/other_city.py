"""Exchanging a pass of another city for a pass of this city, if the city's ``recognition`` is ``convert``."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from codes.cities.recognition import Converted, convert
from codes.passes.token import MAX_CHARACTERS
from codes.vocabulary import State
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject
from portal.web.errors import refusal_text
from portal.web.qr import pass_svg
from regions.refusals import Refused


class OtherCityForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What a scanner reads from the code of the other city"),
        help_text=gettext_lazy("It begins with HCP1: and is good for a minute, so copy it just before."),
        max_length=MAX_CHARACTERS,
        # The browser must not offer a pass to the next user.
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def other_city(request: SubjectRequest) -> HttpResponse:
    """Show the form and below it the exchanged pass, which is valid for a minute like any pass."""
    form = OtherCityForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            done = convert(form.cleaned_data["text"], citizen=request.subject, by=acting_citizen(request), now=now)
        except Refused as refused:
            form.add_error("text", refusal_text(refused))
        else:
            context |= _shown(done) | {"now": now}
    return render(request, "citizen/other_city.html", context, status=422 if form.errors else 200)


def _shown(done: Converted) -> dict[str, Any]:
    qr = pass_svg(done.token, gettext("Pass, good for a minute"))
    return {
        "face": {"state": State(done.content.colour), "qr": qr, "expires_at": done.content.expires_at},
        "there": State(done.there),
        "issuer": done.city.name_in(get_language() or "en"),
    }
