"""Addresses of the operator's room. The cities side by side are where the staff's overview is elsewhere."""

from django.urls import path

from portal.operator import cities, opening

urlpatterns = [
    path("", cities.overview, name="staff_home"),
    path("open/", opening.open_city, name="operator_open_city"),
    path("openings/<slug:name>/", opening.opening_page, name="operator_opening"),
    path("openings/<slug:name>/first-run/", opening.first_run, name="operator_first_run"),
]
