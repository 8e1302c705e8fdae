"""How long a decision about a disagreement stands: while its ruling is in force, or as long as the fingerprint is the same."""

import importlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from codes.models import (
    Case,
    CaseEvent,
    Disagreement,
    EffectiveCode,
    Fact,
    Provider,
    RiskArea,
    Rule,
    RuleSetVersion,
    Ruling,
    Verdict,
)
from codes.review.errors import Reason
from codes.review.proposals import rulings
from codes.review.proposals.bulk_rulings import approve_many
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from regions.sources.models import Source
from tests.integration.review.desk import Desk

MINUTE = timedelta(minutes=1)
WHO = "zhang"


def kinds(name: str = WHO) -> list[tuple[str, str]]:
    """The person's cases by kind and state, in order."""
    return list(Case.objects.filter(citizen__ref=name).order_by("pk").values_list("kind", "state"))


def left(desk: Desk, name: str = WHO) -> Case:
    """The colours are left as they are."""
    return desk.bring(desk.case(name), "decided")


def ruled(desk: Desk, name: str = WHO, colour: str = "green") -> Ruling:
    return desk.approve(desk.propose(name, colour))


def end_by_two(desk: Desk, ruling: Ruling) -> None:
    rulings.propose_end(
        ruling_id=ruling.pk, reason_code="newer_facts", reason="查明属实", by="li", now=desk.now + MINUTE
    )
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now + 2 * MINUTE)


def expire_in_a_sweep(desk: Desk, _ruling: Ruling) -> None:
    assert rulings.expire_rulings(now=desk.now + timedelta(days=10)) == 1


def expire_in_a_run(desk: Desk, _ruling: Ruling) -> None:
    desk.run(desk.now + timedelta(days=10))


ENDS: dict[str, Callable[[Desk, Ruling], None]] = {
    "by two people": end_by_two,
    "expired, seen by the sweep": expire_in_a_sweep,
    "expired, seen by a run": expire_in_a_run,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_when_a_ruling_ends_and_the_providers_still_differ_a_case_follows(
    desk: Desk, end: Callable[[Desk, Ruling], None]
) -> None:
    """At once, in the transaction that ends it; and not a second one with the next run."""
    ruling = ruled(desk)
    first = desk.case()
    assert first.ruling == ruling
    end(desk, ruling)
    first.refresh_from_db()
    second = desk.case()
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]
    assert (second.follows, second.disagreement, bytes(second.fingerprint or b"")) == (
        first,
        first.disagreement,
        bytes(first.fingerprint or b""),
    )
    ruling.refresh_from_db()
    assert ruling.state == "ended"
    assert (first.lapsed_at, second.opened_at) == (ruling.ended_at, ruling.ended_at)
    assert second.due_at > second.opened_at
    assert [event.verb for event in CaseEvent.objects.filter(case=second)] == ["opened"]
    desk.run(desk.now + timedelta(days=10, minutes=9))
    assert len(kinds()) == 2
    assert Case.objects.values("number").distinct().count() == Case.objects.count()


def test_the_journal_says_that_the_case_follows(desk: Desk) -> None:
    end_by_two(desk, ruled(desk))
    told = JournalEntry.objects.get(verb="case.opened")
    assert (told.subject, told.data) == (f"case:{desk.case().number}", {"follows": desk.case().follows.number})  # type: ignore[union-attr]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_was_left_under_a_ruling_is_a_case_again_when_it_ends(
    desk: Desk, end: Callable[[Desk, Ruling], None]
) -> None:
    """Another fingerprint opened a case while the ruling was in force, and its colours were left: as the ruling gave them."""
    ruling = ruled(desk, colour="red")
    desk.tell(WHO, "arrival")
    desk.run()
    left(desk)
    assert kinds() == [("disagreement", "decided"), ("disagreement", "decided")]
    end(desk, ruling)
    assert kinds()[2:] == [("disagreement", "received")]
    assert desk.case().follows == Case.objects.filter(citizen__ref=WHO, state="decided").latest("pk")


def test_when_a_ruling_ends_and_the_providers_agree_nothing_opens(desk: Desk) -> None:
    ruling = ruled(desk)
    desk.revoke(WHO)
    desk.run()
    end_by_two(desk, ruling)
    desk.run()
    assert kinds() == [("disagreement", "decided")]


