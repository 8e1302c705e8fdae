"""Every CHECK and UNIQUE constraint is tested: the database refuses a row that violates it, whatever the code does."""

from datetime import date, timedelta
from typing import Any
from typing import cast as typed
from uuid import UUID

import psycopg2.errors
import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from psycopg2 import sql
from psycopg2.extensions import connection

from regions.models import City, CityOpening, CityStanding, CitySunset, CitySuspension, RiskList, RiskListDelivery
from tests.integration.constraints.cast import AT, DAY, LATER, VALID, Cast, another

OURS = ("regions", "staff", "keys", "journal", "sources", "retention", "codes")
APPROVED = {"state": "approved", "decided_by": "wang", "decided_at": LATER}
OPEN_CASE = {"state": "received", "closed_at": None}
CONFIRMED = {"state": "confirmed", "decided_by": "wang", "decided_at": LATER, "decided_as": "security_admin"}
DRAFT_PROPOSED = {"reason": "x", "proposed_by": "lin", "proposed_at": AT}
DECIDED = {"decided_by": "wang", "decided_at": LATER}
ASKED = {"held_at": AT, "release_asked_by": "lin", "release_asked_at": AT}
EXPORTED = {"ended_at": LATER, "expires_at": LATER, "manifest": {}, "size": 1, "file": "x.csv"}
ANSWERED = {"answer": "corrected", "answered_by": "city:500000", "answered_at": LATER}
LOOKED = {"looked_by": "wang", "looked_at": LATER, "outcome": "differs", "reason": "x"}
OPEN_RUN = {"state": "evaluating", "ended_at": None}

# What every proposal of two people is refused for: the end of the constraint's name → changes.
TWO_PEOPLE: dict[str, list[dict[str, Any]]] = {
    "state_is_known": [{"state": "lost"}],
    "proposer_is_not_approver": [{**APPROVED, "decided_by": "lin"}],
    "is_decided_by_somebody": [
        {"state": "approved"},
        {"state": "approved", "decided_by": "wang"},
        {"state": "refused", "decided_at": LATER},
        {"state": "ended"},
    ],
    "has_proposer_and_reason": [{"reason_code": ""}, {"proposed_by": "", "decided_by": "wang"}],
    "end_takes_two_people": [
        {"end_proposed_by": "lin", "end_proposed_at": AT, "end_reason": "over", "ended_by": "lin"}
    ],
    "end_is_proposed_whole": [
        {"end_proposed_at": AT},
        {"end_reason": "over"},
        {"end_proposed_by": "lin", "end_proposed_at": AT},
    ],
}

