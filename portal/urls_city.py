"""Addresses under a city's host name."""

from django.urls import URLPattern, URLResolver, include, path

from portal.web import display, guide
from portal.web.key_list import key_list
from portal.web.places import places
from portal.web.public_figures import public_figures

# Django tries the patterns in order for each request, so the most frequent addresses come first.
urlpatterns: list[URLPattern | URLResolver] = [
    path("gate/", include("portal.gate.urls")),
    path("api/v1/", include("portal.api.urls")),
    path("", include("portal.citizen.urls")),
    path("staff/", include("portal.staff_sign_in.urls")),
    path("staff/", include("portal.official.urls")),
    path("staff/", include("portal.auditor.urls")),
    path(".well-known/health-code-keys.json", key_list, name="key_list"),
    path("guide/<slug:audience>/", guide.guide, name="guide"),
    path("guide/pictures/<slug:language>/<slug:name>.png", guide.guide_picture, name="guide_picture"),
    path("places/", places, name="places"),
    path("figures/", public_figures, name="public_figures"),
    path("display/", display.display, name="display"),
    path("display/size/", display.switch_size, name="switch_size"),
    path("display/language/", display.switch_language, name="switch_language"),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.permission_denied"
handler404 = "portal.web.errors.not_found"
handler429 = "portal.web.errors.too_many_attempts"
handler500 = "portal.web.errors.server_error"
