"""The chapters of a copy of a citizen's data, and the tables that no copy contains, with the reason.

The machine-readable file and the document are made from the same rows. A test walks the declared classes of data and
checks that each personal table is listed here.
"""

import json
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from codes import models as m
from codes.models.kept_form import KEPT_FORM
from codes.review.evidence.access import names_of
from portal.citizen.data import words
from portal.citizen.data.accesses import who_looked
from portal.citizen.data.chapter import COLOUR, FROM, PROVIDER, SOURCE, TO, Chapter, Column, Rows, of
from portal.citizen.data.matters import MATTERS
from portal.citizen.messages.wording import worded
from portal.templatetags.page import titled
from regions.keys.encryption import CannotDecrypt, decrypt, decrypt_number, decrypt_phone
from regions.masking import mask_name, mask_number, mask_phone


def _names(found: "QuerySet[m.StatedName]") -> Rows:
    """Return the names, masked, because another name may be somebody else's."""
    return [
        {
            "origin": one.stated_by.code,
            "title": titled(one.stated_by),
            "full_name": mask_name(one.full_name),
            "stated_at": one.stated_at,
        }
        for one in found
    ]


def _phones(found: "QuerySet[m.PhoneChange]") -> Rows:
    return [
        {
            "phone": mask_phone(decrypt_phone(bytes(one.phone_encrypted))),
            "provider__code": one.provider.code if one.provider else None,
            "proposed_at": one.proposed_at,
            "state": one.state,
            "how": one.how,
            "decided_at": one.decided_at,
        }
        for one in found.select_related("provider").order_by("pk")
    ]


def _guardianships(other: str) -> Callable[["QuerySet[m.Guardianship]"], Rows]:
    """Return a reader of rows with the other person's number, masked, as it was entered.

    A name would reveal who is known to the city.
    """
    return lambda found: [
        {
            "number": mask_number(decrypt_number(bytes(getattr(one, other).id_encrypted))),
            "relation": one.relation,
            "asked_at": one.asked_at,
            "state": one.state.value,
            "ended_at": one.ended_at,
        }
        for one in found.select_related(other).order_by("pk")
    ]


def _kept_forms(found: "QuerySet[m.KeptForm]") -> Rows:
    return [{"place": one.place, "kept_at": one.kept_at, "content": _typed(one)} for one in found.order_by("pk")]


def _messages(found: "QuerySet[m.Message]") -> Rows:
    mine = list(found.select_related("about", "recipient").order_by("pk"))
    return [
        {
            "made_at": one.message.made_at,
            "about": one.name,
            "sentence": one.sentence,
            "kind": one.message.kind,
            "data": one.message.data,
            "read_at": one.message.read_at,
            "state": one.message.state,
            "tried_at": one.message.tried_at,
        }
        for one in (worded(mine, reader=mine[0].recipient) if mine else [])
    ]


def _typed(form: m.KeptForm) -> Any:
    try:
        return json.loads(decrypt(bytes(form.content_encrypted), use=KEPT_FORM))
    except CannotDecrypt:  # its key has been withdrawn
        return None


GUARDIANSHIP = (
    Column("number", _("Identity document")),
    Column("relation", _("Relation"), words.labelled("relation")),
    Column("asked_at", _("Asked on")),
    Column("state", _("State"), words.state),
    Column("ended_at", _("Ended on")),
)