# Constraint → model and the changes that make a valid row break it, it alone.
CHECKS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "granted_role_is_known": [("staff.RoleGrant", {"role": "king"})],
    "role_revoked_at_and_by_go_together": [
        ("staff.RoleGrant", {"revoked_at": LATER}),
        ("staff.RoleGrant", {"revoked_by": "lin"}),
    ],
    "reply_template_has_name_and_words": [
        ("codes.ReplyTemplate", {one: ""}) for one in ("name", "text_zh", "edited_by")
    ],
    "reply_template_use_is_known": [("codes.ReplyTemplate", {"use": "letter"})],
    "saved_filter_says_what_and_how": [("codes.SavedFilter", {"name": ""}), ("codes.SavedFilter", {"query": ""})],
    "note_has_words_and_a_writer": [("codes.CaseNote", {"text": ""}), ("codes.CaseNote", {"written_by": ""})],
    "mention_is_of_somebody": [("codes.NoteMention", {"username": ""})],
    "second_look_is_at_somebodys_decision": [("codes.SecondLook", {"decided_by": "", **LOOKED})],
    "second_look_is_taken_whole": [
        ("codes.SecondLook", {**LOOKED, "outcome": "perhaps"}),
        ("codes.SecondLook", {"looked_at": LATER}),
        ("codes.SecondLook", {"reason": "x"}),
        ("codes.SecondLook", {**LOOKED, "looked_by": ""}),
        ("codes.SecondLook", {**LOOKED, "looked_at": None}),
    ],
    "second_look_is_anothers": [("codes.SecondLook", {**LOOKED, "looked_by": "lin"})],
    "second_look_differs_for_a_reason": [("codes.SecondLook", {**LOOKED, "reason": ""})],
    "published_week_begins_on_a_monday": [("codes.PublishedWeek", {"monday": date(2026, 11, 24)})],
    "published_people_are_rounded": [("codes.PublishedWeek", {"people": 101})],
    "published_groups_are_not_small": [
        ("codes.PublishedWeek", {"disagreements": 9}),
        ("codes.PublishedWeek", {"decided": 9, "median_hours": None}),
    ],
    "published_median_is_of_a_group": [
        ("codes.PublishedWeek", {"decided": None}),
        ("codes.PublishedWeek", {"decided": 0}),
    ],
    "paper_pass_is_good_for_a_year_at_most": [
        ("codes.PaperPass", {"expires_at": AT}),
        ("codes.PaperPass", {"expires_at": AT + timedelta(days=366)}),
    ],
    "paper_pass_is_withdrawn_by_somebody": [
        ("codes.PaperPass", {"withdrawn_at": LATER}),
        ("codes.PaperPass", {"withdrawn_by": "lin"}),
    ],
    "message_kind_is_known": [("codes.Message", {"kind": "gossip"})],
    "message_being_sent_has_a_lease": [
        ("codes.Message", {"state": "sending"}),
        ("codes.Message", {"state": "waiting", "lease_until": LATER}),
        ("codes.Message", {"state": "lost"}),
    ],
    "message_given_up_says_why": [("codes.Message", {"state": "dead"})],
    "kinds_not_sent_are_known": [("codes.MessageChoice", {"without": ["gossip"]})],
    "message_language_is_known": [("codes.MessageChoice", {"language": "fr"})],
    "gate_device_state_is_known": [("codes.GateDevice", {**DECIDED, "state": "lost"})],
    "gate_device_is_decided_by_somebody": [
        ("codes.GateDevice", {"state": "confirmed"}),
        ("codes.GateDevice", {"state": "refused", "decided_by": "wang"}),
        ("codes.GateDevice", DECIDED),
    ],
    "gate_device_proposer_is_not_approver": [
        ("codes.GateDevice", {**DECIDED, "state": "confirmed", "decided_by": "lin"}),
    ],
    "gate_device_says_what_where_and_why": [
        ("codes.GateDevice", {one: ""}) for one in ("name", "place", "reason", "proposed_by")
    ],
    "gate_device_is_confirmed_before_it_has_a_secret": [
        ("codes.GateDevice", {"secret_hash": b"s", "enrolled_at": LATER}),
        ("codes.GateDevice", {**DECIDED, "state": "confirmed", "secret_hash": b"s"}),
        ("codes.GateDevice", {**DECIDED, "state": "confirmed", "enrolled_at": LATER}),
    ],
    "gate_device_is_revoked_by_somebody": [
        ("codes.GateDevice", {**DECIDED, "state": "revoked"}),
        ("codes.GateDevice", {**DECIDED, "state": "revoked", "revoked_at": LATER}),
        ("codes.GateDevice", {**DECIDED, "state": "confirmed", "revoked_by": "lin", "revoked_at": LATER}),
    ],
    "scan_says_who_and_what": [("codes.GateScan", {"by": ""}), ("codes.GateScan", {"result": ""})],
    "staff_change_state_is_known": [("staff.StaffChange", {**DECIDED, "state": "lost"})],
    "staff_change_kind_is_known": [("staff.StaffChange", {"kind": "king"})],
    "staff_change_has_proposer_and_reason": [
        ("staff.StaffChange", {"proposed_by": ""}),
        ("staff.StaffChange", {"reason": ""}),
    ],
    "staff_change_is_decided_by_somebody": [
        ("staff.StaffChange", {"state": "confirmed"}),
        ("staff.StaffChange", {"state": "refused", "decided_by": "wang"}),
        ("staff.StaffChange", {"state": "withdrawn", "decided_at": LATER}),
        ("staff.StaffChange", DECIDED),
    ],
    "staff_change_proposer_is_not_approver": [
        ("staff.StaffChange", {**DECIDED, "state": "confirmed", "decided_by": "lin"}),
        ("staff.StaffChange", {**DECIDED, "state": "refused", "decided_by": "lin"}),
    ],
    "staff_change_is_of_a_third_person": [
        ("staff.StaffChange", {"proposed_by": "mei"}),
        ("staff.StaffChange", {**DECIDED, "state": "confirmed", "decided_by": "mei"}),
    ],
    "staff_change_has_its_account": [
        ("staff.StaffChange", {"account": None}),
        ("staff.StaffChange", {"kind": "account"}),
        ("staff.StaffChange", {**DECIDED, "kind": "account", "state": "confirmed", "account": None}),
    ],
    "enrolment_link_is_used_or_void": [
        ("staff.EnrolmentLink", {"used_at": LATER, "voided_at": LATER}),
        ("staff.EnrolmentLink", {"used_at": LATER, "token_hash": None}),
    ],
    "webhook_state_is_known": [("codes.Webhook", {"state": "other"})],
    "webhook_is_decided_by_somebody": [
        ("codes.Webhook", {"state": "active"}),
        ("codes.Webhook", {"decided_by": "wang"}),
    ],
    "webhook_proposer_is_not_approver": [
        ("codes.Webhook", {"state": "active", "decided_by": "li", "decided_at": LATER})
    ],
    "webhook_has_proposer_and_reason": [("codes.Webhook", {"proposed_by": ""}), ("codes.Webhook", {"reason": ""})],
    "webhook_is_told_what_is_its_owners": [
        ("codes.Webhook", {"events": []}),
        ("codes.Webhook", {"events": ["alarm.raised"]}),
        ("codes.Webhook", {"provider": None}),
    ],
    "delivery_state_is_known": [("codes.WebhookDelivery", {"state": "other"})],
    "key_purpose_is_known": [("keys.CityKey", {"purpose": "other"})],
    "compromised_key_is_retired": [("keys.CityKey", {"retired_at": None, "compromised_at": LATER})],
    "journal_entry_has_an_actor": [("journal.JournalEntry", {"by": ""})],
    "source_kind_is_known": [("sources.Source", {"kind": "spreadsheet"})],
    "source_max_age_is_positive": [("sources.Source", {"max_age_hours": 0})],
    "source_looks_back_and_compares": [
        ("sources.Source", {"overlap_hours": -1}),
        ("sources.Source", {"full_every_days": 0}),
    ],
    "provider_display_delay_is_not_negative": [("codes.Provider", {"display_delay_minutes": -1})],
    "displayed_colour_is_known": [("codes.Displayed", {"colour": "blue"})],
    "display_item_is_closed_when_its_state_says_so": [
        ("codes.DisplayItem", {"state": "closed"}),
        ("codes.DisplayItem", {"closed_at": LATER}),
        ("codes.DisplayItem", {"state": "lost"}),
    ],
    "display_item_names_a_value_where_it_is_of_one": [
        ("codes.DisplayItem", {"value": "00"}),
        ("codes.DisplayItem", {"cause": "unknown_value"}),
        ("codes.DisplayItem", {"cause": "moon"}),
    ],
    "display_finding_is_of_two_colours": [
        ("codes.DisplayFinding", {"cause": "moon"}),
        ("codes.DisplayFinding", {"colour": "blue"}),
        ("codes.DisplayFinding", {"expected": "blue"}),
        ("codes.DisplayFinding", {"colour": "red"}),
    ],
    "city_correction_is_in_a_state_of_its_side": [
        ("codes.CityCorrection", {"state": "received"}),
        ("codes.CityCorrection", {"side": "received", "state": "asked", "case": Cast.case}),
        ("codes.CityCorrection", {"side": "received", "state": "received"}),
        ("codes.CityCorrection", {"side": "lost"}),
    ],
    "city_correction_is_answered_whole": [
        ("codes.CityCorrection", {"answer": "upheld"}),
        ("codes.CityCorrection", {"state": "answered"}),
        ("codes.CityCorrection", {"state": "answered", **ANSWERED, "answered_by": ""}),
        ("codes.CityCorrection", {"state": "answered", **ANSWERED, "answered_at": None}),
        ("codes.CityCorrection", {"state": "answered", **ANSWERED, "answer": "perhaps"}),
    ],
    "city_correction_names_a_colour_where_one_is_ruled": [
        ("codes.CityCorrection", {"state": "answered", **ANSWERED, "answer": "ruled"}),
        ("codes.CityCorrection", {"state": "answered", **ANSWERED, "ruled_colour": "green"}),
    ],
    "city_correction_says_who_asks_what": [
        ("codes.CityCorrection", {"text": ""}),
        ("codes.CityCorrection", {"opened_by": ""}),
        ("codes.CityCorrection", {"colour": "green"}),
    ],
    "display_change_is_known": [("codes.DisplayChange", {"what": "lost"})],
    "finding_is_of_a_kind": [("sources.BatchFinding", {"kind": "early"})],
    "ranges_are_of_16_bits": [("sources.RangeHashes", {"bits": 0}), ("sources.RangeHashes", {"bits": 17})],
    "source_bad_share_is_a_share": [
        ("sources.Source", {"max_bad_share": 1.01}),
        ("sources.Source", {"max_bad_share": -0.01}),
    ],
    "retention_sweep_has_ended_when_its_state_says_so": [
        ("retention.RetentionSweep", {"state": "done"}),
        ("retention.RetentionSweep", {"ended_at": LATER}),
        ("retention.RetentionSweep", {"state": "lost"}),
    ],
    "failed_retention_sweep_says_why": [("retention.RetentionSweep", {"state": "failed", "ended_at": LATER})],
    "batch_state_is_known": [("sources.Batch", {"state": "lost"})],
    "accepted_batch_has_its_instants": [
        ("sources.Batch", {"state": "accepted", "received_at": LATER, "closed_at": LATER}),
        ("sources.Batch", {"state": "accepted", "as_of": AT, "closed_at": LATER}),
        ("sources.Batch", {"state": "accepted", "as_of": AT, "received_at": LATER}),
    ],
    "refused_batch_has_a_reason": [("sources.Batch", {"state": "refused"})],
    "held_batch_says_since_when": [("sources.Batch", {"state": "held"})],
    "release_of_a_held_batch_is_asked_by_somebody": [
        ("sources.Batch", {"release_asked_by": "lin", "release_asked_at": LATER}),
        ("sources.Batch", {"held_at": AT, "release_asked_by": "lin"}),
        ("sources.Batch", {"held_at": AT, "release_asked_at": LATER}),
    ],
    "held_batch_is_released_by_two_people": [
        ("sources.Batch", {**ASKED, "released_by": "lin", "released_at": LATER}),
        ("sources.Batch", {**ASKED, "released_by": "wang"}),
        ("sources.Batch", {**ASKED, "released_at": LATER}),
        ("sources.Batch", {"released_by": "wang", "released_at": LATER}),
    ],
    "held_batch_is_accepted_by_release_only": [
        ("sources.Batch", {**ASKED, "state": "accepted", "as_of": AT, "received_at": LATER, "closed_at": LATER}),
    ],
    "batch_received_after_start": [("sources.Batch", {"received_at": AT - timedelta(seconds=1)})],
    "export_job_state_is_known": [("codes.ExportJob", {"state": "lost"})],
    "export_job_has_an_asker": [("codes.ExportJob", {"asked_by": ""})],
    "identified_export_has_a_purpose": [
        ("codes.ExportJob", {"identified": True, "confirmation": another("codes.IdentifiedExport")})
    ],
    "identified_export_is_confirmed": [
        ("codes.ExportJob", {"identified": True, "purpose": "第三季度抽查"}),
    ],
    "identified_export_state_is_known": [("codes.IdentifiedExport", {"state": "lost"})],
    "identified_export_is_decided_by_somebody": [
        ("codes.IdentifiedExport", {"state": "approved"}),
        ("codes.IdentifiedExport", {"state": "approved", "decided_by": "wang"}),
        ("codes.IdentifiedExport", {"state": "refused", "decided_at": LATER}),
        ("codes.IdentifiedExport", DECIDED),
    ],
    "identified_export_proposer_is_not_approver": [
        ("codes.IdentifiedExport", {**DECIDED, "state": "approved", "decided_by": "lin"})
    ],
    "identified_export_has_asker_and_purpose": [
        ("codes.IdentifiedExport", {"reason": ""}),
        ("codes.IdentifiedExport", {"proposed_by": ""}),
    ],
    "finished_export_has_its_file": [
        *(("codes.ExportJob", {**EXPORTED, "state": "done", gone: None}) for gone in EXPORTED if gone != "file"),
        ("codes.ExportJob", {**EXPORTED, "state": "expired", "file": ""}),
    ],
    "failed_export_says_why": [("codes.ExportJob", {"state": "failed"})],
    "draft_state_is_known": [("codes.RuleSetDraft", {"state": "lost", **DRAFT_PROPOSED, **DECIDED})],
    "draft_is_proposed_by_somebody_with_a_reason": [
        ("codes.RuleSetDraft", {"state": "proposed"}),
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, "state": "proposed", "reason": ""}),
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, "state": "proposed", "proposed_at": None}),
        ("codes.RuleSetDraft", {"proposed_by": "lin"}),
    ],
    "draft_is_decided_by_somebody": [
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, "state": "refused"}),
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, "state": "refused", "decided_by": "wang"}),
        ("codes.RuleSetDraft", {"decided_by": "wang", "decided_at": LATER}),
    ],
    "draft_proposer_is_not_approver": [
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, **DECIDED, "state": "refused", "decided_by": "lin"}),
    ],
    "edition_is_decided_by_no_editor": [
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, **DECIDED, "state": "refused", "edited_by": "wang"}),
    ],
    "published_draft_has_its_version": [
        ("codes.RuleSetDraft", {**DRAFT_PROPOSED, **DECIDED, "state": "published"}),
        ("codes.RuleSetDraft", {"version": lambda cast: cast.version}),
    ],
    "rehearsal_state_is_known": [("codes.DraftRehearsal", {"state": "lost"})],
    "finished_rehearsal_has_its_outcome": [
        ("codes.DraftRehearsal", {"state": "done", "day": DAY, "ended_at": LATER, "tally": {}, "file": "x"}),
        ("codes.DraftRehearsal", {"state": "done"}),
    ],
    "ended_rehearsal_says_why": [
        ("codes.DraftRehearsal", {"state": "failed", "ended_at": LATER}),
        ("codes.DraftRehearsal", {"state": "impossible", "fault": "no_run"}),
    ],
    "quarantined_record_has_a_reason": [("sources.Quarantined", {"reason": ""})],
    "quarantined_record_is_taken_later": [
        ("sources.Quarantined", {"taken_in": lambda cast: cast.shared("sources.Batch")}),
    ],
    "source_change_state_is_known": [("sources.SourceChange", {**DECIDED, "state": "lost"})],
    "source_change_changes_something": [("sources.SourceChange", {"values": {}})],
    "source_change_has_proposer_and_reason": [
        ("sources.SourceChange", {"proposed_by": ""}),
        ("sources.SourceChange", {"reason": ""}),
    ],
    "source_change_is_decided_by_somebody": [
        ("sources.SourceChange", {"state": "in_force"}),
        ("sources.SourceChange", {"state": "refused", "decided_by": "wang"}),
        ("sources.SourceChange", {"state": "withdrawn", "decided_at": LATER}),
        ("sources.SourceChange", {"decided_by": "wang", "decided_at": LATER}),
    ],
    "source_change_proposer_is_not_approver": [
        ("sources.SourceChange", {**DECIDED, "state": "in_force", "decided_by": "lin"}),
        ("sources.SourceChange", {**DECIDED, "state": "refused", "decided_by": "lin"}),
    ],
    "citizen_has_an_id_type": [("codes.Citizen", {"id_type": ""})],
    "provider_key_shows_four_characters": [("codes.ProviderKey", {"last_four": "abcde"})],
    "provider_key_is_issued_by_somebody": [("codes.ProviderKey", {"issued_by": ""})],
    "provider_key_revoked_at_and_by_go_together": [
        ("codes.ProviderKey", {"revoked_at": LATER}),
        ("codes.ProviderKey", {"revoked_by": "lin"}),
    ],
    "provider_key_expires_after_it_was_issued": [("codes.ProviderKey", {"expires_at": AT})],
    "nobody_is_their_own_guardian": [("codes.Guardianship", {"dependant": lambda cast: cast.citizen()})],
    "guardianship_reviewed_at_and_by_go_together": [
        ("codes.Guardianship", {"reviewed_at": LATER, "accepted": True}),
        ("codes.Guardianship", {"reviewed_by": "lin"}),
    ],
    "guardianship_is_answered_by_its_review": [
        ("codes.Guardianship", {"reviewed_at": LATER, "reviewed_by": "lin"}),
        ("codes.Guardianship", {"accepted": True}),
    ],
    "refused_guardianship_is_over_and_says_why": [
        ("codes.Guardianship", {"reviewed_at": LATER, "reviewed_by": "lin", "accepted": False, "refusal": "no proof"}),
        ("codes.Guardianship", {"reviewed_at": LATER, "reviewed_by": "lin", "accepted": False, "ended_at": LATER}),
    ],
    "rule_set_version_starts_at_one": [("codes.RuleSetVersion", {"version": 0})],
    "rule_colour_is_red_or_yellow": [("codes.Rule", {"colour": "green"})],
    "rule_anchor_is_known": [("codes.Rule", {"anchor": "guessed"})],
    "rule_counts_are_not_negative": [
        ("codes.Rule", {name: -1}) for name in ("hold_days", "checkin_days", "tests", "test_gap_days")
    ],
    "risk_area_ends_after_it_starts": [("codes.RiskArea", {"to_day": DAY - timedelta(days=1)})],
    "run_has_ended_when_its_state_says_so": [
        ("codes.Run", {"ended_at": None}),
        ("codes.Run", {"state": "settling"}),
        ("codes.Run", {"state": "lost"}),
    ],
    "run_of_history_is_kept_and_never_settles": [
        ("codes.Run", {"history": True}),
        ("codes.Run", {"state": "kept"}),
    ],
    "known_provider_has_horizon_and_edition": [
        ("codes.RunProvider", {"horizon": None}),
        ("codes.RunProvider", {"version": None}),
        ("codes.RunProvider", {"known": False}),
    ],
    "partition_state_is_known": [("codes.Partition", {"state": "lost"})],
    "parked_partition_says_why": [("codes.Partition", {"state": "parked"})],
    "primary_cause_is_known": [("codes.PairDiagnosis", {"primary_cause": "weather"})],
    "case_is_closed_when_its_state_says_so": [
        ("codes.Case", {"closed_at": None}),
        ("codes.Case", {"state": "in_review"}),
        ("codes.Case", {"state": "lost"}),
    ],
    "only_a_decision_lapses": [("codes.Case", {"lapsed_at": LATER, "state": "converged"})],
    "disagreement_case_has_its_disagreement": [
        ("codes.Case", {"disagreement": None}),
        ("codes.Case", {"fingerprint": None}),
    ],
    "case_assigned_at_and_to_go_together": [
        ("codes.Case", {"assigned_to": "lin"}),
        ("codes.Case", {"assigned_at": LATER}),
    ],
    "case_ends_as_its_kind_does": [("codes.Case", {"kind": "appeal"}), ("codes.Case", {"state": "denied"})],
    "case_clock_stands_only_while_waiting": [("codes.Case", {**OPEN_CASE, "paused_at": LATER})],
    "escalated_case_says_for_what": [
        ("codes.Case", {"escalated_at": LATER}),
        ("codes.Case", {"escalated_for": "due"}),
        ("codes.Case", {"escalated_at": LATER, "escalated_for": "fun"}),
    ],
    "fact_has_exactly_one_origin": [
        ("codes.Fact", {"source": None}),
        ("codes.Fact", {"provider": lambda cast: cast.alipay}),
        ("codes.Fact", {"origin": "provider"}),
        ("codes.Fact", {"origin": "city"}),
        ("codes.Fact", {"origin": "rumour"}),
    ],
    "fact_ends_after_it_starts": [("codes.Fact", {"ended_on": DAY - timedelta(days=1)})],
    "area_stay_has_an_area": [("codes.Fact", {"kind": "area_stay"})],
    "appeal_has_a_reason_and_a_filer": [
        ("codes.Appeal", {"reason_code": ""}),
        ("codes.Appeal", {"filed_by": ""}),
    ],
    "appeal_can_be_withdrawn_for_a_while": [("codes.Appeal", {"withdraw_until": AT - timedelta(seconds=1)})],
    "effective_code_is_known": [
        ("codes.EffectiveCode", {"colour": "blue"}),
        ("codes.EffectiveCode", {"because": "mood"}),
    ],
    "unknown_is_only_because_unknown": [
        ("codes.EffectiveCode", {"colour": "unknown"}),
        ("codes.EffectiveCode", {"because": "unknown"}),
    ],
    "held_code_is_red_or_yellow": [("codes.EffectiveCode", {"colour": "green", "because": "held"})],
    "effective_change_is_known": [
        ("codes.EffectiveChange", {name: "blue"}) for name in ("before", "after", "before_because", "after_because")
    ],
    "effective_change_has_a_cause": [("codes.EffectiveChange", {"run": None})],
    "entry_has_the_fields_of_its_type": [
        ("codes.Entry", {"type": "declaration"}),
        ("codes.Entry", {"type": "ruling"}),
        ("codes.Entry", {"healthy": None}),
        ("codes.Entry", {"day": None}),
        ("codes.Entry", {"type": "declaration", "day": None, "healthy": None}),
    ],
    "entry_is_of_no_instant_after_its_receipt": [
        ("codes.Entry", {"instant": LATER}),
        ("codes.Entry", {"received_at": LATER, "submitted_at": AT, "instant": LATER}),
    ],
    "only_a_healthy_check_in_is_late": [
        ("codes.Entry", {"late": True, "healthy": False}),
        ("codes.Entry", {"late": True, "type": "declaration", "day": None, "healthy": None, "submitted_at": AT}),
    ],
    "evidence_type_is_known": [("codes.Evidence", {"content_type": "text/html"})],
    "evidence_has_an_uploader": [("codes.Evidence", {"uploaded_by": ""})],
    "evidence_belongs_to_one_matter": [
        ("codes.Evidence", {"case": lambda cast: cast.case(), "guardianship": another("codes.Guardianship")}),
    ],
    "question_is_closed_when_its_state_says_so": [
        ("codes.InformationRequest", {"closed_at": LATER}),
        ("codes.InformationRequest", {"state": "lapsed"}),
    ],
    "question_has_words_and_an_asker": [
        ("codes.InformationRequest", {"question": ""}),
        ("codes.InformationRequest", {"asked_by": ""}),
    ],
    "answer_is_somebodys": [("codes.InformationRequest", {"state": "answered", "closed_at": LATER})],
    "correction_answer_is_whole": [
        ("codes.CorrectionRequest", {"answered_at": LATER, "answer_entered_by": "lin"}),
        ("codes.CorrectionRequest", {"answered_at": LATER, "answer": "upheld"}),
        ("codes.CorrectionRequest", {"answer": "upheld"}),
    ],
    "correction_says_what_to_whom": [
        ("codes.CorrectionRequest", {name: ""}) for name in ("text", "sent_to", "sent_by")
    ],
    **{
        f"{name}_{constraint}": [(model, changes) for changes in several]
        for name, model in (
            ("ruling", "codes.Ruling"),
            ("suppression", "codes.Suppression"),
            ("bulk_suppression", "codes.BulkSuppression"),
        )
        for constraint, several in TWO_PEOPLE.items()
    },
    "ruling_colour_is_a_colour": [("codes.Ruling", {"colour": "unknown"})],
    "ruling_rests_on_evidence": [("codes.Ruling", {"evidence": []}), ("codes.Ruling", {"evidence": {}})],
    "held_group_is_closed_when_its_state_says_so": [
        ("codes.HeldGroup", {"state": "released"}),
        ("codes.HeldGroup", {"closed_at": LATER}),
        ("codes.HeldGroup", {"state": "lost"}),
    ],
    "held_group_has_one_cause": [
        ("codes.HeldGroup", {"cause_kind": "batch"}),
        ("codes.HeldGroup", {"cause_kind": "weather"}),
        ("codes.HeldGroup", {"version": None}),
        ("codes.HeldGroup", {"cause_kind": "entries", "version": None, "provider": lambda cast: cast.alipay}),
        ("codes.HeldGroup", {"received_on": DAY}),
    ],
    **{
        f"held_group_proposal_{end}": [("codes.HeldGroupProposal", one) for one in TWO_PEOPLE[end]]
        for end in ("state_is_known", "proposer_is_not_approver")
    },
    "held_group_proposal_is_decided_by_somebody": [
        ("codes.HeldGroupProposal", {"state": "approved"}),
        ("codes.HeldGroupProposal", {"state": "approved", "decided_by": "wang"}),
        ("codes.HeldGroupProposal", {"state": "refused", "decided_at": LATER}),
    ],
    "held_group_proposal_is_to_release_or_refuse": [("codes.HeldGroupProposal", {"act_proposed": "forget"})],
    "held_group_proposal_has_proposer_and_reason": [
        ("codes.HeldGroupProposal", {"reason": ""}),
        ("codes.HeldGroupProposal", {"proposed_by": "", "state": "withdrawn"}),
    ],
    "counted_subject_is_of_a_kind": [("codes.SubjectCount", {"kind": "weather"})],
    "alarm_is_closed_when_its_state_says_so": [
        ("codes.Alarm", {"state": "acknowledged"}),
        ("codes.Alarm", {"closed_at": LATER}),
        ("codes.Alarm", {"state": "lost"}),
    ],
    "alarm_is_of_a_kind_and_colour": [("codes.Alarm", {name: "other"}) for name in ("kind", "colour", "severity")],
    "acknowledgement_state_is_known": [("codes.AlarmAcknowledgement", {"state": "lost"})],
    "acknowledgement_proposer_is_not_approver": [
        ("codes.AlarmAcknowledgement", {**CONFIRMED, "decided_by": "lin"}),
    ],
    "acknowledgement_is_decided_by_somebody": [
        ("codes.AlarmAcknowledgement", {"state": "confirmed"}),
        ("codes.AlarmAcknowledgement", {"state": "refused", "decided_at": LATER}),
    ],
    "acknowledgement_has_proposer_and_reason": [
        ("codes.AlarmAcknowledgement", {"reason": ""}),
        ("codes.AlarmAcknowledgement", {"proposed_by": ""}),
        ("codes.AlarmAcknowledgement", {"finding": "boring"}),
    ],
    "acknowledgement_takes_both_roles": [
        ("codes.AlarmAcknowledgement", {**CONFIRMED, "decided_as": "auditor"}),
        ("codes.AlarmAcknowledgement", {**CONFIRMED, "decided_as": ""}),
        ("codes.AlarmAcknowledgement", {**CONFIRMED, "decided_as": "reviewer"}),
        ("codes.AlarmAcknowledgement", {"proposed_as": "reviewer"}),
    ],
    "bulk_suppression_rests_on_evidence": [
        ("codes.BulkSuppression", {"evidence": []}),
        ("codes.BulkSuppression", {"evidence": {}}),
    ],
    "bulk_suppression_is_of_a_group": [("codes.BulkSuppression", {name: 0}) for name in ("cases", "records", "people")],
    "run_that_mends_amends_another": [
        ("codes.Run", {"state": "mended"}),
        ("codes.Run", {"amends": lambda cast: cast.run()}),
    ],
    "suppressed_record_has_one_origin": [("codes.Suppression", {"provider": lambda cast: cast.alipay})],
    "sign_in_code_tries_are_limited": [("codes.SignInCode", {"tries": 6}), ("codes.SignInCode", {"tries": -1})],
    "stated_name_has_one_origin": [
        ("codes.StatedName", {"source": None}),
        ("codes.StatedName", {"provider": lambda cast: cast.alipay}),
    ],
    "stated_name_is_not_empty": [("codes.StatedName", {"full_name": ""})],
    "phone_change_is_decided_whole": [
        ("codes.PhoneChange", {"state": "lost"}),
        ("codes.PhoneChange", {"state": "confirmed"}),
        ("codes.PhoneChange", {"state": "confirmed", "how": "code", "decided_by": "lin"}),
        ("codes.PhoneChange", {"state": "refused", "how": "asked", "decided_by": "lin", "decided_at": LATER}),
        ("codes.PhoneChange", {"state": "refused", "how": "citizen", "decided_at": LATER}),
        ("codes.PhoneChange", {"how": "code"}),
    ],
    "phone_change_tries_are_limited": [("codes.PhoneChange", {"tries": 6}), ("codes.PhoneChange", {"tries": -1})],
    "phone_change_code_expires": [
        ("codes.PhoneChange", {"code_hash": b"x"}),
        ("codes.PhoneChange", {"code_expires_at": LATER}),
    ],
    "phone_notice_is_known": [
        ("codes.PhoneNotice", {"receiver": "nobody"}),
        ("codes.PhoneNotice", {"about": "nothing"}),
    ],
    "only_the_earlier_phone_gets_a_code": [("codes.PhoneNotice", {"code_sealed": b"x"})],
    "used_code_is_a_citizens": [("codes.SignInCode", {"used_at": LATER})],
    "access_says_who_why_and_what": [("codes.PersonAccess", {name: ""}) for name in ("by", "purpose", "what")],
    "stored_verdict_is_red_or_yellow": [("codes.Verdict", {"colour": "green"})],
    "verdict_names_a_hit": [("codes.Verdict", {"hits": []}), ("codes.Verdict", {"hits": {}})],
    "change_is_of_colours": [
        ("codes.VerdictChange", {"before": "unknown"}),
        ("codes.VerdictChange", {"after": "not_applied"}),
    ],
    "change_to_red_or_yellow_names_a_hit": [("codes.VerdictChange", {"hits": []})],
}

