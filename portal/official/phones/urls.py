"""URLs of the phones that wait for a confirmation."""

from django.urls import path

from portal.official.phones import views

urlpatterns = [
    path("", views.phones, name="official_phones"),
    path("<int:change_id>/", views.answer, name="official_phone"),
]
