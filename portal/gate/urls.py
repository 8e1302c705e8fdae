"""Addresses of the gates."""

from django.urls import path

from portal.gate import enrolment, views

urlpatterns = [
    path("", views.gate, name="gate"),
    path("enrol/", enrolment.enrol_page, name="gate_enrolment"),
    path("enrol/<slug:token>/", enrolment.open_link, name="gate_enrolment_link"),
]