# Constraint → model, and what two rows have in common (and in which they may differ: `second`).
UNIQUES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "reply_template_has_its_own_name": ("codes.ReplyTemplate", {"name": "same"}, {"text_zh": "y"}),
    "saved_filter_has_a_name_of_its_own": ("codes.SavedFilter", {"name": "same"}, {"query": "kind=appeal"}),
    "filter_is_saved_once": ("codes.SavedFilter", {"query": "kind=appeal"}, {"name": "other"}),
    "one_default_filter_per_account": (
        "codes.SavedFilter",
        {"is_default": True},
        {"name": "other", "query": "kind=appeal"},
    ),
    "note_mentions_somebody_once": ("codes.NoteMention", {}, {"opened_at": LATER}),
    "one_second_look_waits_per_case": ("codes.SecondLook", {}, {}),
    "role_is_granted_once_at_a_time": ("staff.RoleGrant", {}, {}),
    "one_webhook_per_owner_and_address": (
        "codes.Webhook",
        {"address": "https://b.example/"},
        {"events": ["case.opened"]},
    ),
    "one_key_in_use_per_purpose": ("keys.CityKey", {"purpose": "pass", "retired_at": None}, {}),
    "one_proposed_edition_per_rule_set": ("codes.RuleSetDraft", {**DRAFT_PROPOSED, "state": "proposed"}, {}),
    "revision_is_rehearsed_once": ("codes.DraftRehearsal", {}, {}),
    "record_is_found_once_in_a_batch": ("sources.BatchFinding", {"record_id": "same"}, {"recorded_at": LATER}),
    "email_is_of_one_account": ("staff.Account", {"email": "li@example.cn"}, {"email": "LI@example.cn"}),
    "one_waiting_staff_change_of_a_kind": ("staff.StaffChange", {"username": "mei"}, {"username": "MEI"}),
    "one_open_enrolment_link_of_an_account": ("staff.EnrolmentLink", {}, {}),
    "gate_device_secret_is_of_one_device": (
        "codes.GateDevice",
        {**DECIDED, "state": "confirmed", "secret_hash": b"same", "enrolled_at": LATER},
        {},
    ),
    "one_open_change_per_source": ("sources.SourceChange", {}, {}),
    "one_open_guardianship_per_pair": ("codes.Guardianship", {"dependant": another("codes.Citizen")}, {}),
    "one_name_per_origin": ("codes.StatedName", {}, {"full_name": "李四"}),
    "phone_is_proposed_once": ("codes.PhoneChange", {}, {"proposed_at": LATER}),
    "phone_is_told_once": ("codes.PhoneNotice", {}, {"made_at": LATER}),
    "rule_set_version_is_unique": ("codes.RuleSetVersion", {"version": 7}, {}),
    "registered_once_with_a_provider": ("codes.Registration", {}, {"registered_at": LATER}),
    "run_sequence_is_unique_for_its_day": ("codes.Run", {"sequence": 999}, {}),
    "one_open_run_per_city": ("codes.Run", OPEN_RUN, {"state": "settling"}),
    "run_collects_a_source_once": ("codes.RunSource", {}, {}),
    "provider_is_frozen_once_per_run": ("codes.RunProvider", {}, {"known": False, "why_unknown": "stale"}),
    "partition_number_is_unique": ("codes.Partition", {"number": 1}, {}),
    "one_open_disagreement_per_citizen": ("codes.Disagreement", {"closed_run": None}, {"fingerprint": b"y"}),
    "pair_is_prepared_once": ("codes.PreparedDiagnosis", {}, {"primary_cause": "rules"}),
    "pair_is_diagnosed_once": ("codes.PairDiagnosis", {}, {"primary_cause": "rules"}),
    "one_open_case_per_citizen_and_kind": ("codes.Case", OPEN_CASE, {"state": "in_review"}),
    "record_version_is_unique": ("codes.Fact", {"record_id": "same"}, {"kind": "confirmed_case"}),
    "nonce_is_used_once": ("codes.UsedNonce", {"nonce": "same"}, {"used_at": LATER}),
    "idempotency_key_is_of_one_call": ("codes.IdempotentAnswer", {"key_hash": b"same"}, {"call_hash": b"y"}),
    "one_kept_form_per_place": ("codes.KeptForm", {"place": "same"}, {"kept_at": LATER}),
    "end_of_a_ruling_is_told_once": (
        "codes.Message",
        {"kind": "ruling_ends", "data": {"ruling": 7}},
        {"made_at": LATER},
    ),
    "entry_id_is_unique_for_its_provider": ("codes.Entry", {"entry_id": "same"}, {"healthy": False}),
    "check_in_days_once_per_registration": ("codes.CheckInDays", {}, {"complete_at": LATER}),
    "one_next_change_per_verdict": ("codes.NextChange", {}, {"next_on": DAY}),
    "one_open_question_per_case": ("codes.InformationRequest", {}, {"question": "When?"}),
    "one_open_correction_per_record_and_case": ("codes.CorrectionRequest", {}, {"text": "Again"}),
    "one_ruling_in_force_per_citizen": ("codes.Ruling", APPROVED, {"colour": "red"}),
    "one_proposed_ruling_per_citizen": ("codes.Ruling", {}, {"colour": "red"}),
    "one_proposed_suppression_per_record": ("codes.Suppression", {"record_id": "same"}, {}),
    "group_keeps_a_change_back_once": ("codes.HeldChange", {}, {}),
    "subject_is_counted_once_in_a_run": ("codes.SubjectCount", {}, {"red": 2}),
    "displayed_once_per_citizen_and_provider": ("codes.Displayed", {}, {"value": "10"}),
    "one_standing_display_item_per_cause": ("codes.DisplayItem", {}, {"state": "told"}),
    "one_open_display_finding_per_citizen_and_provider": ("codes.DisplayFinding", {}, {"value": "10"}),
    "one_standing_alarm_per_subject": ("codes.Alarm", {"key": "same"}, {"severity": "notice"}),
    "one_waiting_acknowledgement_per_alarm": ("codes.AlarmAcknowledgement", {}, {"finding": "reported"}),
    "one_held_group_per_cause": ("codes.HeldGroup", {"key": "same"}, {}),
    "one_waiting_proposal_per_held_group": ("codes.HeldGroupProposal", {}, {"act_proposed": "refuse"}),
    "one_proposed_bulk_suppression_per_group": ("codes.BulkSuppression", {"group_key": "same"}, {}),
    "city_correction_is_known_once_by_its_reference": (
        "codes.CityCorrection",
        {"reference": UUID(int=1), "state": "withdrawn"},
        {"text": "y"},
    ),
    "one_open_city_correction_per_record": (
        "codes.CityCorrection",
        {},
        {"state": "asked"},
    ),
    "nonce_is_taken_once_from_a_neighbour": ("codes.NeighbourCall", {}, {"at": LATER}),
    "run_names_a_citizen_once": ("codes.RunCitizen", {}, {}),
    "one_verdict_per_citizen_and_provider": ("codes.Verdict", {}, {"colour": "yellow"}),
    "one_change_per_run": ("codes.VerdictChange", {}, {"after": "yellow"}),
}

