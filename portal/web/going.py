"""Sending somebody elsewhere: a redirect for a page, a whole-page change when htmx asked for a piece of one."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django_htmx.http import HttpResponseClientRedirect


def go(request: HttpRequest, address: str) -> HttpResponse:
    """To the address; never into a fragment of the present page."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)


def with_next(address: str, request: HttpRequest) -> str:
    """Come back to this page afterwards; from a POST to nowhere, as its form would be lost."""
    if request.method != "GET" or getattr(request, "htmx", False):
        return address
    return f"{address}?{urlencode({'next': request.get_full_path()})}"