CHAPTERS = (
    Chapter(
        "names",
        _("Names on record, by whom"),
        names_of,
        (
            Column("origin"),
            Column("title", _("By whom"), words.ours),
            Column("full_name", _("Name")),
            Column("stated_at", _("Stated at")),
        ),
        _names,
    ),
    Chapter(
        "former_refs",
        _("Earlier reference numbers"),
        of(m.FormerRef),
        (Column("ref", _("Reference number")), Column("joined_at", _("Joined at"))),
    ),
    Chapter(
        "registrations",
        _("Codes applied for"),
        of(m.Registration),
        (PROVIDER, Column("registered_at", _("Applied at"))),
    ),
    Chapter(
        "declarations",
        _("Declarations"),
        of(m.Entry, type="declaration"),
        (
            PROVIDER,
            Column("entry_id"),
            Column("instant", _("Declared at")),
            Column("received_at", _("Received at")),
            Column("content", _("Answers"), words.answers),
        ),
    ),
    Chapter(
        "check_ins",
        _("Check-ins"),
        of(m.Entry, type="check_in"),
        (
            PROVIDER,
            Column("entry_id"),
            Column("day", _("Day")),
            Column("healthy", _("Well")),
            Column("late", _("Too late to count")),
            Column("instant", _("Checked in at")),
            Column("received_at", _("Received at")),
            Column("content"),
        ),
    ),
    Chapter(
        "displayed_entries",
        _("Colours that providers reported to have shown"),
        of(m.Entry, type="displayed"),
        (
            PROVIDER,
            Column("entry_id"),
            Column("content", _("As the provider sent it"), words.shown_value),
            Column("received_at", _("Received at")),
        ),
    ),
    Chapter(
        "records",
        _("Records, with earlier versions and declared stays"),
        of(m.Fact),
        (
            Column("kind", _("Record"), words.labelled("kind")),
            Column("area", _("Place"), words.area),
            Column("started_on", _("First day")),
            Column("ended_on", _("Last day")),
            SOURCE,
            Column("provider__code", _("Declared with"), words.provider),
            Column("recorded_at", _("Recorded at")),
            Column("received_at", _("Received at")),
            Column("superseded", _("Replaced by a later version")),
            Column("revoked", _("Withdrawn")),
            *map(Column, ("origin", "record_id", "version", "detail")),
        ),
    ),
    Chapter(
        "verdicts",
        _("Colours that stand"),
        lambda citizen: m.Verdict.objects.with_green_on().filter(citizen=citizen),
        (
            PROVIDER,
            Column("colour", _("Colour"), COLOUR),
            Column("hits", _("Rules that hold"), words.hits),
            Column("green_on", _("Green on")),
            *map(Column, ("turns_green_on", "healthy_days", "needs")),
        ),
    ),
    Chapter(
        "verdict_changes",
        _("History of colours with each provider"),
        lambda citizen: m.VerdictChange.objects.counted().with_green_on().filter(citizen=citizen),
        (
            Column("run__day", _("Day")),
            PROVIDER,
            FROM,
            TO,
            Column("hits", _("Rules that hold"), words.hits),
            Column("green_on", _("Green on")),
            *map(Column, ("turns_green_on", "healthy_days")),
        ),
    ),
    Chapter(
        "code_changes",
        _("History of the code"),
        of(m.EffectiveChange),
        (
            Column("since", _("Since")),
            FROM,
            Column("before_because"),
            TO,
            Column("after_because", _("Because"), words.labelled("because")),
        ),
        shows=(m.EffectiveCode,),
    ),
    Chapter(
        "displayed",
        _("Colours that providers show"),
        of(m.Displayed),
        (
            PROVIDER,
            Column("value", _("As the provider sent it")),
            Column("colour", _("Colour"), COLOUR),
            Column("shown_at", _("Shown at")),
        ),
    ),
    Chapter(
        "displayed_wrongly",
        _("Colours that were shown wrongly"),
        of(m.DisplayFinding),
        (
            PROVIDER,
            Column("cause", _("Why"), words.chosen(dict(m.DisplayCause.choices))),
            Column("colour", _("Colour shown"), COLOUR),
            Column("expected", _("Colour it should be"), COLOUR),
            Column("opened_at", _("First day")),
            Column("closed_at", _("Day of the end")),
        ),
    ),
    *MATTERS,
    Chapter(
        "paper_codes",
        _("Paper codes"),
        of(m.PaperPass),
        (
            Column("issued_at", _("Made at")),
            Column("expires_at", _("Valid until")),
            Column("withdrawn_at", _("Withdrawn at")),
        ),
    ),
    Chapter(
        "phones_proposed",
        _("Changes of the phone"),
        of(m.PhoneChange),
        (
            Column("phone", _("Phone")),
            Column("provider__code", _("Named by"), words.provider),
            Column("proposed_at", _("Proposed at")),
            Column("state", _("State"), words.state),
            Column("how", _("How it was decided"), words.chosen(dict(m.PhoneChange.How.choices))),
            Column("decided_at", _("Decided at")),
        ),
        _phones,
    ),
    Chapter(
        "phone_notices",
        _("Messages about changes of the phone"),
        of(m.PhoneNotice, "change__citizen"),
        (
            Column("receiver", _("To whom"), words.state),
            Column("about", _("About"), words.state),
            Column("made_at", _("Made at")),
            Column("sent_at", _("Sent at")),
        ),
    ),
    Chapter(
        "messages",
        _("Messages"),
        m.Message.objects.readable_by,
        (
            Column("made_at", _("At")),
            Column("about", _("About")),
            Column("sentence", _("Text of the message"), words.ours),
            Column("kind"),
            Column("data"),
            Column("read_at", _("Read at")),
            Column("state", _("By SMS"), words.chosen(dict(m.Message.State.choices))),
            Column("tried_at", _("Sent at")),
        ),
        _messages,
    ),
    Chapter(
        "message_choices",
        _("Choices about messages"),
        of(m.MessageChoice),
        (
            Column("without", _("Not by SMS"), words.kinds),
            Column("language", _("Language"), words.chosen(dict(m.MessageLanguage.choices))),
        ),
    ),
    Chapter(
        "guardians",
        _("Who may answer for this person"),
        of(m.Guardianship, "dependant"),
        GUARDIANSHIP,
        _guardianships("guardian"),
    ),
    Chapter(
        "dependants",
        _("For whom this person may answer"),
        of(m.Guardianship, "guardian"),
        GUARDIANSHIP,
        _guardianships("dependant"),
    ),
    Chapter(
        "kept_forms",
        _("Forms not yet sent"),
        lambda citizen: m.KeptForm.objects.filter(kept_by=citizen.actor),
        (Column("place", _("Form"), words.form_of), Column("kept_at", _("Kept at")), Column("content")),
        _kept_forms,
    ),
    Chapter(
        "looked_at_by",
        _("Who looked at the data"),
        of(m.PersonAccess),
        (
            Column("at", _("At")),
            Column("by", _("Who")),
            Column("what", _("What"), words.ours),
            Column("purpose", _("What for")),
        ),
        who_looked,
    ),
)