# A column that is unique by itself → a value that two rows would share.
UNIQUE_COLUMNS: dict[tuple[str, str], Any] = {
    ("staff.Account", "username"): "lin",
    ("staff.CacheEntry", "key_hash"): b"same",
    ("staff.EnrolmentLink", "token_hash"): b"same",
    ("journal.JournalEntry", "seq"): 1_000_000,
    ("sources.Source", "code"): "police",
    ("codes.Citizen", "ref"): "C1",
    ("codes.Citizen", "id_hash"): b"same",
    ("codes.FormerRef", "ref"): "C1",
    ("codes.Neighbour", "division"): "500100",
    ("codes.PublishedWeek", "monday"): date(2026, 11, 23),
    ("sources.RangeHashes", "batch"): lambda cast: cast.make("sources.Batch"),
    ("retention.RetentionSweep", "day"): DAY,
    ("codes.GateDevice", "link_hash"): b"same",
    ("codes.PaperPass", "pseudonym_hash"): b"same",
    ("codes.RuleSet", "code"): "same",
    ("codes.Provider", "code"): "alipay",
    ("codes.ProviderKey", "key_hash"): b"same",
    ("codes.WebhookDelivery", "event_id"): UUID(int=1),
    ("codes.Case", "number"): "2026-1",
    ("codes.MessageChoice", "citizen"): lambda cast: cast.citizen(),
    ("codes.StaffMail", "account"): lambda cast: cast.shared("staff.Account"),
    ("codes.Evidence", "name"): "same",
    ("codes.ExportJob", "name"): "same",
    ("codes.ExportJob", "confirmation"): lambda cast: cast.make("codes.IdentifiedExport"),
    ("codes.EffectiveCode", "citizen"): lambda cast: cast.citizen(),
    ("codes.DueCitizen", "citizen"): lambda cast: cast.citizen(),
    ("codes.Appeal", "case"): lambda cast: cast.case(),
}
# In public, where the application has no right to write: tried with the owner's hand.
PUBLIC_CHECKS = {
    "city_division_is_six_digits": ("division", "51010"),
    "city_interim_policy_is_known": ("interim_policy", "prefer:"),
    "city_mass_change_is_a_share_and_a_number": ("mass_change_least", 0),
    "city_second_look_is_a_share": ("second_look_share", 1.5),
    "city_recognition_is_known": ("recognition", "maybe"),
}
PUBLIC_UNIQUE_COLUMNS = {
    ("regions.City", "schema_name"),
    ("regions.Domain", "domain"),
    ("regions.CityStanding", "city"),
    ("regions.CitySunset", "city"),
    ("regions.CityOpening", "name"),
    ("regions.RiskList", "name"),
}
# Tried by ``test_a_city_stands_once``.
PUBLIC_UNIQUES = {"one_open_suspension_of_a_city", "risk_list_goes_to_a_city_once"}
# In public as well, written by the application in no city: constraint → model and the changes that break it alone.
OPENED = {"state": "done", "ended_at": LATER, "content": None}
SUSPENDED = {"state": "in_force", "decided_by": "wang", "decided_at": LATER}
END_ASKED = {"end_asked_by": "chen", "end_asked_at": LATER}
OUTSIDE_CHECKS: dict[str, list[tuple[type[models.Model], dict[str, Any]]]] = {
    "city_standing_is_counts": [
        *((CityStanding, {column: -1}) for column in ("red", "yellow", "unknown", "disagreements", "overdue_cases")),
        (CityStanding, {"open_cases": 1, "overdue_cases": 2}),
    ],
    "opening_keeps_its_file_until_it_ends": [
        (CityOpening, {"content": None}),
        (CityOpening, {"ended_at": LATER}),
        (CityOpening, {"state": "lost"}),
        (CityOpening, {**OPENED, "content": b"x"}),
        (CityOpening, {**OPENED, "ended_at": None}),
    ],
    "opening_takes_two_operators": [
        (CityOpening, {"decided_by": "wang", "decided_at": LATER}),
        (CityOpening, {"state": "waiting"}),
        (CityOpening, {"state": "waiting", "decided_by": "lin", "decided_at": LATER}),
        (CityOpening, {**OPENED, "decided_by": "lin", "decided_at": LATER}),
        (CityOpening, {**OPENED, "state": "declined"}),
        (CityOpening, {**OPENED, "state": "withdrawn", "decided_by": "wang", "decided_at": LATER}),
    ],
    "sunset_takes_two_operators": [
        (CitySunset, {"asked_by": ""}),
        (CitySunset, {"state": "confirmed"}),
        (CitySunset, {"state": "confirmed", "confirmed_by": "lin", "confirmed_at": LATER}),
        (CitySunset, {"confirmed_by": "wang"}),
    ],
    "sunset_ends_with_a_certificate": [
        (CitySunset, {"certificate": {}}),
        (CitySunset, {"state": "done", "confirmed_by": "wang", "confirmed_at": LATER}),
    ],
    "suspension_takes_two_operators": [
        (CitySuspension, {"asked_by": ""}),
        (CitySuspension, {"reason": "none"}),
        (CitySuspension, {"state": "in_force"}),
        (CitySuspension, {**SUSPENDED, "decided_by": "lin"}),
        (CitySuspension, {"decided_by": "wang", "decided_at": LATER}),
    ],
    "end_of_suspension_takes_two_operators": [
        (CitySuspension, {"end_asked_by": "wang", "end_asked_at": LATER}),
        (CitySuspension, {**SUSPENDED, "ended_by": "wang", "ended_at": LATER}),
        (CitySuspension, {**SUSPENDED, **END_ASKED, "state": "ended"}),
        (CitySuspension, {**SUSPENDED, **END_ASKED, "state": "ended", "ended_by": "chen", "ended_at": LATER}),
    ],
    "risk_list_has_sender_and_note": [(RiskList, {"sent_by": ""}), (RiskList, {"note": ""})],
    "risk_list_delivery_has_ended_when_its_state_says_so": [
        (RiskListDelivery, {"ended_at": LATER}),
        (RiskListDelivery, {"state": "drafted"}),
        (RiskListDelivery, {"state": "lost"}),
    ],
    "opening_has_an_asker": [(CityOpening, {"asked_by": ""})],
    "failed_opening_says_why": [(CityOpening, {**OPENED, "state": "failed"})],
}


