"""What every address must answer to whom: written by hand from the roles of the city, not read from the views.

A new address needs a line here, or the test fails. ``who`` is ``anyone``, ``citizen``, ``machine`` (a key of its own), ``staff``
(every role) or the roles themselves.
"""

from dataclasses import dataclass

from regions.staff.roles import Role

NOTHING_TO_DO, NOT_ONES_OWN, TOLD = frozenset({404}), frozenset({403}), frozenset({403})
GET, POST, BOTH = frozenset({"GET"}), frozenset({"POST"}), frozenset({"GET", "POST"})

CASES = (Role.REVIEWER, Role.APPROVER)
REVIEW = (Role.REVIEWER,)
APPROVE = (Role.APPROVER,)
SOURCES = (Role.SOURCE_MANAGER, Role.APPROVER)
MANAGE_SOURCES = (Role.SOURCE_MANAGER,)
RULES = (Role.RULE_MANAGER, Role.APPROVER)
MANAGE_RULES = (Role.RULE_MANAGER,)
RUNS = (*CASES, Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.SYSTEM_ADMIN, Role.AUDITOR)
AUDIT = (Role.AUDITOR,)
JOURNAL = (Role.AUDITOR, Role.AUDIT_ADMIN)
SECURITY = (Role.SECURITY_ADMIN,)
WEBHOOKS = (Role.SOURCE_MANAGER, Role.APPROVER, Role.SYSTEM_ADMIN)
DISPLAYS = (Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN)
ALARMS = (Role.SECURITY_ADMIN, Role.AUDITOR)
SYSTEM = (Role.SYSTEM_ADMIN,)


@dataclass(frozen=True)
class Row:
    """One address."""

    who: str | tuple[Role, ...]
    methods: frozenset[str]
    # What those who may get as well, as the thing of the test is in a state in which there is nothing to show or do.
    also: frozenset[int] = frozenset()


