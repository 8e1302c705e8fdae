"""My data: what the city stores about a citizen, a copy of it, and who has looked at it."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Max, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.effective import effective_code
from codes.engine.provider_states import ProviderState, provider_states, visible_records
from codes.models import Citizen, Entry, Fact, PersonAccess, Provider, Registration, Suppression
from codes.review.evidence.access import names_of
from codes.review.proposals.whose_record import rulings_about
from codes.vocabulary import Because, State
from portal.citizen.data.accesses import gates_of, offices_of
from portal.citizen.data.chapter import Column, Rows
from portal.citizen.data.chapters import CHAPTERS
from portal.citizen.data.words import UNTRANSLATED, Names, plain
from portal.citizen.entries import NUMBER
from portal.citizen.phones import offered_phones
from portal.citizen.subject import SubjectRequest, acting_citizen, for_subject
from portal.templatetags.page import label_of
from portal.web.attachments import attachment
from portal.web.keyset import keyset_page
from regions.journal.record import record
from regions.keys.encryption import decrypt_number, decrypt_phone
from regions.masking import mask_number, mask_phone
from regions.vocabulary import IdType

ACCESSES_SHOWN = 20
CHECK_INS_SHOWN = 30
DECLARATIONS_SHOWN = 10


@for_subject
@require_safe
def my_data(request: SubjectRequest) -> HttpResponse:
    subject = request.subject
    phone = decrypt_phone(bytes(subject.phone_encrypted)) if subject.phone_encrypted else ""
    counted, others = _records(subject, now=timezone.now())
    check_ins = Entry.objects.filter(citizen=subject, type="check_in").select_related("provider")
    accesses = keyset_page(
        PersonAccess.objects.filter(citizen=subject), request.GET, by=["-at", "-id"], size=ACCESSES_SHOWN
    )
    gates, offices = gates_of(accesses.rows), offices_of(accesses.rows)
    context = {
        "number": mask_number(decrypt_number(bytes(subject.id_encrypted))),
        "phone": mask_phone(phone),
        "counted": counted,
        "others": others,
        "declared": _declared(subject),
        "check_ins": check_ins.order_by("-instant", "-id")[:CHECK_INS_SHOWN],
        "registrations": Registration.objects.filter(citizen=subject)
        .select_related("provider")
        .order_by("provider__code"),
        "accesses": accesses,
        "rows": [(one, gates.get(one.by, ""), offices.get(one.by, "")) for one in accesses.rows],
        "names": names_of(subject) if subject.names_differ else [],
        "phones": offered_phones(request),
        "chapters": [chapter.title for chapter in CHAPTERS],
    }
    return render(request, "citizen/my_data.html", context)


def _records(citizen: Citizen, *, now: datetime) -> tuple[list[Fact], list[tuple[Fact, str]]]:
    """Return the records by which the shown code was judged, and the other current records with the reason why they do not count.

    Both are sorted, the newest first.
    """
    sides = provider_states(citizen.pk, now=now)
    seen = {one.fact_id for one in visible_records(sides[0].rests_on, citizen.pk)} if sides else set()
    standing = Q(superseded=False, revoked=False)
    facts = list(
        Fact.objects.filter(standing | Q(pk__in=seen), citizen=citizen)
        .select_related("source", "provider")
        .order_by("-recorded_at", "-id")
    )
    others = [fact for fact in facts if fact.pk not in seen]
    wrong = list(
        rulings_about(citizen).filter(
            state=Suppression.State.APPROVED, record_id__in=[fact.record_id for fact in others]
        )
    )
    return [fact for fact in facts if fact.pk in seen], [(fact, _why_not(fact, sides, wrong)) for fact in others]


def _declared(citizen: Citizen) -> list[tuple[str, datetime, list[Provider], bool]]:
    """Return the latest declarations, each with its number, when it arrived, where it went, and whether it was made here."""
    entries = Entry.objects.filter(citizen=citizen, type="declaration")
    latest = entries.values("entry_id").annotate(last=Max("received_at"), last_id=Max("id"))
    numbers = latest.order_by("-last", "-last_id").values_list("entry_id", flat=True)[:DECLARATIONS_SHOWN]
    found: dict[str, list[Entry]] = {number: [] for number in numbers}
    for entry in entries.filter(entry_id__in=found).select_related("provider").order_by("-received_at", "-id"):
        found[entry.entry_id].append(entry)
    return [
        (number, sent[0].received_at, [one.provider for one in sent], bool(NUMBER.fullmatch(number)))
        for number, sent in found.items()
    ]


def _why_not(fact: Fact, sides: Sequence[ProviderState], wrong: Iterable[Suppression]) -> str:
    """Return why a record does not count: it is suppressed, a mass change is held, or it arrived after the run.

    Return an empty string otherwise.
    """
    if any(
        (one.record_id, one.source_id, one.provider_id) == (fact.record_id, fact.source_id, fact.provider_id)
        and one.version in (None, fact.version)
        for one in wrong
    ):
        return _("Two officials found it to be wrong.")
    if any(side.base_run_id for side in sides):
        return _("It would change the codes of many people at once: two officials check it first.")
    if sides and fact.received_at > sides[0].inputs.run.as_of:
        return _("It counts as soon as codes are worked out again.")
    return ""


@for_subject
@require_POST
def download(request: SubjectRequest) -> HttpResponse:
    """Return all data as one machine-readable file. It takes a POST request because it is journalled."""
    now = timezone.now()
    with transaction.atomic():
        copy = personal_data(request.subject, now=now)
        _journal(request, now)
    content = json.dumps(copy, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return attachment(content, _file_name("json", now), "application/json")


@for_subject
@require_POST
def document(request: SubjectRequest) -> HttpResponse:
    """Return all data as one document to read and print, in the language of the page."""
    now = timezone.now()
    with transaction.atomic():
        context = readable_data(request.subject, now=now)
        _journal(request, now)
    content = render_to_string("citizen/my_data_copy.html", context, request)
    return attachment(content, _file_name("html", now), "text/html; charset=utf-8")


def _journal(request: SubjectRequest, now: datetime) -> None:
    record("citizen.copied", by=acting_citizen(request), now=now, subject=request.subject.subject)


def _file_name(ending: str, now: datetime) -> str:
    return f"my-data-{timezone.localtime(now):%Y%m%d}.{ending}"


def personal_data(citizen: Citizen, *, now: datetime) -> dict[str, Any]:
    """Return all data in JSON types, except dates and datetimes, which the response's encoder writes as ISO 8601."""
    return {
        "made_at": now,
        "person": _person(citizen),
        "code": effective_code(citizen.pk, now=now)._asdict(),
        "providers": [_provider(side) for side in provider_states(citizen.pk, now=now)],
        **{chapter.name: chapter.read(citizen) for chapter in CHAPTERS},
    }