@pytest.fixture
def cast(alpha: City) -> Cast:
    """Makes rows in alpha."""
    return Cast()


@pytest.mark.parametrize("label", VALID)
def test_the_rows_that_are_changed_are_valid_themselves(cast: Cast, label: str) -> None:
    """Otherwise a refusal would prove nothing."""
    assert cast.make(label).pk


CHECK_CASES = [(name, *case) for name, cases in CHECKS.items() for case in cases]


@pytest.mark.parametrize(("name", "label", "changes"), CHECK_CASES, ids=[case[0] for case in CHECK_CASES])
def test_a_check_refuses(cast: Cast, name: str, label: str, changes: dict[str, Any]) -> None:
    values = cast.values(label, **changes)

    assert _refused_by(apps.get_model(label)(**values)) == name


@pytest.mark.parametrize(("name", "label", "common", "second"), [(name, *case) for name, case in UNIQUES.items()])
def test_a_second_row_is_refused(
    cast: Cast, name: str, label: str, common: dict[str, Any], second: dict[str, Any]
) -> None:
    first = cast.values(label, **common)
    second = cast.values(label, **{key: first[key] for key in common} | second)

    # The city has a key for every purpose from its opening on, so there the first is one too many.
    refused = _refused_by(apps.get_model(label)(**first)) or _refused_by(apps.get_model(label)(**second))
    assert refused == name


