"""A person's own copy of what the city holds about them (PIPL art. 45): whole, in words a program reads as well."""

from datetime import datetime
from typing import Any

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


def own_copy(citizen: Citizen, *, now: datetime) -> dict[str, Any]:
    """JSON, but for instants and days, which the answer's encoder writes as ISO 8601."""
    return {
        "made_at": now,
        "person": {
            "ref": citizen.ref,
            "id_type": citizen.id_type,
            "id_number": open_number(bytes(citizen.id_encrypted)),
            "full_name": citizen.full_name,
            "phone": open_phone(bytes(citizen.phone_encrypted)) if citizen.phone_encrypted else None,
            "known_since": citizen.known_since,
        },
        "registrations": list(
            Registration.objects.filter(citizen=citizen).values("provider__code", "registered_at").order_by("id")
        ),
        "entries": list(
            Entry.objects.filter(citizen=citizen)
            .values("provider__code", "entry_id", "type", "submitted_at", "day", "healthy", "received_at", "content")
            .order_by("id")
        ),
        "records": list(
            Fact.objects.filter(citizen=citizen)
            .values(
                "origin",
                "source__code",
                "provider__code",
                "record_id",
                "version",
                "revoked",
                "kind",
                "area",
                "started_on",
                "ended_on",
                "recorded_at",
                "received_at",
            )
            .order_by("id")
        ),
        "verdicts": list(
            Verdict.objects.filter(citizen=citizen)
            .values("provider__code", "colour", "hits", "turns_green_on")
            .order_by("id")
        ),
        "verdict_changes": list(
            VerdictChange.objects.filter(citizen=citizen)
            .values("run__day", "provider__code", "before", "after")
            .order_by("id")
        ),
        "code_changes": list(
            EffectiveChange.objects.filter(citizen=citizen)
            .values("since", "before", "before_because", "after", "after_because")
            .order_by("id")
        ),
        "rulings": list(
            Ruling.objects.filter(citizen=citizen)
            .values("state", "colour", "reason_code", "proposed_at", "decided_at", "expires_on")
            .order_by("id")
        ),
        "cases": list(
            Case.objects.filter(citizen=citizen)
            .values("number", "kind", "state", "opened_at", "due_at", "closed_at", "outcome")
            .order_by("id")
        ),
        "appeals": list(
            Appeal.objects.filter(case__citizen=citizen)
            .values("case__number", "reason_code", "text", "colour", "filed_at", "disagreement")
            .order_by("id")
        ),
        "guardians": list(
            Guardianship.objects.filter(dependant=citizen)
            .values("relation", "asked_at", "accepted", "ended_at")
            .order_by("id")
        ),
        "looked_at_by": list(
            PersonAccess.objects.filter(citizen=citizen).values("at", "by", "purpose", "what").order_by("id")
        ),
    }
