"""URLs of the API, under a city's host name. The path holds the version that a caller was written for."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from portal.api.requests import MOST_BYTES
from portal.api.views import Entries
from portal.web.bodies import takes_body

urlpatterns = [
    path("entries", takes_body(MOST_BYTES)(Entries.as_view()), name="api_entries"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="api_description"),
]