def test_when_it_ends_while_a_source_is_silent_the_case_opens_when_that_is_back(desk: Desk) -> None:
    ruling = ruled(desk)
    desk.run(desk.now + timedelta(hours=30), silent=("police",))
    assert not Disagreement.objects.filter(citizen__ref=WHO, closed_run=None).exists()
    rulings.propose_end(
        ruling_id=ruling.pk, reason_code="newer_facts", reason="查明属实", by="li", now=desk.now + timedelta(hours=31)
    )
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now + timedelta(hours=31))
    assert kinds() == [("disagreement", "decided")]
    desk.run(desk.now + timedelta(hours=32))
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]


def test_a_refused_end_and_a_proposed_one_open_nothing(desk: Desk) -> None:
    ruling = ruled(desk)
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="查明属实", by="li", now=desk.now)
    desk.run()
    Ruling.refuse_end(ruling.pk, by="wang", now=desk.now + MINUTE)
    desk.run()
    assert kinds() == [("disagreement", "decided")]


def test_a_ruling_that_takes_anothers_place_carries_on_its_decision(desk: Desk) -> None:
    """It weighed every hit there was; when it ends in its turn, the disagreement is a case again."""
    first = ruled(desk, colour="yellow")
    desk.appeal()
    second = desk.approve(desk.propose(kind="appeal"))
    first.refresh_from_db()
    assert first.state == "ended"
    assert [kind for kind, _ in kinds()] == ["disagreement", "appeal"]
    desk.run()
    assert len(kinds()) == 2
    end_by_two(desk, second)
    assert kinds()[-1] == ("disagreement", "received")
    assert desk.case().follows == Case.objects.filter(kind="disagreement").earliest("pk")


def test_a_case_that_another_cases_ruling_settled_rests_on_it_too(desk: Desk) -> None:
    desk.appeal()
    ruling = desk.approve(desk.propose(kind="appeal"))
    assert desk.case().ruling == ruling
    end_by_two(desk, ruling)
    assert desk.case().state == "received"


def test_many_rulings_approved_together_end_alone(desk: Desk) -> None:
    proposed = [desk.propose(WHO), desk.propose("chen")]
    assert approve_many(ruling_ids=[one.pk for one in proposed], by="wang", now=desk.now).done == 2
    assert {case.ruling for case in (desk.case(), desk.case("chen"))} == set(proposed)
    end_by_two(desk, proposed[0])
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]
    assert kinds("chen") == [("disagreement", "decided")]


def test_a_fingerprint_that_changes_opens_a_case_though_a_ruling_is_in_force(desk: Desk) -> None:
    ruled(desk, colour="red")
    desk.tell(WHO, "close_contact")
    desk.run()
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]
    assert desk.case().follows == Case.objects.filter(citizen__ref=WHO).earliest("pk")


def test_while_a_provider_is_silent_any_decision_that_stands_is_about_what_the_others_show(desk: Desk) -> None:
    """Not the last one only: colours that agreed since do not take back what was decided before (found by a simulated month)."""
    ruled(desk, colour="red")
    [decided] = Case.objects.filter(citizen__ref=WHO)
    assert decided.disagreement is not None
    as_if_decided_with_cityapp(decided, decided.disagreement.colours | {"cityapp": "red"})
    agreed = {"number": "D20260101-000001", "state": "converged", "ruling_id": None, "follows_id": decided.pk}
    Case.objects.create(**{**values_of(decided), **agreed})
    desk.tell(WHO, "close_contact")
    desk.run()
    assert Disagreement.objects.get(citizen__ref=WHO, closed_run=None).fingerprint != decided.fingerprint
    assert kinds() == [("disagreement", "decided"), ("disagreement", "converged")]


def test_other_colours_end_a_decision_although_a_provider_is_silent(desk: Desk) -> None:
    """They open a case; when the silent provider is back with the old colours, that is a new disagreement (a simulated month)."""
    decided = left(desk)
    as_if_decided_with_cityapp(decided, {"alipay": "green", "wechat": "yellow", "cityapp": "yellow"})
    desk.tell(WHO, "close_contact")
    run = desk.run()
    decided.refresh_from_db()
    assert decided.lapsed_at == run.as_of
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]


def test_a_part_of_the_colours_ends_no_decision(desk: Desk) -> None:
    """What the known providers show is what was decided about, although a hit has changed."""
    decided = left(desk)
    as_if_decided_with_cityapp(decided, {"alipay": "green", "wechat": "red", "cityapp": "yellow"})
    desk.tell(WHO, "close_contact")
    desk.run()
    decided.refresh_from_db()
    assert decided.lapsed_at is None
    assert kinds() == [("disagreement", "decided")]


