"""Addresses under hosts of no city: the operator's."""

from django.urls import URLPattern, URLResolver, include, path

from portal.auditor import journal
from portal.web import display, guide

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.operator.urls")),
    path("", include("portal.staff_sign_in.urls")),
    path("journal/", journal.journal, name="auditor_journal"),
    path("guide/<slug:audience>/", guide.guide, name="guide"),
    path("guide/pictures/<slug:language>/<slug:name>.png", guide.guide_picture, name="guide_picture"),
    path("display/", display.display, name="display"),
    path("display/size/", display.switch_size, name="switch_size"),
    path("display/language/", display.switch_language, name="switch_language"),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.permission_denied"
handler404 = "portal.web.errors.not_found"
handler429 = "portal.web.errors.too_many_attempts"
handler500 = "portal.web.errors.server_error"
