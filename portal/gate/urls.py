"""URLs of the gates."""

from django.urls import path

from portal.gate import document, enrolment, views

urlpatterns = [
    path("", views.gate, name="gate"),
    path("check/", views.check, name="gate_check"),
    path("neighbours.json", views.neighbours, name="gate_neighbours"),
    path("scans/", views.scans, name="gate_scans"),
    path("worker.js", views.worker, name="gate_worker"),
    path("manifest.json", views.manifest, name="gate_manifest"),
    path("document/", document.by_document, name="gate_document"),
    path("enrol/", enrolment.enrol_page, name="gate_enrolment"),
    path("enrol/<slug:token>/", enrolment.open_link, name="gate_enrolment_link"),
]
