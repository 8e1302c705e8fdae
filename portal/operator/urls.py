"""URLs of the operator. The overview of cities has the URL name of the staff's overview in a city."""

from django.urls import path

from portal.operator import risk_lists, service, views
from portal.operator.city import city_page

urlpatterns = [
    path("", views.overview, name="staff_home"),
    path("cities/<slug:schema>/", city_page, name="operator_city"),
    path("cities/<slug:schema>/service/", service.page, name="operator_service"),
    path("cities/<slug:schema>/links/", service.send_links, name="operator_service_links"),
    path("cities/<slug:schema>/suspend/", service.suspend, name="operator_suspend"),
    path("cities/<slug:schema>/suspension/", service.decide, name="operator_suspension"),
    path("risk-lists/", risk_lists.risk_lists, name="operator_risk_lists"),
    path("risk-lists/<slug:name>/", risk_lists.risk_list, name="operator_risk_list"),
    path("open/", views.open_city, name="operator_open_city"),
    path("openings/<slug:name>/", views.opening_page, name="operator_opening"),
    path("openings/<slug:name>/decide/", views.decide_opening, name="operator_opening_decide"),
    path("openings/<slug:name>/first-run/", views.first_run, name="operator_first_run"),
]
