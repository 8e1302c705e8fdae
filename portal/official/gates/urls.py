"""URLs of the gate devices."""

from django.urls import path

from portal.official.gates import views

urlpatterns = [
    path("", views.devices, name="official_gates"),
    path("new/", views.add_device, name="official_gate_add"),
    path("<int:device_id>/", views.device_page, name="official_gate"),
    path("<int:device_id>/decide/", views.decide, name="official_gate_decide"),
    path("<int:device_id>/link/", views.show_link, name="official_gate_link"),
    path("<int:device_id>/revoke/", views.revoke, name="official_gate_revoke"),
]
