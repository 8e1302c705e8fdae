"""Whoever approves a new database URL sees which database it is, and so does a reader of the journal."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from codes.models import Citizen, EffectiveCode, HeldGroup, Registration, Verdict
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from codes.source_effect import effect_of
from portal.official.sources.presenters import effect_words
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from regions.sources import changes
from regions.sources.models import Source, SourceChange
from regions.tenancy import current_city
from tests.integration.pages.people import Visitor
from tests.integration.sources.officials import at_desk
from tests.integration.sources.stand_ins import NOW, Police, record, records
from tests.integration.sources.test_pages import PATH, settings_form

OURS = "postgresql://reader:geheim@127.0.0.1:9/alpha_police?sslmode=require"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def people(police: Police, monkeypatch: pytest.MonkeyPatch) -> tuple[Visitor, Visitor]:
    """A source manager and an approver."""
    monkeypatch.setenv("ALPHA_POLICE_URL", OURS)
    manager, approver = (
        at_desk(name, role, now=NOW, host="alpha.localhost").in_english()
        for name, role in (("qian", "source_manager"), ("wang", "approver"))
    )
    return manager, approver


def proposed(manager: Visitor, url: str, **values: Any) -> SourceChange:
    sent = settings_form(Source.objects.get(code="police"), credential=url, reason="new password", **values)
    manager.post(f"{PATH}police/change/", sent)
    return SourceChange.objects.get()


def entry(verb: str) -> dict[str, Any]:
    found = JournalEntry.objects.get(verb=verb)
    assert "geheim" not in str(found.data)
    return dict(found.data)


def test_another_citys_database_is_not_a_new_password(people: tuple[Visitor, Visitor]) -> None:
    manager, approver = people
    url = "postgresql://beta_reader:geheim2@localhost:5/beta_police?sslmode=disable"
    change = proposed(manager, url, records_view="jk.records")

    page = approver.read(f"{PATH}changes/{change.pk}/")

    assert "Another database, not only a new password." in page
    assert "What differs: Host, Port, Database, Database user, Options of the connection." in page
    for told in ("alpha_police", "beta_police", "beta_reader", "jk.records", "health_clock", "sslmode=disable"):
        assert told in page
    assert "geheim" not in page
    differing = {
        "database": ["alpha_police", "beta_police"],
        "host": ["127.0.0.1", "localhost"],
        "options": ["sslmode=require", "sslmode=disable"],
        "port": [9, 5],
        "user": ["reader", "beta_reader"],
    }
    in_journal = entry("source.change_proposed")
    assert in_journal["address"] == differing
    assert in_journal["settings"] == {"records_view": ["health_records", "jk.records"]}
    approver.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "approve"})
    assert entry("source.changed")["address"] == differing


def test_a_new_password_is_one_and_nothing_else(people: tuple[Visitor, Visitor]) -> None:
    manager, approver = people
    change = proposed(manager, OURS.replace("geheim", "geheim2"))

    page = approver.read(f"{PATH}changes/{change.pk}/")

    assert "A new password; the database is the same." in page
    assert "Another database" not in page
    assert "alpha_police" in page
    assert entry("source.change_proposed")["address"] == {}


def test_a_database_moved_meanwhile_is_not_what_was_shown(
    people: tuple[Visitor, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = proposed(people[0], OURS.replace("geheim", "geheim2"))
    monkeypatch.setenv("ALPHA_POLICE_URL", OURS.replace("alpha_police", "elsewhere"))
    with pytest.raises(Refused, match="have changed since"):
        changes.put_in_force(change.pk, by="wang", now=NOW)


def test_a_mapping_is_in_the_journal_word_by_word(people: tuple[Visitor, Visitor]) -> None:
    source = Source.objects.get(code="police")
    kinds = [(word, kind) for word, kind in source.kinds.items() if word != "LJ"]
    people[0].post(f"{PATH}police/change/", settings_form(source, *kinds, ("XJ", "arrival")))
    assert entry("source.change_proposed")["kinds"] == {"LJ": [source.kinds["LJ"], None], "XJ": [None, "arrival"]}


def test_a_mapping_tells_whose_effective_code_would_change(police: Police) -> None:
    police.add(record(kind="close_contact"))
    police.collect()
    with_us = {"provider": police.source.providers.get(), "registered_at": NOW - timedelta(days=1)}
    Registration.objects.create(citizen=Citizen.objects.get(), **with_us)
    run_at(NOW)
    source = Source.objects.get(code="police")
    before = [list(model.objects.order_by("pk").values()) for model in (Verdict, EffectiveCode)]
    assert [one["colour"] for one in before[1]] == ["red"]
    changed = changes.changed(source, {"kinds": {**source.kinds, "close_contact": "negative_test"}}, None)

    told = effect_of(source, changed, now=NOW + timedelta(hours=1))

    assert told["effective_by_words"] == [["red", "green", 1]]
    assert told["mass_changes"] == []
    with override("en"):
        assert "Effective code: 1 person from red to green." in effect_words(told)
        assert "Nothing of it would be held as a mass change." in effect_words(told)
    assert [list(model.objects.order_by("pk").values()) for model in (Verdict, EffectiveCode)] == before


def test_a_mapping_tells_what_a_run_would_hold_and_the_run_holds_it(police: Police) -> None:
    current_city().mass_change_least, current_city().mass_change_share = 3, 0
    police.add(*records(3))
    police.collect()
    with_us = {"provider": police.source.providers.get(), "registered_at": NOW - timedelta(days=1)}
    Registration.objects.bulk_create(Registration(citizen=one, **with_us) for one in Citizen.objects.all())
    run_at(NOW)
    assert Verdict.objects.filter(colour="red").count() == 3
    source = Source.objects.get(code="police")
    changed = changes.changed(source, {"kinds": {**source.kinds, "close_contact": "negative_test"}}, None)
    later = NOW + timedelta(days=2)

    told = effect_of(source, changed, now=NOW + timedelta(hours=1))

    ((rule, *people),) = told["mass_changes"]
    assert people == [0, 3, 3]
    with override("en"):
        assert (
            f"Rule {rule} would be held for two people as a mass change: of 3 registered, 0 would turn red and 3 green "
            "before their day."
        ) in effect_words(told)
    assert not HeldGroup.objects.exists()
    police.source.kinds = changed.kinds
    police.source.save()
    police.set_clock(later)
    police.replace(*({**one, "recorded_at": later - timedelta(hours=1)} for one in records(3)))
    assert police.collect(now=later).accepted == 3
    run_at(later)
    assert [[one.rule, one.red, one.green, one.registered] for one in HeldGroup.objects.all()] == told["mass_changes"]


def run_at(instant: datetime) -> None:
    run, _ = start_run(by="system", now=instant, as_of=instant, collects=False)
    run_here(run.pk, clock=lambda: instant, progress=lambda _: None)
