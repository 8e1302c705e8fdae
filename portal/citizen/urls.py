"""Addresses of the citizen's pages."""

from django.urls import path

from portal.citizen import home

urlpatterns = [
    path("", home.first_page, name="citizen_home"),
]
