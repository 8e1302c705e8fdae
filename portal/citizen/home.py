"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.web.access import for_anyone


@for_anyone
@require_safe
def first_page(request: HttpRequest) -> HttpResponse:
    """What the portal is, for somebody who has not signed in."""
    return render(request, "citizen/welcome.html")
