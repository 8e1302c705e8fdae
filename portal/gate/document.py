"""Looking a citizen up at a gate by the document presented: type, number and purpose give a colour."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from codes.limits import TooOften
from codes.passes.lookup import LookUpPurpose, look_up_by_document
from codes.vocabulary import State
from portal.gate.session import DeviceRequest, for_devices
from portal.web.documents import DocumentForm
from portal.web.errors import retry_later


class LookUpForm(DocumentForm):
    """The document, and why no code is scanned."""

    purpose = forms.ChoiceField(label=gettext_lazy("Why is no code scanned?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [(one.value, capfirst(str(one.label))) for one in LookUpPurpose]  # type: ignore[attr-defined]


@for_devices
@require_http_methods(["GET", "HEAD", "POST"])
def by_document(request: DeviceRequest) -> HttpResponse:
    """Look up a citizen.

    The page does not show again what was typed, because the next person may already see the screen.
    """
    form = LookUpForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "gate/document.html", {"form": form})
    identity, purpose = form.cleaned_data["identity"], LookUpPurpose(form.cleaned_data["purpose"])
    try:
        state = look_up_by_document(identity, purpose=purpose, by=request.device.subject, now=timezone.now())
    except TooOften as often:
        fault = ngettext(
            "Too many people were looked up from this device. Go on in %(n)s second.",
            "Too many people were looked up from this device. Go on in %(n)s seconds.",
            often.seconds,
        ) % {"n": localize(often.seconds)}
        page = render(request, "gate/document.html", {"form": form, "fault": fault}, status=429)
        return retry_later(page, often.seconds)
    context = {"form": LookUpForm(), "state": state, "next_step": _next_step(state), "now": timezone.now()}
    return render(request, "gate/document.html", context)


def _next_step(state: State) -> str:
    match state:
        case State.GREEN:
            return _("Compare the picture on the document with the person, and let them pass.")
        case State.YELLOW | State.RED:
            return _("Do not let them pass; follow what your city says for this colour.")
    return _("The city cannot say. Ask for another document, or call your control room; this is not green.")