@pytest.mark.parametrize(("place", "value"), UNIQUE_COLUMNS.items(), ids=map(".".join, UNIQUE_COLUMNS))
def test_a_column_is_unique(cast: Cast, place: tuple[str, str], value: Any) -> None:
    label, column = place
    first = cast.values(label, **{column: value})
    if label not in ("sources.Source", "codes.Provider"):
        apps.get_model(label)(**first).save(force_insert=True)

    refused = _refused_by(apps.get_model(label)(**cast.values(label, **{column: first[column]})))

    assert refused.startswith(apps.get_model(label)._meta.db_table)
    assert column in refused


@pytest.mark.parametrize(("name", "column", "value"), [(name, *change) for name, change in PUBLIC_CHECKS.items()])
def test_a_check_of_the_cities_refuses(owner: connection, name: str, column: str, value: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match=name):
        _set_all(owner, "regions_city", column, value)


OUTSIDE_CASES = [(name, *case) for name, cases in OUTSIDE_CHECKS.items() for case in cases]


@pytest.mark.parametrize(("name", "model", "changes"), OUTSIDE_CASES, ids=[case[0] for case in OUTSIDE_CASES])
def test_a_check_outside_of_cities_refuses(
    db: None, name: str, model: type[models.Model], changes: dict[str, Any]
) -> None:
    assert _refused_by(model(**_outside(model))) == ""
    assert _refused_by(model(**_outside(model, name="another") | changes)) == name


