"""My data: what the city holds about a person, a copy of it, and who has looked at it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from codes.effective import effective_code
from codes.engine.provider_states import ProviderState, provider_states
from codes.models import (
    Appeal,
    Case,
    Citizen,
    EffectiveChange,
    Entry,
    Fact,
    GateDevice,
    Guardianship,
    PaperPass,
    PersonAccess,
    PhoneChange,
    Provider,
    Registration,
    Ruling,
    Verdict,
    VerdictChange,
)
from codes.review.evidence.access import names_of
from portal.citizen.phones import offered_phones
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject
from portal.templatetags.citizen import PROVIDER
from portal.templatetags.page import GATE, titled
from portal.web.keyset import keyset_page
from regions.journal.record import record
from regions.keys.encryption import decrypt_number, decrypt_phone
from regions.masking import mask_name, mask_number, mask_phone
from regions.staff.models import Account

ENTRY = ("provider__code", "entry_id", "type", "submitted_at", "day", "healthy", "late", "received_at", "content")
FACT = (
    *("origin", "source__code", "provider__code", "record_id", "version", "revoked"),
    *("kind", "area", "started_on", "ended_on", "recorded_at", "received_at"),
)
# Chapter → model, path to the person, columns.
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
    "phones_proposed": (PhoneChange, "citizen", ("provider__code", "state", "proposed_at", "how", "decided_at")),
    "paper_codes": (PaperPass, "citizen", ("asked_by", "issued_at", "expires_at", "withdrawn_at")),
    "guardians": (Guardianship, "dependant", ("relation", "asked_at", "accepted", "ended_at")),
    "looked_at_by": (PersonAccess, "citizen", ("at", "by", "purpose", "what")),
}


def personal_data(citizen: Citizen, *, now: datetime) -> dict[str, Any]:
    """JSON, but for instants and days, which the answer's encoder writes as ISO 8601."""
    return {
        "made_at": now,
        "person": _person(citizen),
        "names": _names(citizen),
        "code": effective_code(citizen.pk, now=now)._asdict(),
        "providers": [_provider(side) for side in provider_states(citizen.pk, now=now)],
        **{name: _rows(name, citizen) for name in CHAPTERS},
    }


def _provider(side: ProviderState) -> dict[str, Any]:
    """As it is now: ``held`` is what a silent source said last, ``was`` what the run of ``day`` said and no longer counts."""
    return {
        "provider": side.inputs.provider.code,
        "state": side.state.value,
        "held": side.held.colour if side.held else None,
        "was": side.was.value if side.was else None,
        "day": side.inputs.run.day,
        "horizon": side.inputs.horizon,
    }


def _person(citizen: Citizen) -> dict[str, Any]:
    return {
        "ref": citizen.ref,
        "id_type": citizen.id_type,
        "id_number": decrypt_number(bytes(citizen.id_encrypted)),
        "full_name": citizen.full_name,
        "phone": decrypt_phone(bytes(citizen.phone_encrypted)) if citizen.phone_encrypted else None,
        "known_since": citizen.known_since,
    }


def _names(citizen: Citizen) -> list[dict[str, Any]]:
    """What each origin calls them, masked: another name may be somebody else's."""
    return [
        {"origin": str(one.stated_by), "full_name": mask_name(one.full_name), "stated_at": one.stated_at}
        for one in names_of(citizen)
    ]


def _rows(chapter: str, citizen: Citizen) -> list[dict[str, Any]]:
    model, path, columns = CHAPTERS[chapter]
    found = VerdictChange.objects.counted() if model is VerdictChange else model._default_manager.all()
    return list(found.filter(**{path: citizen}).order_by("pk").values(*columns))


ACCESSES_SHOWN = 20
CHECK_INS_SHOWN = 30


@for_subject
@require_safe
def my_data(request: SubjectRequest) -> HttpResponse:
    subject = request.subject
    phone = decrypt_phone(bytes(subject.phone_encrypted)) if subject.phone_encrypted else ""
    facts = Fact.objects.filter(citizen=subject, superseded=False, revoked=False).select_related("source", "provider")
    check_ins = Entry.objects.filter(citizen=subject, type="check_in").select_related("provider")
    accesses = keyset_page(
        PersonAccess.objects.filter(citizen=subject), request.GET, by=["-at", "-id"], size=ACCESSES_SHOWN
    )
    gates = {one.subject: one.place for one in GateDevice.objects.filter(pk__in=_gates(accesses.rows))}
    offices = _offices(accesses.rows)
    context = {
        "number": mask_number(decrypt_number(bytes(subject.id_encrypted))),
        "phone": mask_phone(phone),
        "facts": facts.order_by("-recorded_at", "-id"),
        "check_ins": check_ins.order_by("-instant", "-id")[:CHECK_INS_SHOWN],
        "registrations": Registration.objects.filter(citizen=subject)
        .select_related("provider")
        .order_by("provider__code"),
        "accesses": accesses,
        "rows": [(one, gates.get(one.by, ""), offices.get(one.by, "")) for one in accesses.rows],
        "names": names_of(subject) if subject.names_differ else [],
        "phones": offered_phones(request),
    }
    return render(request, "citizen/my_data.html", context)


def _gates(accesses: Iterable[PersonAccess]) -> list[int]:
    """The devices among those who looked."""
    return [int(one.by.removeprefix(GATE)) for one in accesses if one.by.startswith(GATE)]


def _offices(accesses: Iterable[PersonAccess]) -> dict[str, str]:
    """The providers and the offices of the officials among those who looked: nobody is told an official's user name."""
    names = {one.by for one in accesses}
    accounts = Account.objects.filter(username__in=names).values_list("username", "office")
    providers = {f"{PROVIDER}{one.code}": titled(one) for one in Provider.objects.all()}
    found = {name: providers.get(":".join(name.split(":")[:2]), "") for name in names if name.startswith(PROVIDER)}
    return {**found, **{name: office or gettext("an office of the city") for name, office in accounts}}


@for_subject
@require_POST
def download(request: SubjectRequest) -> HttpResponse:
    """Everything as one JSON file. A POST, because it is journalled."""
    now = timezone.now()
    with transaction.atomic():
        copy = personal_data(request.subject, now=now)
        record("citizen.copied", by=acting_citizen(request), now=now, subject=f"citizen:{request.subject.ref}")
    response = JsonResponse(copy, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y%m%d}.json"'
    return response
