"""What hangs on a case – files, questions, corrections, wrong records, rulings, events, family – read together with it, in one question."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from codes.models import (
    Case,
    CaseEvent,
    CorrectionRequest,
    Evidence,
    Fact,
    Guardianship,
    InformationRequest,
    RuleSetDraft,
    Ruling,
    Suppression,
)
from portal.templatetags.page import titled
from regions.sources.models import Batch, SourceChange

INSTANTS = frozenset(
    {"uploaded_at", "asked_at", "answer_by", "closed_at", "sent_at", "answered_at", "proposed_at", "decided_at"}
    | {"suspended_at", "end_proposed_at", "at"}
)
DAYS = frozenset({"expires_on"})

Row = dict[str, Any]
"""A row by its columns' names, for templates."""


FILE = ("id", "original_name", "content_type", "size", "uploaded_by", "uploaded_at")


def with_matters(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with their citizen, appeal and disagreement, and the lists as JSON; ``rows`` reads one."""
    case, citizen = OuterRef("pk"), OuterRef("citizen")
    standing = Suppression.objects.filter(
        state__in=["proposed", "approved"],
        record_id__in=Fact.objects.filter(citizen=OuterRef(OuterRef("citizen"))).values("record_id"),
    )
    kin = ["citizen", "disagreement", "follows", "appeal__provider", "appeal__fact__source"]
    return cases.select_related(*kin).annotate(
        files_json=json_rows(
            Evidence.objects.filter(case=case),
            *FILE,
        ),
        questions_json=json_rows(
            InformationRequest.objects.filter(case=case),
            *("id", "state", "question", "asked_by", "asked_at", "answer_by", "answer", "closed_at"),
        ),
        corrections_json=json_rows(
            CorrectionRequest.objects.filter(case=case),
            *("id", "fact_id", "text", "sent_to", "sent_by", "sent_at", "answer", "answer_text", "answered_at"),
        ),
        suppressions_json=json_rows(
            standing,
            *("id", "case_id", "source_id", "provider_id", "record_id", "state", "reason_code", "reason"),
            *("proposed_by", "proposed_at", "end_proposed_by"),
        ),
        rulings_json=json_rows(
            Ruling.objects.filter(Q(case=case) | Q(citizen=citizen, state__in=["proposed", "approved"])),
            *("id", "case_id", "state", "colour", "reason_code", "reason", "expires_on", "proposed_by", "proposed_at"),
            *("decided_by", "decided_at", "decision_code", "decision_reason", "suspended_at"),
            *("end_proposed_by", "end_proposed_at", "end_reason", "evidence"),
        ),
        events_json=json_rows(CaseEvent.objects.filter(case=case), *("id", "at", "by", "verb", "data")),
        family_json=json_rows(
            Guardianship.objects.filter(Q(guardian=citizen) | Q(dependant=citizen), accepted=True, ended_at=None),
            *("relation", "guardian_id", "guardian__ref", "guardian__full_name"),
            *("dependant_id", "dependant__ref", "dependant__full_name"),
        ),
    )


def rows(case: Case, name: str) -> list[Row]:
    """One of the lists of a case that was read ``with_matters``, with days and instants as such."""
    return parsed(getattr(case, f"{name}_json"))


def parsed(found: list[Row]) -> list[Row]:
    """Rows of ``json_rows`` with days and instants as such."""
    return [{key: _read(key, value) for key, value in row.items()} for row in found]


def json_rows(found: QuerySet[Any, Model], *columns: str) -> ArraySubquery:
    """A list of rows as one value of another question; ``parsed`` reads it."""
    return ArraySubquery(found.order_by("pk").values(row=JSONObject(**{name: F(name) for name in columns})))


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in INSTANTS:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name in DAYS else value


@dataclass(frozen=True)
class SettingWaiting:
    """One line: what it is, about what, and who asked for it when."""

    what: str
    about: str
    address: str
    proposed_by: str
    proposed_at: datetime


def settings_waiting() -> list[SettingWaiting]:
    """All of them, the oldest first; there is at most one of a kind for each source and rule set."""
    batches, changes = held_batches().select_related("source"), SourceChange.objects.waiting().select_related("source")
    drafts = RuleSetDraft.objects.waiting().select_related("rule_set")
    found = [_batch(one) for one in batches] + [_change(one) for one in changes] + [_draft(one) for one in drafts]
    return sorted(found, key=lambda one: one.proposed_at)


def held_batches() -> QuerySet[Batch]:
    """Deliveries that a source manager asked to release."""
    return Batch.objects.filter(state=Batch.State.HELD, release_asked_at__isnull=False)


def _batch(batch: Batch) -> SettingWaiting:
    address = reverse("official_source", args=[batch.source.code])
    asked_at = batch.release_asked_at or batch.started_at
    return SettingWaiting(_("Held delivery"), titled(batch.source), address, batch.release_asked_by, asked_at)


def _change(change: SourceChange) -> SettingWaiting:
    address = reverse("official_source_change", args=[change.pk])
    return SettingWaiting(
        _("Change of a source"), titled(change.source), address, change.proposed_by, change.proposed_at
    )


def _draft(draft: RuleSetDraft) -> SettingWaiting:
    address = reverse("official_draft", args=[draft.pk])
    asked_at = draft.proposed_at or draft.edited_at
    return SettingWaiting(_("New edition of rules"), draft.rule_set.code, address, draft.proposed_by, asked_at)
