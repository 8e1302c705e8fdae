"""Addresses of the rule sets' pages."""

from django.urls import path

from portal.official.rule_sets import drafts, rows, views

urlpatterns = [
    path("rule-sets/", views.rule_set_list, name="official_rule_sets"),
    path("rule-sets/drafts/<int:draft_id>/", drafts.draft_page, name="official_draft"),
    path("rule-sets/drafts/<int:draft_id>/head/", drafts.save_head, name="official_draft_head"),
    path("rule-sets/drafts/<int:draft_id>/rules/new/", rows.new_rule, name="official_draft_new_rule"),
    path("rule-sets/drafts/<int:draft_id>/rules/<int:place>/", rows.rule, name="official_draft_rule"),
    path(
        "rule-sets/drafts/<int:draft_id>/rules/<int:place>/remove/",
        rows.remove_rule,
        name="official_draft_remove_rule",
    ),
    path("rule-sets/drafts/<int:draft_id>/areas/", rows.areas, name="official_draft_areas"),
    path("rule-sets/drafts/<int:draft_id>/rehearse/", drafts.rehearse, name="official_draft_rehearse"),
    path(
        "rule-sets/drafts/<int:draft_id>/rehearsals/<int:rehearsal_id>/list/",
        drafts.rehearsal_list,
        name="official_draft_rehearsal_list",
    ),
    path("rule-sets/drafts/<int:draft_id>/decide/", drafts.decide, name="official_draft_decide"),
    path("rule-sets/<slug:code>/", views.rule_set_page, name="official_rule_set"),
    path("rule-sets/<slug:code>/versions/<int:version>/", views.version_page, name="official_rule_set_version"),
    path("rule-sets/<slug:code>/begin/", views.begin, name="official_rule_set_begin"),
    path("rule-sets/<slug:code>/upload/", views.upload, name="official_rule_set_upload"),
]
