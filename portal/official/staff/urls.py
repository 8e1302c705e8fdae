"""URLs of the staff page."""

from django.urls import path

from portal.official.staff import changes, views

urlpatterns = [
    path("", views.staff_list, name="official_staff"),
    path("new/", changes.add_account, name="official_account_add"),
    path("changes/<int:change_id>/", changes.change_page, name="official_staff_change"),
    path("changes/<int:change_id>/decide/", changes.decide_change, name="official_staff_change_decide"),
    path("<int:account_id>/", views.account_page, name="official_account"),
    path("<int:account_id>/roles/", views.save_roles, name="official_account_roles"),
    path("<int:account_id>/close/", views.close, name="official_account_close"),
    path("<int:account_id>/link/", views.send_link_again, name="official_account_link"),
    path("<int:account_id>/propose/", changes.propose, name="official_account_propose"),
]
