"""Declarations and check-ins made on the pages, taken in as the same lines that providers send; and the check-in page."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from codes.intake.citizens import REF_LETTERS
from codes.intake.entries import take_lines
from codes.intake.results import BadLine, Outcome
from codes.models import Citizen, Entry, Provider, Registration
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject, name_of_ward, subject_url
from portal.web.errors import refusal_text
from regions.keys.encryption import decrypt_number

NUMBER_LETTERS = 8
NUMBER = re.compile(r"^B[0-9]{8}-[0-9A-Z]{8}$")


def new_number(day: date) -> str:
    """Return a new confirmation number that can be read out over the phone."""
    return f"B{day:%Y%m%d}-" + "".join(secrets.choice(REF_LETTERS) for _ in range(NUMBER_LETTERS))


def declare(
    citizen: Citizen, answers: Mapping[str, Any], *, providers: Iterable[str], number: str, by: str, now: datetime
) -> None:
    """Send the same declaration to each of the providers. Raises ``BadLine`` for the first that cannot be taken in.

    The same number with the same answers is not a second declaration.
    """
    _take(citizen, providers, {"type": "declaration", "submitted_at": now.isoformat(), **answers}, number, by, now)


def check_in(
    citizen: Citizen, *, healthy: bool, day: date, providers: Iterable[str], number: str, by: str, now: datetime
) -> None:
    """Send the day's check-in to each of the providers. Raises ``BadLine``."""
    _take(citizen, providers, {"type": "check_in", "day": day.isoformat(), "healthy": healthy}, number, by, now)


def _take(
    citizen: Citizen, providers: Iterable[str], cleaned: Mapping[str, Any], number: str, by: str, now: datetime
) -> None:
    who = {"id_type": citizen.id_type, "id_number": decrypt_number(bytes(citizen.id_encrypted)), "entry_id": number}
    lines = [json.dumps({**cleaned, **who, "provider": provider}).encode() for provider in providers]
    for result in take_lines(lines, by=by, now=now):
        if result.outcome is Outcome.REFUSED and isinstance(result.refusal, BadLine):
            raise result.refusal


class CheckInForm(forms.Form):
    """The check-in. Because of ``number``, a double tap makes only one check-in."""

    healthy = forms.TypedChoiceField(
        label=gettext_lazy("How are you today?"),
        choices=[("yes", "yes"), ("no", "no")],
        coerce=lambda value: value == "yes",
    )
    number = forms.RegexField(NUMBER, required=False)


@for_subject
@require_http_methods(["GET", "HEAD", "POST"])
def check_in_page(request: SubjectRequest) -> HttpResponse:
    """Ask how the person is, and check in with every provider they are registered with."""
    now = timezone.now()
    today = timezone.localdate(now)
    registered = Registration.objects.filter(citizen=request.subject).values("provider")
    providers = list(
        Provider.objects.current().filter(pk__in=registered).order_by("code").values_list("code", flat=True)
    )
    if not providers:
        messages.info(request, _("Declare first: a check-in counts for those who have a code."))
        return redirect(subject_url(request, "citizen_declare"))
    form = CheckInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        healthy, number = form.cleaned_data["healthy"], form.cleaned_data["number"] or new_number(today)
        try:
            check_in(
                request.subject,
                healthy=healthy,
                day=today,
                providers=providers,
                number=number,
                by=acting_citizen(request),
                now=now,
            )
        except BadLine as refusal:
            form.add_error(None, refusal_text(refusal))
        else:
            messages.success(request, _thanks(request, healthy=healthy))
            return redirect(subject_url(request, "citizen_code"))
    checked_in = Entry.objects.filter(citizen=request.subject, type="check_in", day=today).exists()
    context = {"form": form, "number": new_number(today), "today": today, "is_checked_in": checked_in}
    return render(request, "citizen/check_in.html", context)


def _thanks(request: SubjectRequest, *, healthy: bool) -> str:
    name = name_of_ward(request)
    if name and healthy:
        return _("%(name)s is checked in for today with all providers.") % {"name": name}
    if name:
        sentence = _(
            "The symptoms of %(name)s are noted and count from the next recomputation on. If they get worse, call 120."
        )
        return sentence % {"name": name}
    if healthy:
        return _("Checked in for today with all your providers.")
    return _("Your symptoms are noted and count from the next recomputation on. If you feel worse, call 120.")