@pytest.mark.parametrize("model", [CityStanding, CityOpening, CitySunset, CitySuspension, RiskList, RiskListDelivery])
def test_a_city_stands_once_and_an_opening_has_its_own_name(db: None, model: type[models.Model]) -> None:
    assert [_refused_by(model(**_outside(model))) != "" for _ in range(2)] == [False, True]


@pytest.mark.parametrize(("table", "column"), [("regions_city", "schema_name"), ("regions_domain", "domain")])
def test_two_cities_share_neither_schema_nor_host(owner: connection, table: str, column: str) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation, match=f"{table}_{column}"):
        _set_all(owner, table, column, "same")


def test_every_constraint_is_tried() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in OURS]
    named = {constraint.name for model in ours for constraint in model._meta.constraints}
    columns = {(model._meta.label, field.name) for model in ours for field in model._meta.fields if _is_unique(field)}

    named -= PUBLIC_UNIQUES
    assert named == CHECKS.keys() | UNIQUES.keys() | PUBLIC_CHECKS.keys() | OUTSIDE_CHECKS.keys()
    assert columns == UNIQUE_COLUMNS.keys() | PUBLIC_UNIQUE_COLUMNS


def test_what_is_over_makes_room_for_the_next(cast: Cast) -> None:
    for label in ("codes.Run", "codes.Case", "codes.Disagreement", "keys.CityKey"):
        assert cast.make(label).pk != cast.make(label).pk


