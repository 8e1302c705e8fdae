"""Everything that belongs to a case (files, questions, rulings, events, family), read with the case in one query."""

from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from codes.models import (
    Case,
    CaseEvent,
    CaseNote,
    CityCorrection,
    CorrectionRequest,
    Displayed,
    Entry,
    Evidence,
    Fact,
    Guardianship,
    InformationRequest,
    Ruling,
    SecondLook,
    Suppression,
)
from codes.review.cases.notes import colleagues
from codes.review.reply_templates import templates_in_use

INSTANTS = frozenset(
    {"uploaded_at", "asked_at", "answer_by", "closed_at", "sent_at", "answered_at", "proposed_at", "decided_at"}
    | {"suspended_at", "end_proposed_at", "ended_at", "at", "looked_at", "written_at"}
)
DAYS = frozenset({"expires_on", "day", "fact__started_on"})

# States of rulings and suppressions that are or were in force, so they can end early.
DECIDED = ("approved", "ended")

Row = dict[str, Any]
"""A row for templates: column name → value."""


FILE = ("id", "original_name", "content_type", "size", "uploaded_by", "uploaded_at")


def with_related(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Add the cases' related rows as JSON annotations, and select citizen, appeal and disagreement.

    ``related_rows`` reads the annotations.

    ``is_displayed`` and ``is_asked_elsewhere`` state whether there are displayed colours and corrections between cities
    to read as well.
    """
    case, citizen = OuterRef("pk"), OuterRef("citizen")
    standing = Suppression.objects.filter(
        state__in=[Suppression.State.PROPOSED, Suppression.State.APPROVED],
        record_id__in=Fact.objects.filter(citizen=OuterRef(OuterRef("citizen"))).values("record_id"),
    )
    kin = ["citizen", "disagreement", "follows__ruling", "appeal__provider", "appeal__fact__source"]
    return cases.select_related(*kin).annotate(
        is_displayed=Exists(Displayed.objects.filter(citizen=citizen)),
        is_asked_elsewhere=Exists(CityCorrection.objects.filter(case=case)),
        files_json=json_rows(Evidence.objects.filter(case=case), *FILE),
        questions_json=json_rows(
            InformationRequest.objects.filter(case=case),
            *("id", "state", "question", "asked_by", "asked_at", "answer_by", "answer", "closed_at"),
        ),
        corrections_json=json_rows(
            CorrectionRequest.objects.filter(case=case),
            *("id", "text", "sent_to", "sent_by", "sent_at", "answer", "answer_text", "answered_at"),
            *("fact_id", "fact__kind", "fact__record_id", "fact__started_on"),
        ),
        suppressions_json=json_rows(
            standing,
            *("id", "case_id", "source_id", "provider_id", "record_id", "state", "reason_code", "reason"),
            *("proposed_by", "proposed_at", "end_proposed_by", "end_code"),
        ),
        own_suppressions_json=json_rows(Suppression.objects.filter(case=case, state__in=DECIDED), "id"),
        rulings_json=json_rows(
            Ruling.objects.filter(
                Q(case=case) | Q(citizen=citizen, state__in=[Ruling.State.PROPOSED, Ruling.State.APPROVED])
            ),
            *("id", "case_id", "state", "colour", "reason_code", "reason", "expires_on", "proposed_by", "proposed_at"),
            *("decided_by", "decided_at", "decision_code", "decision_reason", "suspended_at"),
            *("end_proposed_by", "end_proposed_at", "end_code", "end_reason", "ended_by", "ended_at", "evidence"),
        ),
        second_looks_json=json_rows(
            SecondLook.objects.filter(case=case),
            *("id", "decided_by", "case_outcome", "looked_by", "looked_at", "outcome", "reason"),
        ),
        notes_json=json_rows(CaseNote.objects.filter(case=case), *("id", "text", "written_by", "written_at")),
        templates_json=json_rows(templates_in_use(), "id", "use", "name"),
        colleagues_json=json_rows(colleagues(), "username", "full_name"),
        followers_json=json_rows(Case.objects.filter(follows=case), "number"),
        events_json=json_rows(CaseEvent.objects.filter(case=case), *("id", "at", "by", "verb", "data")),
        late_check_ins_json=json_rows(Entry.objects.filter(citizen=citizen, late=True), "provider_id", "day"),
        family_json=json_rows(
            Guardianship.objects.filter(Q(guardian=citizen) | Q(dependant=citizen), accepted=True, ended_at=None),
            *("relation", "guardian_id", "guardian__ref", "guardian__full_name"),
            *("dependant_id", "dependant__ref", "dependant__full_name"),
        ),
    )


def related_rows(case: Case, name: str) -> list[Row]:
    """Return one list of related rows of a case that was read by ``with_related``, with dates and datetimes parsed."""
    return parse_rows(getattr(case, f"{name}_json"))


def parse_rows(found: list[Row]) -> list[Row]:
    """Return the rows of ``json_rows`` with dates and datetimes parsed."""
    return [{key: _read(key, value) for key, value in row.items()} for row in found]


def json_rows(found: QuerySet[Any, Model], *columns: str) -> ArraySubquery:
    """Return the rows as one JSON value of an outer query. ``parse_rows`` reads it."""
    return ArraySubquery(found.order_by("pk").values(row=JSONObject(**{name: F(name) for name in columns})))


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in INSTANTS:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name in DAYS else value
