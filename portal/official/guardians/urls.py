"""URLs of the guardians' requests."""

from django.urls import path

from portal.official.guardians import views

urlpatterns = [
    path("", views.guardians, name="official_guardians"),
    path("<int:link_id>/", views.answer, name="official_guardian"),
    path("<int:link_id>/files/<int:evidence>/", views.proof, name="official_guardian_proof"),
]
