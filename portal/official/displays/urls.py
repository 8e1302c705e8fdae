"""URLs of the pages of displayed colours."""

from django.urls import path

from portal.official.displays import views

urlpatterns = [
    path("", views.display_items, name="official_displays"),
    path("<int:item_id>/", views.display_item, name="official_display"),
    path("<int:item_id>/act/", views.act, name="official_display_act"),
]
