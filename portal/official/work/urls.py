"""URLs of the measures of work."""

from django.urls import path

from portal.official.work import views

urlpatterns = [
    path("", views.work, name="official_work"),
    path("cases/", views.work_cases, name="official_work_cases"),
    path("<slug:table>.<slug:file_format>", views.work_file, name="official_work_file"),
    path("<slug:table>/", views.work_table, name="official_work_table"),
]
