"""Too many wrong passwords: whose name was tried, and the page that says so."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

NAME_KEPT = 150


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any]) -> HttpResponse:
    """429, the same whether the name exists or not."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "account/locked_out.html", {"minutes": minutes}, status=429)


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name an attempt is counted for, however its letters are cased; what is checked calls it ``username``, the form ``login``."""
    name = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(name).casefold()[:NAME_KEPT]
