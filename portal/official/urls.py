"""Addresses of the officials' desk."""

from django.urls import path

from portal.official import cases, dashboard, runs

urlpatterns = [
    path("queue/", cases.queue, name="official_queue"),
    path("groups/", cases.groups, name="official_groups"),
    path("cases/<str:number>/", cases.case_page, name="official_case"),
    path("runs/", runs.run_list, name="official_runs"),
    path("runs/start/", runs.start, name="official_run_start"),
    path("runs/<int:run_id>/", runs.run_page, name="official_run"),
    path("runs/<int:run_id>/decide/", runs.decide, name="official_run_decide"),
    path("dashboard/", dashboard.dashboard, name="official_dashboard"),
]