CITY: dict[str, Row] = {
    # A citizen's pages; those about a person stand a second time under /family/<ref>/.
    "key_list": Row("anyone", GET),
    "places": Row("anyone", GET, NOTHING_TO_DO),
    "public_figures": Row("anyone", GET),
    "citizen_home": Row("anyone", GET),
    "citizen_sign_in": Row("anyone", BOTH),
    "citizen_sign_in_code": Row("anyone", BOTH),
    "citizen_sign_in_again": Row("anyone", POST),
    "citizen_sign_out": Row("anyone", POST),
    "citizen_phone_confirm": Row("anyone", BOTH),
    "citizen_phone_answer": Row("citizen", POST),
    "citizen_family": Row("citizen", GET),
    "citizen_family_ask": Row("citizen", BOTH),
    "citizen_family_proof": Row("citizen", BOTH),
    "citizen_family_end": Row("citizen", POST),
    "citizen_messages": Row("citizen", GET),
    "citizen_message_choices": Row("citizen", BOTH),
    "citizen_code": Row("citizen", GET),
    "citizen_pass": Row("citizen", GET),
    "citizen_calendar": Row("citizen", GET),
    "citizen_history": Row("citizen", GET),
    "citizen_manifest": Row("anyone", GET),
    "citizen_check_in": Row("citizen", BOTH),
    "citizen_paper": Row("citizen", BOTH),
    "citizen_paper_withdraw": Row("citizen", POST),
    "citizen_other_city": Row("citizen", BOTH, frozenset({422})),
    "citizen_data": Row("citizen", GET),
    "citizen_download": Row("citizen", POST),
    "citizen_document": Row("citizen", POST),
    "citizen_appeal": Row("citizen", BOTH),
    "citizen_appeal_reason": Row("citizen", BOTH),
    "citizen_appeal_evidence": Row("citizen", BOTH),
    "citizen_appeal_words": Row("citizen", BOTH),
    "citizen_appeal_check": Row("citizen", BOTH),
    "citizen_appealed": Row("citizen", GET),
    "citizen_cases": Row("citizen", GET),
    "citizen_case": Row("citizen", GET),
    "citizen_withdraw": Row("citizen", POST),
    "citizen_object": Row("citizen", POST),
    "citizen_answer": Row("citizen", POST, NOTHING_TO_DO),
    "citizen_evidence": Row("citizen", GET),
    "citizen_keep": Row("citizen", POST, NOTHING_TO_DO),
    "citizen_declare": Row("citizen", BOTH),
    "citizen_declare_check": Row("citizen", BOTH),
    "citizen_declared": Row("citizen", GET),
    "citizen_declare_page": Row("citizen", BOTH),
    # The officials' desk.
    "official_queue": Row(CASES, GET),
    "official_queue_assign": Row(CASES, POST),
    "official_queue_assign_all": Row(CASES, BOTH),
    "official_queue_propose_all": Row(REVIEW, BOTH),
    "official_guardians": Row(CASES, GET),
    "official_guardian": Row(REVIEW, POST),
    "official_guardian_proof": Row(CASES, GET),
    "official_phones": Row(REVIEW, BOTH),
    "official_phone": Row(REVIEW, POST),
    "official_paper_codes": Row(REVIEW, BOTH),
    "official_paper_print": Row(REVIEW, POST),
    "official_groups": Row(CASES, GET),
    "official_find": Row((*CASES, Role.AUDITOR), BOTH),
    "official_case": Row((*CASES, Role.AUDITOR), GET),
    "official_case_next": Row(CASES, GET),
    "official_case_take": Row(REVIEW, POST),
    "official_case_release": Row(REVIEW, POST),
    "official_case_look": Row(CASES, POST),
    "official_case_complex": Row(REVIEW, POST),
    "official_case_decide": Row(REVIEW, POST),
    "official_case_take_back": Row(REVIEW, POST, NOTHING_TO_DO),
    "official_case_end_ruling": Row(REVIEW, POST, NOTHING_TO_DO),
    "official_case_ask": Row(REVIEW, POST),
    "official_case_drop_question": Row(REVIEW, POST, NOTHING_TO_DO),
    "official_case_correct": Row(REVIEW, POST),
    "official_case_correction_answer": Row(REVIEW, POST),
    "official_second_looks": Row(REVIEW, GET),
    "official_case_second_look": Row(REVIEW, POST),
    "official_suppress": Row(REVIEW, BOTH),
    "official_suppression_back": Row(REVIEW, POST),
    "official_suppression_end": Row(REVIEW, POST),
    "official_case_reveal": Row((*CASES, Role.AUDITOR), POST),
    "official_case_file": Row((*CASES, Role.AUDITOR), POST),
    "official_evidence": Row((*CASES, Role.AUDITOR), GET),
    "official_approvals": Row(APPROVE, GET),
    "official_approve_ruling": Row(APPROVE, BOTH),
    "official_approve_ruling_end": Row(APPROVE, POST),
    "official_approve_record": Row(APPROVE, BOTH),
    "official_approve_record_end": Row(APPROVE, POST),
    "official_approve_together": Row(APPROVE, BOTH, NOTHING_TO_DO),
    "official_runs": Row(RUNS, GET),
    "official_run": Row(RUNS, GET),
    "official_run_start": Row((Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN), POST),
    "official_corrections": Row((*CASES, Role.AUDITOR), GET),
    "official_correction": Row((*CASES, Role.AUDITOR), GET),
    "official_correction_ask": Row(REVIEW, BOTH, NOTHING_TO_DO),
    "official_displays": Row((*DISPLAYS, Role.AUDITOR), GET),
    "official_display": Row((*DISPLAYS, Role.AUDITOR), GET),
    "official_display_act": Row(DISPLAYS, POST),
    "official_messages": Row(SYSTEM, GET),
    "official_messages_again": Row(SYSTEM, POST),
    "official_webhooks": Row(WEBHOOKS, GET),
    "official_webhook_new": Row(MANAGE_SOURCES, BOTH),
    "official_webhook": Row(WEBHOOKS, GET),
    "official_webhook_decide": Row(WEBHOOKS, POST),
    "official_alarms": Row(ALARMS, GET),
    "official_alarm": Row(ALARMS, BOTH),
    "official_alarm_decide": Row(ALARMS, POST),
    "official_held_groups": Row((*CASES, Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR), GET),
    "official_held_group": Row((*CASES, Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR), BOTH),
    "official_held_group_decide": Row(CASES, POST, NOT_ONES_OWN),
    "official_work": Row((Role.APPROVER, Role.AUDITOR), GET),
    "official_work_table": Row((Role.APPROVER, Role.AUDITOR), GET),
    "official_work_file": Row((Role.APPROVER, Role.AUDITOR), GET),
    "official_work_cases": Row((Role.APPROVER, Role.AUDITOR), GET),
    "official_dashboard": Row((*CASES, Role.AUDITOR), GET),
    "official_sources": Row(SOURCES, GET),
    "official_source": Row(SOURCES, GET),
    "official_source_test": Row(MANAGE_SOURCES, POST),
    "official_source_collect": Row(MANAGE_SOURCES, POST),
    "official_source_change_form": Row(MANAGE_SOURCES, BOTH),
    "official_source_change": Row(SOURCES, GET),
    "official_source_change_decide": Row(SOURCES, POST, NOT_ONES_OWN),
    "official_source_quarantine": Row(SOURCES, GET),
    "official_source_retry": Row(MANAGE_SOURCES, POST),
    "official_batch": Row((*SOURCES, *ALARMS), GET),
    "official_batch_decide": Row(SOURCES, POST),
    "official_group": Row((*CASES, Role.SOURCE_MANAGER, Role.RULE_MANAGER), BOTH),
    "official_bulk_suppression": Row(APPROVE, BOTH),
    "official_bulk_suppression_back": Row(REVIEW, POST),
    "official_rule_sets": Row(RULES, GET),
    "official_rule_set": Row(RULES, GET),
    "official_rule_set_version": Row(RULES, GET),
    "official_rule_set_begin": Row(MANAGE_RULES, POST),
    "official_rule_set_upload": Row(MANAGE_RULES, BOTH),
    "official_draft": Row(RULES, GET),
    "official_draft_head": Row(MANAGE_RULES, POST),
    "official_draft_new_rule": Row(MANAGE_RULES, BOTH),
    "official_draft_rule": Row(MANAGE_RULES, BOTH),
    "official_draft_remove_rule": Row(MANAGE_RULES, POST),
    "official_draft_areas": Row(MANAGE_RULES, BOTH),
    "official_draft_rehearse": Row(MANAGE_RULES, POST),
    "official_draft_rehearsal_list": Row(RULES, GET, NOTHING_TO_DO),
    "official_draft_decide": Row(RULES, POST, NOT_ONES_OWN),
    "official_gates": Row(SYSTEM, GET),
    "official_gate_add": Row(SYSTEM, BOTH),
    "official_gate": Row(SYSTEM, GET),
    "official_gate_decide": Row(SYSTEM, POST),
    "official_gate_link": Row(SYSTEM, POST),
    "official_gate_revoke": Row(SYSTEM, POST),
    "official_keys": Row(SYSTEM, GET),
    "official_key_issue": Row(SYSTEM, BOTH),
    "official_key": Row(SYSTEM, GET),
    "official_key_rotate": Row(SYSTEM, BOTH),
    "official_key_revoke": Row(SYSTEM, POST),
    "official_staff": Row(SECURITY, GET),
    "official_account": Row(SECURITY, GET),
    "official_account_add": Row(SECURITY, BOTH),
    "official_account_roles": Row(SECURITY, POST),
    "official_account_close": Row(SECURITY, POST),
    "official_account_link": Row(SECURITY, POST),
    "official_account_propose": Row(SECURITY, POST),
    "official_staff_change": Row(SECURITY, GET),
    "official_staff_change_decide": Row(SECURITY, POST),
    # The auditors' room.
    "auditor_reports": Row(AUDIT, GET),
    "auditor_report": Row(AUDIT, BOTH),
    "auditor_verify": Row(JOURNAL, BOTH),
    "auditor_export": Row(AUDIT, GET),
    "auditor_export_file": Row(AUDIT, GET, NOTHING_TO_DO),
    "auditor_export_manifest": Row(AUDIT, GET, NOTHING_TO_DO),
    "auditor_identified_exports": Row(JOURNAL, GET),
    "auditor_identified_export": Row(JOURNAL, GET),
    "auditor_identified_decide": Row(JOURNAL, POST),
    "auditor_retention": Row(ALARMS, GET),
    "auditor_journal": Row(JOURNAL, GET),
    "auditor_journal_verify": Row(JOURNAL, POST),
    "auditor_replay": Row(AUDIT, BOTH),
    # The staff's door.
    "staff_home": Row("staff", GET),
    "staff_account": Row("staff", GET),
    "staff_mail": Row("staff", POST, NOTHING_TO_DO),
    "account_login": Row("anyone", BOTH),
    "mfa_authenticate": Row("anyone", BOTH),
    "account_logout": Row("anyone", BOTH),
    "account_change_password": Row("staff", BOTH),
    "account_reauthenticate": Row("staff", BOTH),
    "mfa_reauthenticate": Row("staff", BOTH),
    "mfa_activate_totp": Row("staff", BOTH),
    "mfa_deactivate_totp": Row("staff", BOTH),
    "mfa_view_recovery_codes": Row("staff", GET, NOTHING_TO_DO),
    "mfa_generate_recovery_codes": Row("staff", BOTH),
    "enrolment": Row("anyone", BOTH, NOTHING_TO_DO),
    "enrolment_link": Row("anyone", GET),
    "single_sign_on": Row("anyone", POST),
    "socialaccount_login_error": Row("anyone", GET, TOLD),
    "openid_connect_callback": Row("anyone", GET),
    # Everybody's.
    "guide": Row("anyone", GET),
    "guide_picture": Row("anyone", GET),
    "display": Row("anyone", BOTH),
    "switch_size": Row("anyone", POST),
    "switch_language": Row("anyone", POST),
    # A gate's device has a secret of its own; whoever opens its link becomes it.
    "gate": Row("machine", BOTH),
    "gate_check": Row("machine", POST),
    "gate_neighbours": Row("machine", GET),
    "gate_scans": Row("machine", POST),
    "gate_worker": Row("anyone", GET),
    "gate_manifest": Row("anyone", GET),
    "gate_document": Row("machine", BOTH),
    "gate_enrolment": Row("anyone", BOTH, NOTHING_TO_DO),
    "gate_enrolment_link": Row("anyone", GET),
    # Machines have keys of their own; their answers are tried with the API.
    "api_entries": Row("machine", POST),
    "api_declarations": Row("machine", POST),
    "api_trips": Row("machine", POST),
    "api_status": Row("machine", POST),
    "api_calls": Row("machine", POST),
    "api_codes": Row("machine", POST),
    "api_corrections": Row("machine", BOTH),
    "api_verifications": Row("machine", POST),
    "api_disagreements": Row("machine", GET),
    "api_cases": Row("machine", GET),
    "api_exports": Row("machine", BOTH),
    "api_export": Row("machine", GET),
    "api_export_file": Row("machine", GET),
    "api_webhooks": Row("machine", BOTH),
    "api_webhook": Row("machine", BOTH),
    "api_deliveries": Row("machine", GET),
    "api_schema": Row("anyone", GET),
    "api_reference": Row("anyone", GET),
    "api_no_such_address": Row("anyone", frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})),
    "api_city_look_ups": Row("machine", POST),
    "api_city_corrections": Row("machine", POST),
    "api_city_correction_answers": Row("machine", POST),
}

# On the host of no city: the operator's own pages, beside the staff's door and the journal.
PUBLIC: dict[str, Row] = {
    "operator_open_city": Row(SYSTEM, BOTH),
    "operator_opening": Row(SYSTEM, GET),
    "operator_opening_decide": Row(SYSTEM, POST),
    "operator_first_run": Row(SYSTEM, POST),
}

# These find nothing, by design, in the city of the test: no single sign-on is named there.
NOTHING_THERE = frozenset({"single_sign_on", "openid_connect_callback", "api_no_such_address"})
# Parts of an address that name a page and no thing of anybody's.
WORDS = {
    "token": "none",
    "page": "contact",
    "report": "sources",
    "table": "people",
    "file_format": "csv",
    "provider_id": "beta",
    "address": "nothing",
    "audience": "citizen",
    "language": "en",
}
