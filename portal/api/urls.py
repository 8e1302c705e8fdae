"""URLs of the API, under a city's host name. The path holds the version that a caller was written for."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from portal.api.views import Entries

urlpatterns = [
    path("entries", Entries.as_view(), name="api_entries"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="api_description"),
]
