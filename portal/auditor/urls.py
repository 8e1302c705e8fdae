from django.urls import path

from portal.auditor import figures, identified, journal, replay, reports, retention

urlpatterns = [
    path("reports/", reports.reports, name="auditor_reports"),
    path("reports/verify/", journal.verify, name="auditor_verify"),
    path("reports/exports/<slug:name>/", reports.export_page, name="auditor_export"),
    path("reports/exports/<slug:name>/file/", reports.export_file, name="auditor_export_file"),
    path("reports/exports/<slug:name>/manifest/", reports.export_manifest, name="auditor_export_manifest"),
    path("reports/identified/", identified.identified_exports, name="auditor_identified_exports"),
    path("reports/identified/<int:identified_id>/", identified.identified_export, name="auditor_identified_export"),
    path("reports/identified/<int:identified_id>/decide/", identified.decide, name="auditor_identified_decide"),
    path("reports/retention/", retention.retention, name="auditor_retention"),
    path("journal/", journal.journal, name="auditor_journal"),
    path("replay/", replay.replay_page, name="auditor_replay"),
    path("journal/verify/", journal.verify_now, name="auditor_journal_verify"),
    path("reports/<slug:report>/figures/", figures.report_figures, name="auditor_report_figures"),
    path("reports/<slug:report>/", reports.report, name="auditor_report"),
]
