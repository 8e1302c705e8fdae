"""Pages that ask for a part of themselves again while they stand open (``{% renewed %}``): nobody is at work by that."""

from django.http import HttpRequest

# Whoever sends it for a click is signed out sooner, and no later.
HEADER = "X-Unattended"


def is_unattended(request: HttpRequest) -> bool:
    return HEADER in request.headers
