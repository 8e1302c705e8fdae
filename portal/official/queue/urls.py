"""Addresses of the queue."""

from django.urls import path

from portal.official.queue import bulk, views

urlpatterns = [
    path("", views.queue, name="official_queue"),
    path("assign/", views.assign_ticked, name="official_queue_assign"),
    path("assign-all/", bulk.assign_all, name="official_queue_assign_all"),
    path("propose-all/", bulk.propose_all, name="official_queue_propose_all"),
]
