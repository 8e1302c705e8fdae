"""URLs of the held groups' pages."""

from django.urls import path

from portal.official.held_groups import views

urlpatterns = [
    path("", views.held_groups, name="official_held_groups"),
    path("<int:group_id>/", views.held_group, name="official_held_group"),
    path("<int:group_id>/decide/<int:proposal_id>/", views.decide, name="official_held_group_decide"),
]