# Personal tables and whole classes of data that no copy contains.
NOT_IN_COPY: dict[str, str] = {
    "sign_in_codes": "keyed hashes that are gone within days; a copy of them would help only whoever wants to get in",
    "codes_checkindays": "worked out from the check-ins, which are there one by one",
    "codes_nextchange": "worked out from the records and the rules: when a colour is looked at again",
    "codes_prepareddiagnosis": "why providers will differ, while a run is under way; what comes of it is there as a disagreement",
    "codes_duecitizen": "that the run under way looks at somebody; gone with the next one",
    "codes_heldchange": "a change that two officials still decide about counts for nothing; it is there once it does",
    "codes_runcitizen": "that somebody was judged again; what came of it is there as a change of colour",
    "codes_displaychange": "steps of a colour shown wrongly, which is there from its first day to its last",
    "codes_bulksuppression": "a decision about many; what it says of one's own records is there record by record",
    "codes_casenote": "how officials work a case out among themselves; what decides it stands with the decision, which is there",
    "codes_notemention": "for which official a note is",
    "codes_secondlook": "how the office checks its own people; that a case was reopened is there as a step of the case",
    "gate_scans": "nobody can say whose they are",
    "run_errors": "words of a program about no one, gone after three months",
    "subject_counts": "counts of what officials do",
    "webhook_deliveries": "repeats of colours and cases that are there, under a word that only the provider can read",
    "rehearsals": "masked lists of what a draft would do, which does nothing to anybody",
    "api_answers": "encrypted repeats of a day, kept for the provider that asked",
    "exports": "files about many that go within days; that somebody was in one is there under who looked",
    "sign_in_attempts": "of staff",
    "sessions": "of whoever is signed in at present; gone when it ends",
    "enrolment_links": "of staff",
    "staff": "of staff",
    "journal": "names nobody but by reference; its entries about a person repeat what is there, for auditors",
    "quarantine": "records that were taken for nobody's: whose they are is not known",
    "staged": "deliveries under way, whose records are there once they are accepted",
}


def tables_in_copy() -> set[str]:
    """Return every table whose rows about a citizen a copy of their data contains."""
    return {m.Citizen._meta.db_table}.union(*(one.tables for one in CHAPTERS))
