"""The portal's addresses, and an empty page, which measures answering alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.urls_city import *  # noqa: F403 - its handlers as well
from portal.urls_city import urlpatterns as portal
from portal.web.access import for_anyone

EMPTY = "/bench/empty/"


@for_anyone
def empty(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path(EMPTY.removeprefix("/"), empty), *portal]