def _provider(side: ProviderState) -> dict[str, Any]:
    """Return the provider's current state. ``held`` is the held colour of a silent source.

    ``was`` is the colour by the run of ``day`` that is no longer valid.
    """
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


def readable_data(citizen: Citizen, *, now: datetime) -> dict[str, Any]:
    """Return all data in words: for each chapter the titles of its columns and its rows as texts."""
    read = [(chapter, chapter.read(citizen)) for chapter in CHAPTERS]
    names = Names.read(_rules_in([rows for _chapter, rows in read]))
    person, code = _person(citizen), effective_code(citizen.pk, now=now)
    about = [
        (_("Name"), person["full_name"]),
        (_("Kind of document"), capfirst(label_of(IdType(citizen.id_type)))),
        (_("Number of the document"), person["id_number"]),
        (_("Phone"), person["phone"]),
        (_("Reference number"), person["ref"]),
        (_("Known to the city since"), person["known_since"]),
        (_("Code now"), capfirst(label_of(State(code.colour)))),
        (_("Because"), capfirst(label_of(Because(code.because)))),
    ]
    chapters = []
    for chapter, rows in read:
        columns = [column for column in chapter.columns if column.title]
        chapters.append(
            {
                "title": chapter.title,
                "heads": [column.title for column in columns],
                "rows": [[_cell(column, row[column.path], names) for column in columns] for row in rows],
            }
        )
    data = {person[name] for name in ("full_name", "id_number", "phone", "ref")}
    lines = [(title, plain(value, names), value in data) for title, value in about]
    return {"made_at": now, "about": lines, "chapters": chapters}


def _cell(column: Column, value: Any, names: Names) -> tuple[str, bool]:
    """Return the text, and whether it must be marked as untranslated."""
    return column.word(value, names), column.word in UNTRANSLATED and not isinstance(value, bool | date | None)


def _rules_in(chapters: list[Rows]) -> set[int]:
    """Return the ids of the rules in the rows' hits."""
    return {hit["rule_id"] for rows in chapters for row in rows for hit in row.get("hits") or ()}
