"""URLs of the groups' pages."""

from django.urls import path

from portal.official.groups import views

urlpatterns = [
    path("", views.groups, name="official_groups"),
    path("of/<path:key>/", views.group, name="official_group"),
    path("mendings/<int:bulk_suppression_id>/", views.decide, name="official_bulk_suppression"),
    path("mendings/<int:bulk_suppression_id>/take-out/", views.take_out, name="official_bulk_suppression_out"),
    path("mendings/<int:bulk_suppression_id>/take-back/", views.take_back, name="official_bulk_suppression_back"),
]
