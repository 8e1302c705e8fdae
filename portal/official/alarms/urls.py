"""URLs of the alarms' pages."""

from django.urls import path

from portal.official.alarms import views

urlpatterns = [
    path("", views.alarm_list, name="official_alarms"),
    path("<int:alarm_id>/", views.alarm_page, name="official_alarm"),
    path("<int:alarm_id>/decide/<int:proposal_id>/", views.decide, name="official_alarm_decide"),
]
