"""Addresses of the groups' pages."""

from django.urls import path

from portal.official.groups import views

urlpatterns = [
    path("", views.groups, name="official_groups"),
    path("of/<path:key>/", views.group, name="official_group"),
    path("mendings/<int:mending_id>/", views.decide, name="official_mending"),
    path("mendings/<int:mending_id>/take-back/", views.take_back, name="official_mending_back"),
]