def as_if_decided_with_cityapp(decided: Case, colours: dict[str, str]) -> None:
    """Add a provider whose source has never delivered, and give the decided disagreement these colours."""
    never_heard = Source.objects.create(**{**values_of(Source.objects.earliest("pk")), "code": "cityapp"})
    Provider.objects.create(
        **{**values_of(Provider.objects.earliest("pk")), "code": "cityapp", "source_id": never_heard.pk}
    )
    Disagreement.objects.filter(cases=decided).update(colours=colours)


def values_of(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}


# Nothing reopens without a change for the person


def sent_again(desk: Desk, name: str, **changes: Any) -> None:
    """The police send the record again; without changes, what differs is in the name."""
    before = desk.fact(name)
    Fact.objects.filter(pk=before.pk).update(superseded=True)
    said = {column: getattr(before, column) for column in ("kind", "area", "started_on", "ended_on")} | changes
    Fact.objects.create(
        citizen=before.citizen,
        origin="source",
        source=before.source,
        record_id=before.record_id,
        version=before.version + 1,
        recorded_at=before.recorded_at,
        received_at=desk.now,
        detail={"name": "張三"},
        **said,
    )


def next_version(desk: Desk, **changes: Any) -> RuleSetVersion:
    """Version 2 of the rules: the same rules with one unrelated risk area, but for the changes of R2."""
    present = RuleSetVersion.objects.get()
    later = RuleSetVersion.objects.create(
        rule_set=present.rule_set, version=2, effective_from=desk.now.date(), digest="2", created_by="tests",
        created_at=desk.now - timedelta(days=1),
    )  # fmt: skip
    for rule in Rule.objects.filter(version=present):
        rule.pk, rule.version = None, later
        for name, value in changes.items() if rule.code == "R2" else ():
            setattr(rule, name, value)
        rule.save(force_insert=True)
    RiskArea.objects.create(version=later, area="420100", level="high", from_day=date(2026, 1, 1))
    return later


def nothing_for_the_person(desk: Desk) -> None:
    for name in (WHO, "chen"):
        sent_again(desk, name)


UNCHANGED: dict[str, Callable[[Desk], object]] = {
    "the names are spelt otherwise": nothing_for_the_person,
    "version 2 adds one unrelated risk area": next_version,
    "version 2 words the rule otherwise": lambda desk: next_version(
        desk, title_zh="另一种说法", reason_en="Otherwise."
    ),
    "nothing at all": lambda _desk: None,
}


@pytest.mark.parametrize("change", UNCHANGED.values(), ids=UNCHANGED.keys())
def test_nothing_reopens_without_a_change_for_the_person(desk: Desk, change: Callable[[Desk], object]) -> None:
    """Neither what was left nor what was ruled, nor is a ruling suspended by a version it has not seen."""
    left(desk, "chen")
    ruling = ruled(desk)
    change(desk)
    desk.run()
    desk.run()
    assert kinds() == kinds("chen") == [("disagreement", "decided")]
    ruling.refresh_from_db()
    assert (ruling.state, ruling.suspended_at) == ("approved", None)
    assert {hit["fact_id"] for verdict in Verdict.objects.all() for hit in verdict.hits} <= set(
        Fact.objects.filter(superseded=False).values_list("pk", flat=True)
    ), "the verdicts rest on the newest versions"


def test_a_hit_that_has_become_more_severe_is_a_new_one(desk: Desk) -> None:
    """The same record and the same rule, which by another version makes it red where it made it yellow when it was weighed."""
    Rule.objects.filter(code="R2").update(colour="yellow")
    desk.run(everybody=True)
    ruling = ruled(desk)
    assert ruling.weighed_colours == ["yellow"]
    next_version(desk, colour="red")
    desk.run()
    ruling.refresh_from_db()
    assert ruling.state == "approved"
    assert ruling.suspended_at is not None
    assert EffectiveCode.objects.get(citizen=ruling.citizen).colour == "red"
    # By a ruling of an earlier release, which noted no colours, it is covered.
    type(ruling).objects.filter(pk=ruling.pk).update(weighed_colours=None)
    desk.run(everybody=True)
    ruling.refresh_from_db()
    assert ruling.suspended_at is None


