"""Requests by which an open page reloads a part of itself (``{% renewed %}``). They do not count as activity of the user."""

from django.http import HttpRequest

# A client that sends it with a click is only signed out sooner.
HEADER = "X-Unattended"


def is_unattended(request: HttpRequest) -> bool:
    return HEADER in request.headers