def _refused_by(row: models.Model) -> str:
    """The name of the constraint that refuses the row; empty when none does."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        return str(typed(psycopg2.Error, error.__cause__).diag.constraint_name)
    return ""


def _outside(model: type[models.Model], *, name: str = "same") -> dict[str, Any]:
    """A valid row; every standing is another city's but for the same name."""
    if model is RiskList:
        return {"name": name, "entries": [], "note": "x", "sent_by": "lin", "sent_at": AT}
    if model is RiskListDelivery:
        sent, _ = RiskList.objects.get_or_create(name="one", defaults=_outside(RiskList, name="one"))
        return {"risk_list": sent, "city": City.objects.get(schema_name={"same": "alpha", "another": "beta"}[name])}
    if model in (CityStanding, CitySunset, CitySuspension):
        schema = {"same": "alpha", "another": "beta"}[name]
        said: dict[str, Any] = {"read_at": AT} if model is CityStanding else {"asked_by": "lin", "asked_at": AT}
        said |= {"reason": "works", "note": "x"} if model is CitySuspension else {}
        return {"city": City.objects.get(schema_name=schema), **said}
    return {"name": name, "schema": "gamma", "content": b"x", "asked_by": "lin", "asked_at": AT}


def _set_all(owner: connection, table: str, column: str, value: str) -> None:
    """Set a column of all rows of a table in public."""
    statement = sql.SQL("UPDATE {} SET {} = %s").format(sql.Identifier("public", table), sql.Identifier(column))
    with owner.cursor() as cursor:
        cursor.execute(statement, [value])


def _is_unique(field: Any) -> bool:
    return bool(field.unique) and not field.primary_key
