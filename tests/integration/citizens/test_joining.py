"""Two citizens who are one person are joined with all their data, and nobody turns green by it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from io import StringIO
from typing import Any

import psycopg2.extensions
import pytest
from django.core.management import call_command
from django.db import models

from codes.citizens.joining import Joined, RunIsOpen, join_people
from codes.citizens.phones import proposed_phones
from codes.effective import effective_code
from codes.models import (
    Case,
    CheckInDays,
    Citizen,
    Disagreement,
    EffectiveChange,
    EffectiveCode,
    Entry,
    Fact,
    FormerRef,
    Guardianship,
    PhoneChange,
    Provider,
    Registration,
    RuleSet,
    RuleSetVersion,
    Ruling,
    Run,
    StatedName,
    Verdict,
    VerdictChange,
)
from regions.identity import Identity
from regions.journal.models import JournalEntry
from regions.keys import encryption
from regions.keys.encryption import (
    decrypt_number,
    decrypt_phone,
    encrypt_number,
    encrypt_phone,
    identity_hash,
    phone_hash,
)
from regions.keys.models import CityKey, Purpose
from regions.sources.models import Source, StagedRecord
from regions.tenancy import as_owner, in_city, in_city_as_owner
from regions.vocabulary import IdType
from tests.integration.constraints.cast import AT, DAY, LATER, VALID, Cast, another
from tests.integration.journal.holding import journal_break
from tests.integration.lines import citizen
from tests.integration.review.desk import open_desk

NUMBER, CARD = "810000198503150017", "93184019850315001X"
NOW = AT + timedelta(days=3)
HITS_A, HITS_B = ([{"rule": rule, "rule_id": 1, "fact_id": 1, "anchor": "2026-11-01", "until": None}] for rule in "AB")


class Place:
    """The city a test is inside, until it is left for what is done from outside."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self._inside = ExitStack()

    def enter(self) -> None:
        self._inside.enter_context(in_city(self.schema))

    @contextmanager
    def left(self) -> Iterator[None]:
        self._inside.close()
        try:
            yield
        finally:
            self.enter()

    def join(self) -> Joined:
        """As ``prepare`` does it."""
        with self.left(), as_owner(), in_city_as_owner(self.schema):
            return join_people(by="system", now=NOW)


