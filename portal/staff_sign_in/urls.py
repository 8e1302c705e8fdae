"""URLs of staff accounts, the same in every city and on the operator's hosts.

The names are those that allauth reverses.
"""

from django.urls import path

from portal.staff_sign_in import enrolment, views

urlpatterns = [
    path("", views.home, name="staff_home"),
    path("account/", views.my_account, name="staff_account"),
    path("account/mail/", views.choose_own_mail, name="staff_mail"),
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/code/", views.enter_code, name="mfa_authenticate"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("account/password/", views.change_password, name="account_change_password"),
    path("account/confirm/", views.confirm_password, name="account_reauthenticate"),
    path("account/confirm/code/", views.confirm_code, name="mfa_reauthenticate"),
    path("account/codes/", views.activate_codes, name="mfa_activate_totp"),
    path("account/codes/renew/", views.deactivate_codes, name="mfa_deactivate_totp"),
    path("account/codes/recovery/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/recovery/new/", views.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("enrol/", enrolment.enrol_page, name="enrolment"),
    path("enrol/<slug:token>/", enrolment.open_link, name="enrolment_link"),
    path("single-sign-on/", views.single_sign_on, name="single_sign_on"),
    path("single-sign-on/failed/", views.single_sign_on_failed, name="socialaccount_login_error"),
    path("single-sign-on/<slug:provider_id>/", views.single_sign_on_callback, name="openid_connect_callback"),
]
