"""Addresses of the sources' pages."""

from django.urls import path

from portal.official import quarantine, source_changes, sources

urlpatterns = [
    path("sources/", sources.source_list, name="official_sources"),
    path("sources/batches/<int:batch_id>/decide/", sources.decide_batch, name="official_batch_decide"),
    path("sources/changes/<int:change_id>/", source_changes.change_page, name="official_source_change"),
    path("sources/changes/<int:change_id>/decide/", source_changes.decide_change, name="official_source_change_decide"),
    path("sources/<slug:code>/", sources.source_page, name="official_source"),
    path("sources/<slug:code>/test/", sources.test_connection, name="official_source_test"),
    path("sources/<slug:code>/collect/", sources.collect, name="official_source_collect"),
    path("sources/<slug:code>/change/", source_changes.change_form, name="official_source_change_form"),
    path("sources/<slug:code>/quarantine/", quarantine.quarantine, name="official_source_quarantine"),
    path("sources/<slug:code>/quarantine/retry/", quarantine.retry_quarantine, name="official_source_retry"),
]
