"""URLs of the runs' pages."""

from django.urls import path

from portal.official.runs import views

urlpatterns = [
    path("", views.run_list, name="official_runs"),
    path("start/", views.start, name="official_run_start"),
    path("<int:run_id>/", views.run_page, name="official_run"),
]
