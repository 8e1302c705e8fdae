"""URLs of the queue."""

from django.urls import path

from portal.official.queue import bulk, saved, views

urlpatterns = [
    path("", views.queue, name="official_queue"),
    path("assign/", views.assign_ticked, name="official_queue_assign"),
    path("assign-all/", bulk.assign_all, name="official_queue_assign_all"),
    path("propose-all/", bulk.propose_all, name="official_queue_propose_all"),
    path("filters/", saved.save, name="official_filter_save"),
    path("filters/<int:filter_id>/", saved.change, name="official_filter"),
]
