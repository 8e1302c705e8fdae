"""A person's own copy of what the city holds about them (PIPL art. 45): whole, in words a program reads as well."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from codes.models import (
    Appeal,
    Case,
    Citizen,
    EffectiveChange,
    Entry,
    Fact,
    Guardianship,
    PersonAccess,
    Registration,
    Ruling,
    Verdict,
    VerdictChange,
)
from regions.keys.sealing import open_number, open_phone

ENTRY = ("provider__code", "entry_id", "type", "submitted_at", "day", "healthy", "received_at", "content")
FACT = (
    *("origin", "source__code", "provider__code", "record_id", "version", "revoked"),
    *("kind", "area", "started_on", "ended_on", "recorded_at", "received_at"),
)
# Chapter → whose rows, by which path to the person, with which columns.
CHAPTERS: dict[str, tuple[type[Model], str, tuple[str, ...]]] = {
    "registrations": (Registration, "citizen", ("provider__code", "registered_at")),
    "entries": (Entry, "citizen", ENTRY),
    "records": (Fact, "citizen", FACT),
    "verdicts": (Verdict, "citizen", ("provider__code", "colour", "hits", "turns_green_on")),
    "verdict_changes": (VerdictChange, "citizen", ("run__day", "provider__code", "before", "after")),
    "code_changes": (EffectiveChange, "citizen", ("since", "before", "before_because", "after", "after_because")),
    "rulings": (
        Ruling,
        "citizen",
        ("state", "colour", "reason_code", "proposed_at", "decided_at", "expires_on"),
    ),
    "cases": (Case, "citizen", ("number", "kind", "state", "opened_at", "due_at", "closed_at", "outcome", "answer")),
    "appeals": (
        Appeal,
        "case__citizen",
        ("case__number", "reason_code", "text", "colour", "filed_at", "disagreement"),
    ),
    "guardians": (Guardianship, "dependant", ("relation", "asked_at", "accepted", "ended_at")),
    "looked_at_by": (PersonAccess, "citizen", ("at", "by", "purpose", "what")),
}


def own_copy(citizen: Citizen, *, now: datetime) -> dict[str, Any]:
    """JSON, but for instants and days, which the answer's encoder writes as ISO 8601."""
    return {"made_at": now, "person": _person(citizen), **{name: _rows(name, citizen) for name in CHAPTERS}}


def _person(citizen: Citizen) -> dict[str, Any]:
    return {
        "ref": citizen.ref,
        "id_type": citizen.id_type,
        "id_number": open_number(bytes(citizen.id_encrypted)),
        "full_name": citizen.full_name,
        "phone": open_phone(bytes(citizen.phone_encrypted)) if citizen.phone_encrypted else None,
        "known_since": citizen.known_since,
    }


def _rows(chapter: str, citizen: Citizen) -> list[dict[str, Any]]:
    model, path, columns = CHAPTERS[chapter]
    return list(model._default_manager.filter(**{path: citizen}).order_by("pk").values(*columns))
