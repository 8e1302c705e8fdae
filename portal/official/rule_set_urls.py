"""Addresses of the rule sets' pages."""

from django.urls import path

from portal.official import rule_set_drafts, rule_set_rows, rule_sets

urlpatterns = [
    path("rule-sets/", rule_sets.rule_set_list, name="official_rule_sets"),
    path("rule-sets/drafts/<int:draft_id>/", rule_set_drafts.draft_page, name="official_draft"),
    path("rule-sets/drafts/<int:draft_id>/head/", rule_set_drafts.save_head, name="official_draft_head"),
    path("rule-sets/drafts/<int:draft_id>/rules/new/", rule_set_rows.new_rule, name="official_draft_new_rule"),
    path("rule-sets/drafts/<int:draft_id>/rules/<int:place>/", rule_set_rows.rule, name="official_draft_rule"),
    path(
        "rule-sets/drafts/<int:draft_id>/rules/<int:place>/remove/",
        rule_set_rows.remove_rule,
        name="official_draft_remove_rule",
    ),
    path("rule-sets/drafts/<int:draft_id>/areas/", rule_set_rows.areas, name="official_draft_areas"),
    path("rule-sets/drafts/<int:draft_id>/rehearse/", rule_set_drafts.rehearse, name="official_draft_rehearse"),
    path(
        "rule-sets/drafts/<int:draft_id>/rehearsals/<int:rehearsal_id>/list/",
        rule_set_drafts.rehearsal_list,
        name="official_draft_rehearsal_list",
    ),
    path("rule-sets/drafts/<int:draft_id>/decide/", rule_set_drafts.decide, name="official_draft_decide"),
    path("rule-sets/<slug:code>/", rule_sets.rule_set_page, name="official_rule_set"),
    path("rule-sets/<slug:code>/versions/<int:version>/", rule_sets.version_page, name="official_rule_set_version"),
    path("rule-sets/<slug:code>/begin/", rule_sets.begin, name="official_rule_set_begin"),
    path("rule-sets/<slug:code>/upload/", rule_sets.upload, name="official_rule_set_upload"),
]
