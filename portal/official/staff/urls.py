"""Addresses of the staff page."""

from django.urls import path

from portal.official.staff import views

urlpatterns = [
    path("", views.staff_list, name="official_staff"),
    path("new/", views.add_account, name="official_account_add"),
    path("<int:account_id>/", views.account_page, name="official_account"),
    path("<int:account_id>/roles/", views.save_roles, name="official_account_roles"),
    path("<int:account_id>/state/", views.save_state, name="official_account_state"),
    path("<int:account_id>/reset/", views.reset, name="official_account_reset"),
]
