"""URLs of the pages of providers' keys."""

from django.urls import path

from portal.official.keys import views

urlpatterns = [
    path("", views.keys, name="official_keys"),
    path("new/", views.issue, name="official_key_issue"),
    path("<int:key_id>/", views.key_page, name="official_key"),
    path("<int:key_id>/replace/", views.rotate, name="official_key_rotate"),
    path("<int:key_id>/revoke/", views.revoke, name="official_key_revoke"),
]
