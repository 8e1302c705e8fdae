"""The models of the codes, one module per noun."""

from codes.models.alarm import AcknowledgementState, Alarm, AlarmAcknowledgement, SubjectCount, SubjectKind
from codes.models.case import Appeal, Case, CaseEvent, CaseState
from codes.models.case_note import CaseNote, NoteMention
from codes.models.citizen import Citizen, FormerRef, Guardianship, PersonAccess, SignInCode
from codes.models.city_correction import CityCorrection
from codes.models.displayed import DisplayCause, DisplayChange, Displayed, DisplayFinding, DisplayItem
from codes.models.due import DueCitizen, NextChange
from codes.models.entry import CheckInDays, Entry
from codes.models.export_job import ExportFault, ExportJob, IdentifiedExport
from codes.models.fact import Fact, StatedName
from codes.models.gate import GateDevice, GateDeviceState, GateScan
from codes.models.held_group import GroupProposalState, HeldChange, HeldGroup, HeldGroupProposal
from codes.models.inquiry import CorrectionRequest, Evidence, InformationRequest
from codes.models.kept_form import KeptForm
from codes.models.message import Message, MessageChoice, MessageKind, MessageLanguage
from codes.models.neighbour import Neighbour, NeighbourCall
from codes.models.paper_pass import PaperPass
from codes.models.phone import PhoneChange, PhoneNotice
from codes.models.provider import IdempotentAnswer, KeyState, Provider, ProviderKey, Registration, Scope, UsedNonce
from codes.models.published_week import PublishedWeek
from codes.models.reply_template import ReplyTemplate
from codes.models.rule_set import RiskArea, Rule, RuleSet, RuleSetVersion
from codes.models.rule_set_draft import DraftRehearsal, RehearsalFault, RuleSetDraft
from codes.models.ruling import BulkSuppression, Ruling, Suppression
from codes.models.run import (
    CollectingFault,
    Partition,
    Run,
    RunCitizen,
    RunError,
    RunFault,
    RunProvider,
    RunSource,
    RunStep,
    WhyUnknown,
)
from codes.models.saved_filter import SavedFilter
from codes.models.second_look import SecondLook
from codes.models.staff_mail import StaffMail
from codes.models.verdict import (
    Disagreement,
    EffectiveChange,
    EffectiveCode,
    PairDiagnosis,
    PreparedDiagnosis,
    Verdict,
    VerdictChange,
)
from codes.models.webhook import Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "AcknowledgementState",
    "Alarm",
    "AlarmAcknowledgement",
    "Appeal",
    "BulkSuppression",
    "Case",
    "CaseEvent",
    "CaseNote",
    "CaseState",
    "CheckInDays",
    "Citizen",
    "CityCorrection",
    "CollectingFault",
    "CorrectionRequest",
    "Disagreement",
    "DisplayCause",
    "DisplayChange",
    "DisplayFinding",
    "DisplayItem",
    "Displayed",
    "DraftRehearsal",
    "DueCitizen",
    "EffectiveChange",
    "EffectiveCode",
    "Entry",
    "Evidence",
    "ExportFault",
    "ExportJob",
    "Fact",
    "FormerRef",
    "GateDevice",
    "GateDeviceState",
    "GateScan",
    "GroupProposalState",
    "Guardianship",
    "HeldChange",
    "HeldGroup",
    "HeldGroupProposal",
    "IdempotentAnswer",
    "IdentifiedExport",
    "InformationRequest",
    "KeptForm",
    "KeyState",
    "Message",
    "MessageChoice",
    "MessageKind",
    "MessageLanguage",
    "Neighbour",
    "NeighbourCall",
    "NextChange",
    "NoteMention",
    "PairDiagnosis",
    "PaperPass",
    "Partition",
    "PersonAccess",
    "PhoneChange",
    "PhoneNotice",
    "PreparedDiagnosis",
    "Provider",
    "ProviderKey",
    "PublishedWeek",
    "Registration",
    "RehearsalFault",
    "ReplyTemplate",
    "RiskArea",
    "Rule",
    "RuleSet",
    "RuleSetDraft",
    "RuleSetVersion",
    "Ruling",
    "Run",
    "RunCitizen",
    "RunError",
    "RunFault",
    "RunProvider",
    "RunSource",
    "RunStep",
    "SavedFilter",
    "Scope",
    "SecondLook",
    "SignInCode",
    "StaffMail",
    "StatedName",
    "SubjectCount",
    "SubjectKind",
    "Suppression",
    "UsedNonce",
    "Verdict",
    "VerdictChange",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
    "WhyUnknown",
]
