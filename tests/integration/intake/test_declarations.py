"""The facts of a declaration, and how a newer declaration replaces an older one (`docs/semantics.md` §2)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from codes.models import Entry, Fact, Provider, Registration
from regions.keys.encryption import decrypt_number, decrypt_phone
from regions.models import City
from tests.integration.lines import ANNA, BERT, Line, citizen, declaration, outcomes, take

FIRST, SECOND, THIRD = (f"2026-11-{day}T08:00:00+08:00" for day in (18, 19, 20))
STAY = {"area": "420100", "from": "2026-11-01", "left_on": None}

# Answers → (kind, area, started on, ended on) of each fact.
STATED: dict[str, tuple[Line, list[tuple[str, str | None, date, date | None]]]] = {
    "nothing": (declaration(), []),
    "no answer on contact": (declaration(contact=...), []),
    "symptoms": (declaration(symptoms=["fever", "dry_cough"]), [("symptom", None, date(2026, 11, 20), None)]),
    "contact": (declaration(contact="yes"), [("contact_with_case", None, date(2026, 11, 20), None)]),
    "unsure": (declaration(contact="unsure"), [("unsure_contact", None, date(2026, 11, 20), None)]),
    "the evening before, in UTC": (
        declaration(contact="yes", submitted_at="2026-11-19T17:00:00Z"),
        [("contact_with_case", None, date(2026, 11, 20), None)],
    ),
    "stays": (
        declaration(area_stays=[STAY, {"area": "440000", "from": "2026-10-01", "left_on": "2026-10-03"}]),
        [
            ("area_stay", "420100", date(2026, 11, 1), None),
            ("area_stay", "440000", date(2026, 10, 1), date(2026, 10, 3)),
        ],
    ),
    "arrivals": (
        declaration(arrival={"from_area": "310000", "on": "2026-11-19"}, overseas_arrival_on="2026-11-10"),
        [("arrival", "310000", date(2026, 11, 19), None), ("overseas_arrival", None, date(2026, 11, 10), None)],
    ),
}


@pytest.mark.parametrize(("line", "expected"), STATED.values(), ids=STATED.keys())
def test_answers_become_facts_of_the_provider(
    alpha: City, now: datetime, line: Line, expected: list[tuple[str, str | None, date, date | None]]
) -> None:
    take(line, now=now)

    facts = Fact.objects.order_by("id")
    assert list(facts.values_list("kind", "area", "started_on", "ended_on")) == expected
    for number, fact in enumerate(facts, start=1):
        assert (fact.origin, fact.provider.code if fact.provider else None) == ("provider", "alipay")
        assert fact.record_id == f"d-1/{fact.kind}/{number}"
        assert (fact.version, fact.superseded, fact.revoked) == (1, False, False)
        assert (fact.recorded_at, fact.received_at) == (datetime.fromisoformat(line["submitted_at"]), now)


def test_the_first_declaration_registers_with_its_provider_only(alpha: City, now: datetime) -> None:
    later = now + timedelta(days=1)
    take(declaration(), now=now)
    take(declaration(entry_id="d-2"), declaration(entry_id="d-3", provider="wechat"), now=later)

    registered = Registration.objects.order_by("id").values_list("provider__code", "registered_at")
    assert list(registered) == [("alipay", now), ("wechat", later)]


def test_a_newer_declaration_revokes_what_the_older_one_said(alpha: City, now: datetime) -> None:
    take(declaration(submitted_at=FIRST, area_stays=[STAY], contact="yes"), now=now)
    take(declaration(entry_id="d-2", submitted_at=SECOND, contact="unsure"), now=now + timedelta(hours=1))

    assert _live() == {"d-2/unsure_contact/1"}
    old = Fact.objects.filter(record_id__startswith="d-1/").order_by("record_id", "version")
    assert list(old.values_list("version", "superseded", "revoked")) == [(1, True, False), (2, False, True)] * 2
    last = Fact.objects.get(record_id="d-1/area_stay/2", version=2)
    assert (last.recorded_at, last.received_at) == (datetime.fromisoformat(SECOND), now + timedelta(hours=1))
    assert (last.kind, last.area, last.started_on) == ("area_stay", "420100", date(2026, 11, 1))


def test_an_older_declaration_that_comes_late_counts_for_nothing_and_is_kept(alpha: City, now: datetime) -> None:
    take(declaration(entry_id="new", submitted_at=THIRD, contact="unsure"), now=now)
    take(declaration(entry_id="old", submitted_at=FIRST, contact="yes"), now=now + timedelta(hours=1))

    assert _live() == {"new/unsure_contact/1"}
    versions = Fact.objects.filter(record_id="old/contact_with_case/1").order_by("version")
    assert [(one.version, one.revoked, one.superseded) for one in versions] == [(1, False, True), (2, True, False)]
    assert versions[1].recorded_at == datetime.fromisoformat(THIRD)
    assert Entry.objects.count() == 2


@pytest.mark.parametrize("together", [True, False], ids=["in one file", "in one file each"])
def test_the_order_of_receipt_does_not_matter(alpha: City, now: datetime, together: bool) -> None:
    lines = [
        declaration(entry_id="b", submitted_at=SECOND, contact="yes"),
        declaration(entry_id="c", submitted_at=THIRD, symptoms=["fever"]),
        declaration(entry_id="a", submitted_at=FIRST, contact="unsure"),
    ]

    if together:
        take(*lines, now=now)
    else:
        for line in lines:
            take(line, now=now)

    assert _live() == {"c/symptom/1"}
    assert Fact.objects.filter(revoked=True).count() == 2


def test_of_two_at_the_same_instant_the_one_received_later_counts(alpha: City, now: datetime) -> None:
    take(declaration(entry_id="z", contact="yes"), declaration(entry_id="a", contact="unsure"), now=now)
    assert _live() == {"a/unsure_contact/1"}

    take(declaration(entry_id="m", contact="yes"), now=now)
    assert _live() == {"m/contact_with_case/1"}


def test_a_declaration_says_nothing_for_another_provider_or_citizen(alpha: City, now: datetime) -> None:
    take(declaration(submitted_at=FIRST, contact="yes"), now=now)
    take(
        declaration(submitted_at=SECOND, provider="wechat"),
        declaration(entry_id="d-2", submitted_at=SECOND, id_number=BERT),
        now=now,
    )

    assert _live() == {"d-1/contact_with_case/1"}


def test_an_entry_id_with_slashes_is_told_from_the_records_of_others(alpha: City, now: datetime) -> None:
    take(declaration(entry_id="a", submitted_at=FIRST, symptoms=["fever"]), now=now)
    take(declaration(entry_id="a/symptom", submitted_at=SECOND, symptoms=["fever"]), now=now)

    assert _live() == {"a/symptom/symptom/1"}


def test_a_repeated_line_is_a_duplicate_and_a_changed_one_is_refused(alpha: City, now: datetime) -> None:
    first = declaration(contact="yes")
    reordered = dict(reversed(first.items()))

    assert outcomes(take(first, reordered, now=now)) == ["accepted", "duplicate"]
    changed = [declaration(contact="no"), declaration(contact=...), declaration(contact="yes", full_name="安")]
    results = take(first, *changed, now=now + timedelta(days=1))

    assert outcomes(results) == ["duplicate", *["entry_id_reused"] * 3]
    assert Entry.objects.count() == 1
    assert Fact.objects.count() == 1


# The answers of an older declaration, those of a newer one → what counts then, as kinds.
PARTLY: dict[str, tuple[Line, Line, set[str]]] = {
    "another question": ({"arrival": {"from_area": "310000", "on": "2026-11-18"}}, {"symptoms": []}, {"arrival"}),
    "the same question": ({"symptoms": ["fever"], "contact": "yes"}, {"symptoms": []}, {"contact_with_case"}),
    "null is an answer": ({"contact": "yes", "symptoms": ["fever"]}, {"contact": None}, {"symptom"}),
    "no is an answer": ({"contact": "unsure", "symptoms": ["fever"]}, {"contact": "no"}, {"symptom"}),
    "none is an answer": ({"symptoms": ["fever"], "contact": "yes"}, {"symptoms": ["none"]}, {"contact_with_case"}),
    "stays": ({"area_stays": [STAY], "contact": "yes"}, {"area_stays": []}, {"contact_with_case"}),
    "abroad is a question of its own": (
        {"arrival": {"from_area": "310000", "on": "2026-11-18"}, "overseas_arrival_on": "2026-11-10"},
        {"overseas_arrival_on": None},
        {"arrival"},
    ),
    "no question at all": ({"contact": "yes"}, {}, {"contact_with_case"}),
}


@pytest.mark.parametrize("newer_first", [False, True])
@pytest.mark.parametrize(("older", "newer", "kinds"), PARTLY.values(), ids=PARTLY.keys())
def test_a_declaration_answers_only_the_questions_it_holds(
    alpha: City, now: datetime, older: Line, newer: Line, kinds: set[str], newer_first: bool
) -> None:
    lines = [_answering(FIRST, **older), _answering(SECOND, **newer)]
    for line in reversed(lines) if newer_first else lines:
        take(line, now=now)

    live = Fact.objects.filter(superseded=False, revoked=False)
    assert set(live.values_list("kind", flat=True)) == kinds


def _answering(submitted_at: str, **answers: object) -> Line:
    """A declaration that holds these questions only."""
    asked = dict.fromkeys(("symptoms", "contact", "area_stays", "arrival", "overseas_arrival_on"), ...)
    return declaration(entry_id=submitted_at, submitted_at=submitted_at, **{**asked, **answers})


def test_the_provider_s_codes_of_symptoms_are_ours(alpha: City, now: datetime) -> None:
    Provider.objects.filter(code="alipay").update(symptoms={"1": "none", "2": "fever", "无": "none"})
    lines = [declaration(entry_id=f"d{n}", symptoms=said) for n, said in enumerate([["1"], ["2"], ["无"], ["other"]])]
    both = declaration(entry_id="both", symptoms=["1", "2"])
    assert outcomes(take(*lines, both, now=now)) == ["accepted"] * 4 + ["unknown_symptom"]

    assert [entry.content["symptoms"] for entry in Entry.objects.order_by("id")] == [[], ["fever"], [], ["other"]]


UNUSABLE: dict[str, tuple[Line, list[str], str | None]] = {
    "an empty phone": ({"phone": ""}, ["phone"], None),
    "a phone with an extension": ({"phone": "138-0013-8000转2"}, ["phone"], None),
    "a phone in words": ({"phone": "无"}, ["phone"], None),
    "a phone as a number": ({"phone": 13800138000}, ["phone"], None),
    "a phone in full-width digits": ({"phone": "１３８００１３８０００"}, [], "13800138000"),
    "an empty name": ({"full_name": "", "phone": None}, ["full_name"], None),
    "a name of control characters": ({"full_name": "\x00", "phone": None}, ["full_name"], None),
    "a name with a rare character in its old form": ({"full_name": "王\ue863", "phone": None}, [], None),
    "both": ({"full_name": " ", "phone": "?"}, ["full_name", "phone"], None),
}


@pytest.mark.parametrize(("details", "left_out", "phone"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_detail_that_cannot_be_used_costs_no_answer(
    alpha: City, now: datetime, details: Line, left_out: list[str], phone: str | None
) -> None:
    (result,) = take(declaration(contact="yes", **details), now=now)

    assert result.outcome.value == "accepted"
    assert result.as_json().get("left_out", []) == left_out
    assert _live() == {"d-1/contact_with_case/1"}
    kept = citizen().phone_encrypted
    assert (decrypt_phone(bytes(kept)) if kept else None) == phone


SAME: dict[str, Line] = {
    "the instant in UTC": {"submitted_at": "2026-11-20T00:00:00Z"},
    "with milliseconds": {"submitted_at": "2026-11-20T08:00:00.000+08:00"},
    "null left out": {"arrival": ..., "overseas_arrival_on": ...},
    "a small x": {"id_number": ANNA.lower()},
    "the phone with its country": {"phone": "+86 138 0000 0000"},
    "the phone with dashes of print": {"phone": "138–0000—0000\t"},
    "the phone in full-width digits": {"phone": "１３８００００００００"},
    "the name with spaces": {"full_name": " 安娜 "},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME.keys())
def test_the_same_said_in_another_way_is_a_duplicate(alpha: City, now: datetime, changes: Line) -> None:
    results = take(declaration(contact="yes"), declaration(contact="yes", **changes), now=now)
    assert outcomes(results) == ["accepted", "duplicate"]
    assert Entry.objects.count() == 1


def test_a_line_stored_by_its_text_is_recognised(alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before version 2 of the contract the digest was that of the text of its values."""
    line = declaration(symptoms=["fever"], phone="+86 138 0000 0000")
    with monkeypatch.context() as before:
        before.setattr("codes.intake.lines._parsed", lambda *_: line)
        take(line, now=now)

    assert outcomes(take(line, declaration(contact="yes"), now=now)) == ["duplicate", "entry_id_reused"]


