"""URLs of the pages of corrections between cities."""

from django.urls import path

from portal.official.corrections import views

urlpatterns = [
    path("", views.corrections, name="official_corrections"),
    path("<int:city_correction>/", views.correction, name="official_correction"),
    path("ask/<str:number>/", views.ask, name="official_correction_ask"),
]
