"""The first page, for whoever has not signed in; a signed-in citizen goes straight to their code."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.web.access import for_anyone
from portal.web.citizen_session import signed_in_citizen


@for_anyone
@require_safe
def first_page(request: HttpRequest) -> HttpResponseBase:
    """What this is for, and the way in."""
    if signed_in_citizen(request, now=timezone.now()) is not None:
        return redirect("citizen_code")
    return render(request, "citizen/welcome.html")
