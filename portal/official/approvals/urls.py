"""URLs of the approvals."""

from django.urls import path

from portal.official.approvals import together, views

urlpatterns = [
    path("", views.approvals, name="official_approvals"),
    path("rulings/<int:ruling_id>/", views.ruling, name="official_approve_ruling"),
    path("rulings/<int:ruling_id>/end/", views.ruling_end, name="official_approve_ruling_end"),
    path("records/<int:suppression_id>/", views.record, name="official_approve_record"),
    path("records/<int:suppression_id>/end/", views.record_end, name="official_approve_record_end"),
    path("together/", together.together, name="official_approve_together"),
]