@pytest.fixture
def place(owner: psycopg2.extensions.connection, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A city in a database of the test's own: joining commits, and takes the owner's login."""
    here = Place(getattr(request, "param", "alpha"))
    here.enter()
    yield here
    here._inside.close()


def store(number: str, id_type: IdType, ref: str, **more: Any) -> Citizen:
    """A citizen as version 1 stored them: under the type their number was sent with."""
    identity = Identity(id_type, number)
    more = {"known_since": AT, "full_name": ref, **more}
    return Citizen.objects.create(
        ref=ref, id_type=id_type, id_hash=identity_hash(identity), id_encrypted=encrypt_number(identity), **more
    )


def two(cast: Cast) -> tuple[Citizen, Citizen]:
    """Who stays – the one with the resident type – and who goes; the cast's rows are the latter's unless said otherwise."""
    stays, goes = store(NUMBER, IdType.RESIDENT_ID, "CSTAYS"), store(NUMBER, IdType.OTHER, "CGOES")
    cast._shared["codes.Citizen"] = goes
    return stays, goes


def references() -> list[tuple[str, str]]:
    return [
        (relation.related_model._meta.label, relation.field.name)
        for relation in Citizen._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ForeignObjectRel)
    ]


def test_everything_that_hangs_on_one_hangs_on_the_other(place: Place) -> None:
    cast = Cast()
    stays, goes = two(cast)
    others = {"dependant": {"guardian": another("codes.Citizen")}}
    rows = [(cast.make(label, **{column: goes} | others.get(column, {})), column) for label, column in references()]
    assert {label for label, _ in references()} <= VALID.keys()

    assert place.join().pairs == [("CGOES", "CSTAYS")]

    for row, column in rows:
        row.refresh_from_db()
        assert getattr(row, f"{column}_id") == stays.pk, row._meta.label
    assert not Citizen.objects.filter(pk=goes.pk).exists()
    assert Citizen.objects.by_ref("CGOES").get() == stays
    assert FormerRef.objects.filter(ref="CGOES").get().citizen == stays


def test_two_who_have_everything_have_it_once(place: Place) -> None:
    cast = Cast()
    stays, goes = two(cast)
    for label in {label for label, _ in references()} - {"codes.Guardianship", "codes.FormerRef"}:
        # A record is asked about once at a time, and the two share theirs here.
        over = {"state": "withdrawn"} if label == "codes.CityCorrection" else {}
        for person in (stays, goes):
            reader = {"recipient": person, "about": person} if label == "codes.Message" else {"citizen": person}
            cast.make(label, **reader, **over)
    relative = cast.make("codes.Citizen")
    for guardian, dependant in (
        (stays, goes),
        (goes, stays),
        *((one, relative) for one in (stays, goes)),
        *((relative, one) for one in (stays, goes)),
    ):
        cast.make("codes.Guardianship", guardian=guardian, dependant=dependant)
    facts = Fact.objects.filter(citizen__in=[stays, goes]).count()
    place.join()
    for label in (
        "Verdict",
        "VerdictChange",
        "EffectiveCode",
        "Registration",
        "CheckInDays",
        "RunCitizen",
        "StatedName",
        "MessageChoice",
    ):
        model = VALID and __import__("codes.models", fromlist=[label])
        assert getattr(model, label).objects.get().citizen == stays
    open_ones = Guardianship.objects.filter(ended_at=None)
    assert set(open_ones.values_list("guardian", "dependant")) == {(stays.pk, relative.pk), (relative.pk, stays.pk)}
    assert Guardianship.objects.count() == 4
    assert PhoneChange.objects.get().citizen == stays
    assert Entry.objects.filter(citizen=stays).count() == 2
    assert Fact.objects.filter(citizen=stays).count() == facts


def test_a_second_time_there_is_nothing_to_do(place: Place) -> None:
    two(Cast())
    assert len(place.join().pairs) == 1
    entries = JournalEntry.objects.count()
    again = place.join()
    assert (again.pairs, again.rewritten) == ([], 0)
    assert JournalEntry.objects.count() == entries


def test_prepare_joins_and_says_who_by_refs(place: Place) -> None:
    two(Cast())
    store("H1234567801", IdType.HK_MACAO_PERMIT, "CPERMIT")
    said = StringIO()
    CityKey.objects.filter(purpose=Purpose.MESSAGE).update(retired_at=AT)
    with place.left():
        call_command("prepare", stdout=said)
    assert encryption.key_in_use(Purpose.MESSAGE), "made for a city that had none"
    assert "alpha: CGOES is CSTAYS" in said.getvalue()
    assert "alpha: 1 numbers" in said.getvalue()
    assert NUMBER not in said.getvalue()
    entry = JournalEntry.objects.get(verb="person.joined")
    assert (entry.by, entry.subject, entry.data) == ("system", "citizen:CSTAYS", {"joined": "CGOES"})
    assert citizen("H12345678", IdType.HK_MACAO_PERMIT).ref == "CPERMIT"


def test_three_who_are_one_and_whom_nobody_knew_as_resident(place: Place) -> None:
    third = store(CARD, IdType.HK_MACAO_PERMIT, "C3", known_since=LATER)
    first = store(CARD, IdType.FOREIGN_RESIDENCE, "C1")
    second = store(CARD, IdType.OTHER, "C2", known_since=LATER, full_name="")
    Registration.objects.create(citizen=third, provider=Provider.objects.get(code="wechat"), registered_at=AT)
    Registration.objects.create(citizen=second, provider=Provider.objects.get(code="alipay"), registered_at=LATER)
    Registration.objects.create(citizen=third, provider=Provider.objects.get(code="alipay"), registered_at=AT)

    done = place.join()

    assert sorted(done.pairs) == [("C2", "C1"), ("C3", "C1")]
    assert done.rewritten == 1
    only = citizen(CARD)
    assert (only, only.id_type) == (first, IdType.RESIDENT_ID)
    assert decrypt_number(bytes(only.id_encrypted)) == CARD
    assert dict(Registration.objects.values_list("provider__code", "registered_at")) == {"alipay": AT, "wechat": AT}


def test_those_who_are_not_one_are_left_alone(place: Place) -> None:
    store("810000198503150018", IdType.OTHER, "CWRONG")
    store("810000198503150018", IdType.FOREIGN_RESIDENCE, "CWRONG2")
    store("E12345678", IdType.PASSPORT, "CPASS")
    store("H12345678", IdType.HK_MACAO_PERMIT, "CPERMIT")
    store("H12345679", IdType.HK_MACAO_PERMIT, "CPERMIT2")
    before = list(Citizen.objects.order_by("pk").values())
    assert place.join() == Joined()
    assert list(Citizen.objects.order_by("pk").values()) == before


COLOURS = ["green", "yellow", "red"]


@pytest.mark.parametrize("kept", COLOURS)
def test_of_two_colours_the_stricter_stands(place: Place, kept: str) -> None:
    """One pair for each colour of the other."""
    cast = Cast()
    people = {}
    for number, other in zip((NUMBER, CARD, "820000198503150019"), COLOURS, strict=True):
        people[other] = (store(number, IdType.RESIDENT_ID, f"K{other}"), store(number, IdType.OTHER, f"J{other}"))
        for person, colour, hits in zip(people[other], (kept, other), (HITS_A, HITS_B), strict=True):
            if colour != "green":
                day = DAY + timedelta(days=COLOURS.index(colour))
                cast.make("codes.Verdict", citizen=person, colour=colour, hits=hits, turns_green_on=day)
                cast.make("codes.EffectiveCode", citizen=person, colour=colour, because="agreement", since=AT)
    place.join()
    for other, (stays, _) in people.items():
        wanted = max(kept, other, key=COLOURS.index)
        verdict = Verdict.objects.filter(citizen=stays).first()
        assert (verdict.colour if verdict else "green") == wanted
        code = EffectiveCode.objects.filter(citizen=stays).first()
        assert (code.colour if code else "green") == wanted
        if verdict and "green" not in (kept, other):
            assert verdict.hits == HITS_A + HITS_B
            assert verdict.turns_green_on == DAY + timedelta(days=COLOURS.index(wanted))
    assert not Verdict.objects.filter(citizen__ref__startswith="J").exists()


def test_histories_are_merged_to_the_stricter_at_every_moment(place: Place) -> None:
    cast = Cast()
    stays, goes = two(cast)
    runs = [
        Run.objects.create(day=DAY, sequence=n, as_of=AT, state=state, started_by="x", started_at=AT, ended_at=AT)
        for n, state in enumerate(["done", "done", "failed", "partial", "done"], start=100)
    ]
    # Of the one yellow from run 0, green from run 3; of the other red from run 1, and green from run 4; run 2 never counted.
    told = [
        (stays, 0, "yellow"),
        (goes, 1, "red"),
        (stays, 2, "red"),
        (goes, 2, "green"),
        (stays, 3, "green"),
        (goes, 4, "green"),
    ]
    for person, nth, colour in told:
        hits = [] if colour == "green" else HITS_A
        before = "green" if colour != "green" else "red"
        cast.make("codes.VerdictChange", citizen=person, run=runs[nth], before=before, after=colour, hits=hits)
    past = Run.objects.create(
        day=DAY, sequence=200, as_of=AT, state="kept", history=True, started_by="x", started_at=AT, ended_at=AT
    )
    for person, colour, hits in ((stays, "yellow", HITS_A), (goes, "red", HITS_B)):
        cast.make("codes.VerdictChange", citizen=person, run=past, before="green", after=colour, hits=hits)
    at = [AT + timedelta(hours=n) for n in range(5)]
    for person, nth, before, colour in (
        (stays, 0, "green", "yellow"),
        (goes, 1, "green", "red"),
        (stays, 3, "yellow", "green"),
        (goes, 4, "red", "green"),
    ):
        cast.make(
            "codes.EffectiveChange", citizen=person, run=runs[nth], since=at[nth], before=before, after=colour,
            before_because="agreement", after_because="agreement",
        )  # fmt: skip
    place.join()
    counted = VerdictChange.objects.filter(citizen=stays).exclude(run__in=[runs[2], past]).order_by("run")
    assert list(counted.values_list("run", "before", "after")) == [
        (runs[0].pk, "green", "yellow"),
        (runs[1].pk, "yellow", "red"),
        (runs[3].pk, "red", "red"),
        (runs[4].pk, "red", "green"),
    ]
    assert VerdictChange.objects.filter(run=runs[2]).count() == 1
    again = VerdictChange.objects.get(run=past)
    assert (again.citizen, again.before, again.after, again.hits) == (stays, "green", "red", HITS_A + HITS_B)
    changes = EffectiveChange.objects.filter(citizen=stays).order_by("since")
    assert list(changes.values_list("since", "before", "after")) == [
        (at[0], "green", "yellow"),
        (at[1], "yellow", "red"),
        (at[4], "red", "green"),
    ]
    assert not EffectiveChange.objects.exclude(citizen=stays).exists()


def test_days_names_and_phones(place: Place) -> None:
    cast = Cast()
    stays, goes = two(cast)
    for person, phone in ((stays, "13800000000"), (goes, "13911111111")):
        person.phone_encrypted, person.phone_hash = encrypt_phone(phone), phone_hash(phone)
        person.save()
    for person, days in ((stays, "{[2026-11-01,2026-11-03)}"), (goes, "{[2026-11-03,2026-11-05)}")):
        cast.make("codes.CheckInDays", citizen=person, days=days)
    sick_on = {"day": date(2026, 11, 2), "received_at": AT, "instant": AT, "citizen": goes}
    cast.make("codes.Entry", healthy=True, **sick_on | {"citizen": stays})
    cast.make("codes.Entry", healthy=False, **sick_on)
    wechat = Provider.objects.get(code="wechat")
    cast.make("codes.StatedName", citizen=stays, full_name="张三")
    cast.make("codes.StatedName", citizen=goes, full_name="李四", stated_at=LATER)
    cast.make("codes.StatedName", citizen=goes, full_name="张三", source=None, provider=wechat)
    place.join()
    assert str(CheckInDays.objects.get().days) == "{[2026-11-01,2026-11-02),[2026-11-03,2026-11-05)}"
    assert set(StatedName.objects.values_list("citizen", "full_name")) == {(stays.pk, "李四"), (stays.pk, "张三")}
    stays.refresh_from_db()
    assert stays.names_differ
    assert decrypt_phone(bytes(stays.phone_encrypted or b"")) == "13800000000"
    (proposed,) = proposed_phones(stays)
    assert (proposed.provider, decrypt_phone(bytes(proposed.phone_encrypted))) == (None, "13911111111")


def test_what_may_be_open_once_is_open_once(place: Place) -> None:
    cast = Cast()
    stays, goes = two(cast)
    open_case = {"state": "received", "closed_at": None}
    first = cast.make("codes.Case", citizen=stays, severity="yellow", **open_case)
    waits = cast.make("codes.Case", citizen=goes, severity="red", **{**open_case, "state": "proposed"})
    for person in (stays, goes):
        cast.make("codes.Disagreement", citizen=person, closed_run=None)
    cast.make("codes.Run", state="done", ended_at=AT)
    decided = {"state": "approved", "decided_by": "wang", "decided_at": AT}
    mild = cast.make("codes.Ruling", citizen=stays, colour="green", **decided)
    strict = cast.make("codes.Ruling", citizen=goes, colour="yellow", **decided)
    cast.make("codes.Ruling", citizen=stays, colour="green")
    proposed = cast.make("codes.Ruling", citizen=goes, colour="green", case=waits)
    place.join()
    for row in (first, waits, mild, strict, proposed):
        row.refresh_from_db()
    assert isinstance(first, Case)
    assert isinstance(waits, Case)
    assert (waits.state, waits.outcome, waits.citizen) == ("converged", "converged", stays)
    assert first.number in waits.answer
    assert (first.state, first.severity) == ("received", "red")
    assert (mild.state, strict.state, proposed.state) == ("ended", "approved", "withdrawn")  # type: ignore[attr-defined]
    assert Ruling.objects.waiting().count() == 1
    assert Disagreement.objects.filter(closed_run=None).get().citizen == stays


def test_a_delivery_that_waits_finds_its_people(place: Place) -> None:
    cast = Cast()
    batch = cast.shared("sources.Batch")
    for number, id_type in ((NUMBER, IdType.OTHER), ("E12345678", IdType.PASSPORT)):
        identity = Identity(id_type, number)
        StagedRecord.objects.create(
            batch=batch, line=1, record_id=number[:3], id_type=id_type, id_hash=identity_hash(identity),
            id_encrypted=encrypt_number(identity), kind="symptom", started_on=DAY, recorded_at=AT, revoked=False, digest=b"x",
        )  # fmt: skip
    place.join()
    hashes = {bytes(one) for one in StagedRecord.objects.values_list("id_hash", flat=True)}
    wanted = Identity(IdType.RESIDENT_ID, NUMBER), Identity(IdType.PASSPORT, "E12345678")
    assert hashes == {identity_hash(one) for one in wanted}


def test_nobody_is_joined_while_a_run_judges_them(place: Place) -> None:
    two(Cast())
    Run.objects.create(day=DAY, as_of=AT, started_by="x", started_at=AT)
    with pytest.raises(RunIsOpen):
        place.join()
    assert Citizen.objects.count() == 2


@pytest.mark.parametrize("place", ["beta"], indirect=True)
def test_the_next_run_sees_a_red_and_a_green_of_one_person(place: Place) -> None:
    """What the police have on them came in two names, and each was asked for with one provider."""
    for model in (Provider, RuleSetVersion, RuleSet, Source):
        model._default_manager.all().delete()
    now = AT.replace(hour=2)
    desk = open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
    for name, id_type in (("zhang", IdType.RESIDENT_ID), ("chen", IdType.FOREIGN_RESIDENCE)):
        identity = Identity(id_type, CARD)
        found = {"id_type": id_type, "id_hash": identity_hash(identity), "id_encrypted": encrypt_number(identity)}
        Citizen.objects.filter(ref=name).update(**found)
    Registration.objects.filter(citizen__ref="zhang", provider__code="wechat").delete()
    # Nobody's registration goes away in life, so no run looks for whom that is about.
    desk.run(now + timedelta(minutes=1), everybody=True)
    zhang = desk.citizen("zhang")
    assert effective_code(zhang.pk, now=now).colour == "green"
    place.join()
    assert effective_code(zhang.pk, now=now).colour == "yellow"
    desk.run(now + timedelta(hours=1))
    assert effective_code(zhang.pk, now=now + timedelta(hours=1)).colour == "red"
    assert Disagreement.objects.get(closed_run=None).colours == {"alipay": "green", "wechat": "red"}
    assert journal_break() is None
