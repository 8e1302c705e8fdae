"""Acts on many cases: they follow the filter, state the number, and make nobody red or stricter."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from codes.effective import effective_code
from codes.models import Case, EffectiveChange, EffectiveCode, Registration, Ruling
from codes.review.cases import assign
from codes.review.cases.move import BulkResult
from codes.review.cases.queue import CaseFilter
from codes.review.errors import Reason
from codes.review.proposals import bulk_rulings
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, Refused
from regions.tenancy import current_city
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import EVIDENCE, Desk, written

RED = [f"red{number}" for number in range(6)]
YELLOW = [f"yellow{number}" for number in range(4)]
EVERYBODY = CaseFilter()


@pytest.fixture
def crowd(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    """Six people red with wechat and four yellow; all green with alipay."""
    return opened_at_beta(dict.fromkeys(RED, "spacetime_overlap") | dict.fromkeys(YELLOW, "arrival"), now=now)


def propose(desk: Desk, chosen: CaseFilter = EVERYBODY, colour: str = "green", *, by: str = "li") -> BulkResult:
    return bulk_rulings.propose_many(
        chosen=chosen,
        colour=colour,
        reason_code="less_severe" if colour == "yellow" else "older_data",
        documents=EVIDENCE,
        expires_on=desk.now.date() + timedelta(days=5),
        by=by,
        now=desk.now,
    )


def approve(desk: Desk, by: str = "wang") -> BulkResult:
    waiting = list(Ruling.objects.filter(state="proposed").values_list("pk", flat=True))
    return bulk_rulings.approve_many(ruling_ids=waiting, by=by, now=desk.now)


def colours(desk: Desk) -> list[str]:
    return [effective_code(desk.citizen(name).pk, now=desk.now).colour for name in (*RED, *YELLOW)]


def test_ten_cases_are_cleared_by_two_people_at_once(crowd: Desk) -> None:
    assert propose(crowd) == (10, 0)
    assert colours(crowd) == ["red"] * 6 + ["yellow"] * 4
    assert approve(crowd) == (10, 0)
    assert colours(crowd) == ["green"] * 10
    assert set(Case.objects.values_list("state", "outcome", "closed_at")) == {("decided", "green", crowd.now)}
    changes = EffectiveChange.objects.filter(after_because="ruling")
    assert all(change.ruling is not None and change.ruling.citizen_id == change.citizen_id for change in changes)
    assert changes.count() == 10


def test_the_same_by_one_and_by_many(crowd: Desk) -> None:
    """What approval in bulk leaves behind is what approving one by one leaves."""
    crowd.appeal("red0")
    crowd.appeal("red1")
    propose(crowd, CaseFilter(kind="disagreement"))
    crowd.approve(Ruling.objects.get(citizen__ref="red0"))
    approve(crowd)

    def left(name: str) -> list[tuple[object, ...]]:
        rows = Case.objects.filter(citizen__ref=name).order_by("kind")
        kept = ("kind", "state", "outcome", "closed_at", "assigned_to", "paused_at", "first_looked_at")
        events = [list(case.events.exclude(verb="filed").order_by("pk").values_list("verb", "by")) for case in rows]
        ruling = Ruling.objects.filter(citizen__ref=name).values_list("state", "decided_by", "decided_at").get()
        changes = crowd.citizen(name).effective_changes.values_list("before", "after", "after_because")
        return [*rows.values_list(*kept), *events, ruling, list(changes)]

    assert left("red0") == left("red1")


def test_no_bulk_act_turns_anyone_red(crowd: Desk) -> None:
    before = written()
    with pytest.raises(Refused) as refused:
        propose(crowd, colour="red")
    assert refused.value.reason is Reason.NO_BULK_RED
    assert written() == before


def test_no_bulk_approval_turns_anyone_red(crowd: Desk) -> None:
    """Proposed one by one, as it must be – and so it must be approved."""
    crowd.propose("yellow0", "red")
    crowd.propose("red0", "green")
    assert approve(crowd) == (1, 1)
    assert Ruling.objects.get(citizen__ref="yellow0").state == "proposed"
    assert colours(crowd) == ["green"] + ["red"] * 5 + ["yellow"] * 4


def test_nobodys_code_becomes_stricter(crowd: Desk) -> None:
    current_city().interim_policy = "prefer:alipay"
    crowd.run()
    assert set(colours(crowd)) == {"green"}
    assert propose(crowd, colour="yellow") == (0, 10)
    crowd.propose("red0", "yellow")
    assert approve(crowd) == (0, 1)


def test_whose_code_nobody_knows_is_left_for_a_decision_of_their_own(crowd: Desk) -> None:
    """Without a stored code and without a judged registration nobody is green: the truth is unknown."""
    for name in ("red0", "yellow0"):
        EffectiveCode.objects.filter(citizen__ref=name).delete()
        Registration.objects.filter(citizen__ref=name).delete()
    crowd.propose("yellow0")
    assert set(colours(crowd)) == {"unknown", "red", "yellow"}
    assert propose(crowd) == (8, 2)
    assert not Ruling.objects.filter(citizen__ref="red0").exists()
    assert approve(crowd) == (8, 1)
    assert Ruling.objects.get(citizen__ref="yellow0").state == "proposed"


def test_yellow_for_all_leaves_the_yellow_as_they_are(crowd: Desk) -> None:
    assert propose(crowd, colour="yellow") == (10, 0)
    approve(crowd)
    assert set(colours(crowd)) == {"yellow"}


def test_a_bulk_proposal_honours_the_filter_and_says_the_number(crowd: Desk) -> None:
    assert propose(crowd, CaseFilter(severity="yellow")) == (4, 0)
    assert set(Ruling.objects.values_list("citizen__ref", flat=True)) == set(YELLOW)
    entry = JournalEntry.objects.filter(verb="case.bulk_proposed").get()
    assert entry.data["cases"] == 4
    assert entry.data["filter"] == {"severity": "yellow"}
    numbers = Ruling.objects.values_list("case__number", flat=True)
    assert entry.data["subjects"] == sorted(f"case:{number}" for number in numbers)


def test_it_leaves_alone_what_others_hold_or_have_proposed(crowd: Desk) -> None:
    assign.assign(case_id=crowd.case("red0").pk, to="wu", by="wang", now=crowd.now)
    crowd.propose("red1", by="zhao")
    crowd.bring(crowd.case("red2"), "waiting_for_information")
    assert propose(crowd, CaseFilter(severity="red")) == (3, 3)


def test_each_ruling_weighs_its_own_persons_hits(crowd: Desk) -> None:
    propose(crowd)
    for ruling in Ruling.objects.select_related("citizen"):
        fact = crowd.fact(ruling.citizen.ref)
        assert ruling.weighed == [["R2" if ruling.citizen.ref in RED else "Y1", fact.pk]]


def test_one_proposal_for_a_person_with_two_cases(crowd: Desk) -> None:
    crowd.appeal("red0")
    assert propose(crowd, CaseFilter(severity="red")) == (6, 1)
    approve(crowd)
    assert set(Case.objects.filter(citizen__ref="red0").values_list("kind", "state")) == {
        ("disagreement", "decided"),
        ("appeal", "accepted"),
    }


def test_bulk_approval_skips_ones_own_and_what_is_no_longer_as_it_was(crowd: Desk) -> None:
    propose(crowd, CaseFilter(severity="yellow"), by="zhao")
    propose(crowd, CaseFilter(severity="red"), by="li")
    crowd.tell("red0", "close_contact")
    crowd.run()
    assert approve(crowd, by="zhao") == (5, 5)
    assert set(Ruling.objects.filter(state="proposed").values_list("citizen__ref", flat=True)) == {"red0", *YELLOW}


def test_who_is_taken_out_goes_back_with_a_reason(crowd: Desk) -> None:
    propose(crowd)
    out = Ruling.objects.filter(citizen__ref__in=RED[:2])
    keys = list(out.values_list("pk", flat=True))
    with pytest.raises(Refused):
        bulk_rulings.take_out(ruling_ids=keys, reason_code="evidence_thin", by="li", now=crowd.now)
    taken = bulk_rulings.take_out(ruling_ids=keys, reason_code="evidence_thin", by="wang", now=crowd.now)
    assert (taken, approve(crowd)) == (2, (8, 0))
    assert colours(crowd) == ["red"] * 2 + ["green"] * 8
    entry = JournalEntry.objects.get(verb="case.bulk_refused")
    numbers = out.values_list("case__number", flat=True)
    assert entry.data.items() >= {"cases": 2, "subjects": sorted(f"case:{one}" for one in numbers)}.items()
    assert set(out.values_list("state", "case__state", "case__assigned_to")) == {("refused", "in_review", "li")}
    assert bulk_rulings.take_out(ruling_ids=keys, reason_code="evidence_thin", by="wang", now=crowd.now) == 0


def test_nobody_takes_out_what_they_proposed(crowd: Desk) -> None:
    """zhao may do both, and not about the same proposal."""
    propose(crowd, by="zhao")
    keys = list(Ruling.objects.values_list("pk", flat=True))
    with pytest.raises(Refused) as refused:
        bulk_rulings.take_out(ruling_ids=keys[:2], reason_code="evidence_thin", by="zhao", now=crowd.now)
    assert refused.value.reason is CommonReason.SAME_PERSON


def test_whose_colours_changed_since_is_left(crowd: Desk) -> None:
    """Lighter, too: the approver would not do what they looked at."""
    propose(crowd, CaseFilter(severity="red"), "yellow")
    crowd.propose("yellow0")
    crowd.revoke("red0")
    crowd.tell("red0", "arrival")
    crowd.run(crowd.now + timedelta(minutes=1))
    assert effective_code(crowd.citizen("red0").pk, now=crowd.now).colour == "yellow"
    waiting = Ruling.objects.filter(state="proposed")
    changed = bulk_rulings.with_changed_since(waiting).filter(has_changed=True)
    assert list(changed.values_list("citizen__ref", flat=True)) == ["red0"]
    assert approve(crowd) == (6, 1)


def test_a_red_that_somebody_proposed_is_not_approved_together_with_others(crowd: Desk) -> None:
    crowd.propose("red0", "red")
    assert approve(crowd) == (0, 1)


def test_what_has_ended_before_it_is_approved_is_left(crowd: Desk) -> None:
    """Red stays red without a run, so that all else would do."""
    propose(crowd, CaseFilter(severity="red"))
    assert approve(replace(crowd, now=crowd.now + timedelta(days=5))) == (0, 6)


def test_who_has_another_verdict_and_the_same_code_is_left(crowd: Desk) -> None:
    propose(crowd, CaseFilter(severity="red"), "yellow")
    crowd.tell("red0", "arrival")
    crowd.run(crowd.now + timedelta(minutes=1))
    assert approve(crowd) == (5, 1)


def test_who_got_another_code_by_officials_is_left(crowd: Desk) -> None:
    """No run judged them otherwise: a ruling gave it meanwhile."""
    propose(crowd, CaseFilter(severity="red"), "yellow")
    ruling = Ruling.objects.get(citizen__ref="red0")
    red = {"before": "red", "before_because": "policy", "after": "red", "after_because": "ruling"}
    at = crowd.now + timedelta(minutes=1)
    EffectiveChange.objects.create(citizen=ruling.citizen, ruling=ruling, since=at, day=crowd.now.date(), **red)
    assert approve(crowd) == (5, 1)


def test_bulk_acts_ask_for_roles(crowd: Desk) -> None:
    for act, by in ((propose, "wang"), (approve, "li")):
        with pytest.raises(Refused) as refused:
            act(crowd, by=by)
        assert refused.value.reason is CommonReason.NOT_YOURS


def test_only_documents_stand_for_many(crowd: Desk) -> None:
    with pytest.raises(Refused) as refused:
        bulk_rulings.propose_many(
            chosen=EVERYBODY,
            colour="green",
            reason_code="older_data",
            documents=[f"fact:{crowd.fact('red0').pk}"],
            expires_on=crowd.now.date() + timedelta(days=5),
            by="li",
            now=crowd.now,
        )
    assert refused.value.reason is Reason.UNKNOWN_EVIDENCE


def test_too_many_are_not_done_in_part(crowd: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_rulings, "BULK_LIMIT", 9)
    before = written()
    with pytest.raises(Refused) as refused:
        propose(crowd)
    assert refused.value.reason is Reason.TOO_MANY
    assert written() == before
