"""URLs of the rule sets' pages."""

from django.urls import path

from portal.official.rule_sets import drafts, rows, views

urlpatterns = [
    path("", views.rule_set_list, name="official_rule_sets"),
    path("drafts/<int:draft_id>/", drafts.draft_page, name="official_draft"),
    path("drafts/<int:draft_id>/head/", drafts.save_head, name="official_draft_head"),
    path("drafts/<int:draft_id>/rules/new/", rows.rule, name="official_draft_new_rule"),
    path("drafts/<int:draft_id>/rules/<int:place>/", rows.rule, name="official_draft_rule"),
    path("drafts/<int:draft_id>/rules/<int:place>/remove/", rows.remove_rule, name="official_draft_remove_rule"),
    path("drafts/<int:draft_id>/areas/", rows.areas, name="official_draft_areas"),
    path("drafts/<int:draft_id>/rehearse/", drafts.rehearse, name="official_draft_rehearse"),
    path(
        "drafts/<int:draft_id>/rehearsals/<int:rehearsal_id>/list/",
        drafts.rehearsal_list,
        name="official_draft_rehearsal_list",
    ),
    path("drafts/<int:draft_id>/decide/", drafts.decide, name="official_draft_decide"),
    path("<slug:code>/", views.rule_set_page, name="official_rule_set"),
    path("<slug:code>/versions/<int:version>/", views.version_page, name="official_rule_set_version"),
    path("<slug:code>/begin/", views.begin, name="official_rule_set_begin"),
    path("<slug:code>/upload/", views.upload, name="official_rule_set_upload"),
]
