"""Addresses of the officials' desk."""

from django.urls import include, path, register_converter

from portal.official.approvals import records as approvals_records
from portal.official.approvals import together
from portal.official.approvals import views as approvals_views
from portal.official.cases import actions, ask, decide
from portal.official.cases import records as cases_records
from portal.official.cases import views as cases_views
from portal.official.groups import views as groups_views
from portal.official.guardians import views as guardians_views
from portal.official.home import dashboard
from portal.official.queue import bulk
from portal.official.queue import views as queue_views
from portal.official.runs import views as runs_views


class NumberConverter:
    """``<number:number>``: as it stands."""

    regex = "[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        """The number."""
        return value

    def to_url(self, value: str) -> str:
        """The number."""
        return value


register_converter(NumberConverter, "number")

urlpatterns = [
    path("queue/", queue_views.queue, name="official_queue"),
    path("queue/assign/", queue_views.assign_ticked, name="official_queue_assign"),
    path("queue/assign-all/", bulk.assign_all, name="official_queue_assign_all"),
    path("queue/propose-all/", bulk.propose_all, name="official_queue_propose_all"),
    path("guardians/", guardians_views.guardians, name="official_guardians"),
    path("guardians/<int:link_id>/", guardians_views.answer, name="official_guardian"),
    path("guardians/<int:link_id>/files/<int:evidence>/", guardians_views.proof, name="official_guardian_proof"),
    path("groups/", actions.groups, name="official_groups"),
    path("groups/of/<path:key>/", groups_views.group, name="official_group"),
    path("groups/mendings/<int:mending_id>/", groups_views.decide, name="official_mending"),
    path("groups/mendings/<int:mending_id>/take-back/", groups_views.take_back, name="official_mending_back"),
    path("cases/<number:number>/", cases_views.case_page, name="official_case"),
    path("cases/<number:number>/next/", decide.neighbour, name="official_case_next"),
    path("cases/<number:number>/take/", cases_views.take, name="official_case_take"),
    path("cases/<number:number>/release/", cases_views.release, name="official_case_release"),
    path("cases/<number:number>/look/", cases_views.look, name="official_case_look"),
    path("cases/<number:number>/complex/", cases_views.give_more_time, name="official_case_complex"),
    path("cases/<number:number>/decide/", decide.decide, name="official_case_decide"),
    path("cases/<number:number>/take-back/", decide.take_back, name="official_case_take_back"),
    path("cases/<number:number>/end-ruling/", decide.end_ruling, name="official_case_end_ruling"),
    path("cases/<number:number>/ask/", ask.ask, name="official_case_ask"),
    path("cases/<number:number>/drop-question/", ask.drop_question, name="official_case_drop_question"),
    path("cases/<number:number>/correct/", ask.correct, name="official_case_correct"),
    path(
        "cases/<number:number>/correct/<int:correction>/",
        ask.enter_correction_answer,
        name="official_case_correction_answer",
    ),
    path("cases/<number:number>/records/<int:fact_id>/wrong/", cases_records.suppress, name="official_suppress"),
    path(
        "cases/<number:number>/wrong/<int:suppression>/take-back/",
        cases_records.take_back_suppression,
        name="official_suppression_back",
    ),
    path(
        "cases/<number:number>/wrong/<int:suppression>/end/",
        cases_records.end_suppression,
        name="official_suppression_end",
    ),
    path("cases/<number:number>/reveal/", cases_views.reveal_person, name="official_case_reveal"),
    path("cases/<number:number>/files/<int:evidence>/", cases_views.evidence_file, name="official_evidence"),
    path("approvals/", approvals_views.approvals, name="official_approvals"),
    path("approvals/rulings/<int:ruling_id>/", approvals_views.ruling, name="official_approve_ruling"),
    path("approvals/rulings/<int:ruling_id>/end/", approvals_records.ruling_end, name="official_approve_ruling_end"),
    path("approvals/records/<int:suppression_id>/", approvals_records.record, name="official_approve_record"),
    path(
        "approvals/records/<int:suppression_id>/end/",
        approvals_records.record_end,
        name="official_approve_record_end",
    ),
    path("approvals/together/", together.together, name="official_approve_together"),
    path("runs/", runs_views.run_list, name="official_runs"),
    path("runs/start/", runs_views.start, name="official_run_start"),
    path("runs/<int:run_id>/", runs_views.run_page, name="official_run"),
    path("runs/<int:run_id>/decide/", runs_views.decide, name="official_run_decide"),
    path("", include("portal.official.sources.urls")),
    path("", include("portal.official.rule_sets.urls")),
    path("", include("portal.official.staff.urls")),
    path("dashboard/", dashboard.dashboard, name="official_dashboard"),
]