def test_an_entry_id_is_unique_for_its_provider_only(alpha: City, now: datetime) -> None:
    assert outcomes(take(declaration(), declaration(provider="wechat"), now=now)) == ["accepted", "accepted"]


def test_the_newest_name_is_believed_and_the_first_phone(alpha: City, now: datetime) -> None:
    take(declaration(submitted_at=SECOND, full_name="安娜", phone=...), now=now)
    take(declaration(entry_id="old", submitted_at=FIRST, full_name="阿娜", phone="13911111111"), now=now)
    anna = citizen()
    assert anna.full_name == "安娜"
    assert decrypt_phone(bytes(anna.phone_encrypted or b"")) == "13911111111"

    take(declaration(provider="wechat", submitted_at=THIRD, full_name="安妮", phone="+86 138 2222 2222"), now=now)
    anna = citizen()
    assert anna.full_name == "安妮"
    assert decrypt_phone(bytes(anna.phone_encrypted or b"")) == "13911111111"

    take(declaration(entry_id="empty", submitted_at="2026-11-21T00:00:00Z", full_name=None, phone=None), now=now)
    assert citizen().full_name == "安妮"


def test_a_person_is_readable_in_no_row(alpha: City, now: datetime) -> None:
    take(declaration(symptoms=["fever"]), now=now)

    anna = citizen()
    assert decrypt_number(bytes(anna.id_encrypted)) == ANNA
    assert anna.known_since == now
    assert anna.ref.startswith("C")
    assert len(anna.ref) == 13
    entry = Entry.objects.get()
    assert entry.content == {
        "type": "declaration",
        "provider": "alipay",
        "entry_id": "d-1",
        "submitted_at": "2026-11-20T00:00:00Z",
        "symptoms": ["fever"],
        "contact": "no",
        "area_stays": [],
        "arrival": None,
        "overseas_arrival_on": None,
    }
    assert entry.submitted_at == datetime(2026, 11, 20, tzinfo=UTC)


def _live() -> set[str]:
    """The records that count now."""
    return set(Fact.objects.filter(superseded=False, revoked=False).values_list("record_id", flat=True))
