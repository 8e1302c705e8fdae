"""Addresses of the officials' desk."""

from django.urls import include, path

from portal.official import (
    approving,
    approving_records,
    approving_together,
    asking,
    assigning,
    case_page,
    cases,
    dashboard,
    deciding,
    revealing,
    runs,
    suppressing,
    uploading,
)

urlpatterns = [
    path("queue/", cases.queue, name="official_queue"),
    path("groups/", cases.groups, name="official_groups"),
    path("cases/<str:number>/", case_page.case_page, name="official_case"),
    path("cases/<str:number>/next/", deciding.neighbour, name="official_case_next"),
    path("cases/<str:number>/take/", assigning.take, name="official_case_take"),
    path("cases/<str:number>/release/", assigning.release, name="official_case_release"),
    path("cases/<str:number>/look/", assigning.look, name="official_case_look"),
    path("cases/<str:number>/complex/", assigning.give_more_time, name="official_case_complex"),
    path("cases/<str:number>/decide/", deciding.decide, name="official_case_decide"),
    path("cases/<str:number>/take-back/", deciding.take_back, name="official_case_take_back"),
    path("cases/<str:number>/end-ruling/", deciding.end_ruling, name="official_case_end_ruling"),
    path("cases/<str:number>/ask/", asking.ask, name="official_case_ask"),
    path("cases/<str:number>/drop-question/", asking.drop_question, name="official_case_drop_question"),
    path("cases/<str:number>/correct/", asking.correct, name="official_case_correct"),
    path(
        "cases/<str:number>/correct/<int:correction>/",
        asking.enter_correction_answer,
        name="official_case_correction_answer",
    ),
    path("cases/<str:number>/records/<int:fact_id>/wrong/", suppressing.suppress, name="official_suppress"),
    path(
        "cases/<str:number>/wrong/<int:suppression>/take-back/",
        suppressing.take_back_suppression,
        name="official_suppression_back",
    ),
    path(
        "cases/<str:number>/wrong/<int:suppression>/end/", suppressing.end_suppression, name="official_suppression_end"
    ),
    path("cases/<str:number>/reveal/", revealing.reveal_person, name="official_case_reveal"),
    path("cases/<str:number>/files/<int:evidence>/", uploading.evidence_file, name="official_evidence"),
    path("approvals/", approving.approvals, name="official_approvals"),
    path("approvals/rulings/<int:ruling_id>/", approving.ruling, name="official_approve_ruling"),
    path("approvals/rulings/<int:ruling_id>/end/", approving_records.ruling_end, name="official_approve_ruling_end"),
    path("approvals/records/<int:suppression_id>/", approving_records.record, name="official_approve_record"),
    path(
        "approvals/records/<int:suppression_id>/end/",
        approving_records.record_end,
        name="official_approve_record_end",
    ),
    path("approvals/together/", approving_together.together, name="official_approve_together"),
    path("runs/", runs.run_list, name="official_runs"),
    path("runs/start/", runs.start, name="official_run_start"),
    path("runs/<int:run_id>/", runs.run_page, name="official_run"),
    path("runs/<int:run_id>/decide/", runs.decide, name="official_run_decide"),
    path("", include("portal.official.source_urls")),
    path("dashboard/", dashboard.dashboard, name="official_dashboard"),
]
