"""The daily check-in: one tap."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from codes.intake.results import BadLine
from codes.models import Entry, Registration
from portal.citizen import lines
from portal.citizen.subject import SubjectRequest, about_somebody, acting, address
from portal.web.errors import in_words


class CheckInForm(forms.Form):
    """``number`` makes a double tap one check-in."""

    healthy = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda said: said == "yes")
    number = forms.RegexField(r"^B[0-9]{8}-[0-9A-Z]{8}$", required=False)


@about_somebody
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: SubjectRequest) -> HttpResponse:
    """Ask how the person is, and tell every provider they are registered with."""
    now = timezone.now()
    today = timezone.localdate(now)
    registered = Registration.objects.filter(citizen=request.subject).order_by("provider__code")
    providers = list(registered.values_list("provider__code", flat=True))
    if not providers:
        messages.info(request, _("Declare first: a check-in counts for those who have a code."))
        return redirect(address(request, "citizen_declare"))
    form = CheckInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        healthy, number = form.cleaned_data["healthy"], form.cleaned_data["number"] or lines.new_number(today)
        try:
            lines.check_in(
                request.subject,
                healthy=healthy,
                day=today,
                providers=providers,
                number=number,
                by=acting(request),
                now=now,
            )
        except BadLine as refusal:
            form.add_error(None, in_words(refusal))
        else:
            messages.success(request, _thanks(healthy=healthy))
            return redirect(address(request, "citizen_code"))
    told = Entry.objects.filter(citizen=request.subject, type="check_in", day=today).exists()
    context = {"form": form, "number": lines.new_number(today), "today": today, "is_checked_in": told}
    return render(request, "citizen/check_in.html", context)


def _thanks(*, healthy: bool) -> str:
    if healthy:
        return _("Checked in for today with all your providers.")
    return _("Your symptoms are noted and count from the next recomputation on. If you feel worse, call 120.")
