"""URLs of the sources' pages."""

from django.urls import path

from portal.official.sources import changes, quarantine, views

urlpatterns = [
    path("", views.source_list, name="official_sources"),
    path("batches/<int:batch_id>/", views.batch_page, name="official_batch"),
    path("batches/<int:batch_id>/decide/", views.decide_batch, name="official_batch_decide"),
    path("changes/<int:change_id>/", changes.change_page, name="official_source_change"),
    path("changes/<int:change_id>/decide/", changes.decide_change, name="official_source_change_decide"),
    path("<slug:code>/", views.source_page, name="official_source"),
    path("<slug:code>/test/", views.test_connection, name="official_source_test"),
    path("<slug:code>/collect/", views.collect, name="official_source_collect"),
    path("<slug:code>/change/", changes.change_form, name="official_source_change_form"),
    path("<slug:code>/quarantine/", quarantine.quarantine, name="official_source_quarantine"),
    path("<slug:code>/quarantine/retry/", quarantine.retry_quarantine, name="official_source_retry"),
]
