"""URLs of the paper codes that are printed at a counter."""

from django.urls import path

from portal.official.paper_codes import views

urlpatterns = [
    path("", views.look_up, name="official_paper_codes"),
    path("print/", views.print_code, name="official_paper_print"),
]