def test_a_proposal_that_weighed_a_milder_hit_is_not_approved(desk: Desk) -> None:
    Rule.objects.filter(code="R2").update(colour="yellow")
    desk.run(everybody=True)
    ruling = desk.propose()
    next_version(desk, colour="red")
    desk.run()
    with pytest.raises(Refused) as refused:
        desk.approve(ruling)
    assert refused.value.reason is Reason.NEW_RECORDS


CHANGED: dict[str, Callable[[Desk], object]] = {
    "it is held for another time": lambda desk: next_version(desk, hold_days=21),
    "it is to be checked in": lambda desk: next_version(desk, checkin_days=7),
    "it wants tests": lambda desk: next_version(desk, tests=2),
    "it counts from elsewhere": lambda desk: next_version(desk, anchor="recorded"),
    "it is cleared by something": lambda desk: next_version(desk, cleared_by=["negative_test"]),
    "it is called otherwise": lambda desk: next_version(desk, code="R9"),
    "another record": lambda desk: desk.tell(WHO, "arrival"),
    "the record begins on another day": lambda desk: sent_again(desk, WHO, started_on=desk.now.date()),
    "the record ends": lambda desk: sent_again(desk, WHO, ended_on=desk.now.date()),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_what_makes_a_hit_what_it_is_opens_a_case_that_follows(desk: Desk, change: Callable[[Desk], object]) -> None:
    first = left(desk)
    change(desk)
    desk.run()
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]
    assert desk.case().follows == first


def test_a_proposal_is_approved_although_the_name_was_spelt_otherwise_since(desk: Desk) -> None:
    ruling = desk.propose()
    sent_again(desk, WHO)
    desk.run()
    assert desk.approve(ruling).state == "approved"


# The upgrade


UPGRADE = importlib.import_module("codes.migrations.0025_standing_fingerprints")


def as_version_1_left_it() -> None:
    """Fingerprints over row numbers, and nothing that says which ruling decided a case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE codes_disagreement SET fingerprint = sha256(convert_to('v1|' || citizen_id || opened_run_id, 'UTF8'))"
        )
        cursor.execute(UPGRADE.OF_CASES)
    Case.objects.update(ruling=None, lapsed_at=None)


def upgrade() -> None:
    with connection.cursor() as cursor:
        for statement in (UPGRADE.RECOMPUTE, UPGRADE.OF_CASES, UPGRADE.DECIDED_BY):
            cursor.execute(statement)


def test_the_first_run_after_the_upgrade_reopens_nothing(desk: Desk) -> None:
    """Decided cases, left and ruled, an open one; and one left whose provider is silent, so that its disagreement does not stand."""
    left(desk, "chen")
    ruling = ruled(desk)
    prints = {one.pk: bytes(one.fingerprint) for one in Disagreement.objects.all()}
    as_version_1_left_it()
    assert {one.pk: bytes(one.fingerprint) for one in Disagreement.objects.all()} != prints
    upgrade()
    assert {one.pk: bytes(one.fingerprint) for one in Disagreement.objects.all()} == prints, "as a run would find them"
    assert Case.objects.get(citizen__ref=WHO).ruling == ruling
    before = list(Case.objects.order_by("pk").values())
    desk.run()
    assert list(Case.objects.order_by("pk").values()) == before
    assert not CaseEvent.objects.filter(verb="relinked").exists()


def test_what_does_not_stand_on_the_day_of_the_upgrade_is_recomputed_from_history(desk: Desk) -> None:
    case = left(desk, "chen")
    prints = bytes(case.fingerprint or b"")
    desk.run(desk.now + timedelta(hours=30), silent=("police",))
    as_version_1_left_it()
    upgrade()
    case.refresh_from_db()
    assert bytes(case.fingerprint or b"") == prints
    desk.run(desk.now + timedelta(hours=31))
    assert kinds("chen") == [("disagreement", "decided")]


def test_a_disagreement_that_version_1_left_without_a_case_gets_one(desk: Desk) -> None:
    ruling = ruled(desk)
    as_version_1_left_it()
    Ruling.objects.filter(pk=ruling.pk).update(state="ended", ended_at=desk.now)
    upgrade()
    desk.run()
    assert kinds() == [("disagreement", "decided"), ("disagreement", "received")]
    desk.run()
    assert len(kinds()) == 2
