"""Addresses of the staff page."""

from django.urls import path

from portal.official import staff

urlpatterns = [
    path("people/", staff.staff_list, name="official_staff"),
    path("people/new/", staff.add_account, name="official_account_add"),
    path("people/<int:account_id>/", staff.account_page, name="official_account"),
    path("people/<int:account_id>/roles/", staff.save_roles, name="official_account_roles"),
    path("people/<int:account_id>/state/", staff.save_state, name="official_account_state"),
    path("people/<int:account_id>/reset/", staff.reset, name="official_account_reset"),
]
