"""One file per noun; imported here so that Django finds them."""

from codes.models.appeal import Appeal
from codes.models.case import Case, CaseState
from codes.models.case_event import CaseEvent
from codes.models.citizen import Citizen, Guardianship
from codes.models.disagreement import Disagreement, PairDiagnosis
from codes.models.effective import EffectiveChange, EffectiveCode
from codes.models.entry import CheckInDays, Entry
from codes.models.evidence import Evidence
from codes.models.export_job import ExportJob
from codes.models.fact import Fact
from codes.models.inquiry import CorrectionRequest, InformationRequest
from codes.models.mending import Mending
from codes.models.provider import Provider, Registration
from codes.models.provider_key import ProviderKey
from codes.models.rule_set import RiskArea, Rule, RuleSet, RuleSetVersion
from codes.models.rule_set_draft import DraftRehearsal, RuleSetDraft
from codes.models.ruling import Ruling, Suppression
from codes.models.run import Partition, Run, RunCitizen, RunError, RunProvider, RunSource
from codes.models.sign_in import PersonAccess, SignInCode
from codes.models.verdict import Verdict, VerdictChange

__all__ = [
    "Appeal",
    "Case",
    "CaseEvent",
    "CaseState",
    "CheckInDays",
    "Citizen",
    "CorrectionRequest",
    "Disagreement",
    "DraftRehearsal",
    "EffectiveChange",
    "EffectiveCode",
    "Entry",
    "Evidence",
    "ExportJob",
    "Fact",
    "Guardianship",
    "InformationRequest",
    "Mending",
    "PairDiagnosis",
    "Partition",
    "PersonAccess",
    "Provider",
    "ProviderKey",
    "Registration",
    "RiskArea",
    "Rule",
    "RuleSet",
    "RuleSetDraft",
    "RuleSetVersion",
    "Ruling",
    "Run",
    "RunCitizen",
    "RunError",
    "RunProvider",
    "RunSource",
    "SignInCode",
    "Suppression",
    "Verdict",
    "VerdictChange",
]
