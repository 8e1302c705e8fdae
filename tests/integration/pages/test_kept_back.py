"""The pages of a person whose change is held in a mass change: the colour shown, and everything on which it is based."""

from datetime import timedelta

import pytest
from django.utils import timezone

from codes.models import Case, Citizen, HeldGroup, Run, Suppression
from codes.review.proposals.suppressions import approve_suppression, propose_suppression
from regions.identity import Identity
from regions.keys.encryption import encrypt_number
from regions.models import City
from regions.vocabulary import IdType
from tests.integration.lines import BERT
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_one_reading import text_of
from tests.integration.review.desk import EVIDENCE
from tests.integration.runs.crowd import Crowd

MANY = range(25)
CHECKED_FIRST = "因同时涉及许多人的码色，须先由两名工作人员核实。"
CHECKED = "同时有许多人作同样申报，须先由两名工作人员核实"
OTHERS = "目前未计入判定的记录"


@pytest.fixture
def crowd(bare_city: City) -> Crowd:
    """Nothing is known of anybody but the first 25, who are red and have to check in; a first run holds nothing."""
    one = Crowd(now=timezone.now() - timedelta(hours=5))
    Citizen.objects.update(id_encrypted=encrypt_number(Identity(IdType.RESIDENT_ID, BERT)))
    one.deliver(MANY, "spacetime_overlap")
    one.run()
    return one


def read(crowd: Crowd, number: int, path: str) -> str:
    return Visitor.signed_in(crowd.citizen(number), now=timezone.now()).read(path)


def test_whoever_stays_red_is_told_what_is_still_to_be_done(crowd: Crowd) -> None:
    before = read(crowd, 3, "/code/calendar/")
    crowd.deliver(MANY, "spacetime_overlap", revoked=True)
    crowd.run()
    assert HeldGroup.objects.waiting().get().green == len(MANY)

    page = read(crowd, 3, "/code/")
    assert "今日：健康打卡" in page
    assert "须先由两名工作人员核实；核实前码色不变" in page
    assert "无需打卡" not in page
    calendar = read(crowd, 3, "/code/calendar/")
    assert "须连续健康打卡7天" in calendar
    assert "须连续健康打卡7天" in before
    data = read(crowd, 3, "/data/").partition("计入判定的记录")[2]
    assert "时空伴随" in data, "what holds them counts, though its source has taken it back"
    assert OTHERS not in data


def test_officials_read_on_the_case_that_a_change_is_held(crowd: Crowd) -> None:
    crowd.deliver(MANY, "spacetime_overlap", revoked=True)
    crowd.run()
    now = timezone.now()
    held, other = (
        Case.objects.create(
            number=f"S{number}", kind="suspension", citizen=crowd.citizen(number), opened_at=now, due_at=now
        )
        for number in (3, 30)
    )
    li, notice = Visitor.as_account("li", now=now), "较新的变更属于集中变码"
    assert notice in li.read(f"/staff/cases/{held.number}/")
    assert notice not in li.read(f"/staff/cases/{other.number}/")
    Case.objects.filter(pk=held.pk).update(state="converged", closed_at=now)
    assert notice not in li.read(f"/staff/cases/{held.number}/")


def test_whoever_stays_green_has_no_record_that_counts(crowd: Crowd) -> None:
    crowd.deliver(range(30, 55))
    crowd.run()
    assert HeldGroup.objects.waiting().get().red == len(MANY)
    counted, _, others = read(crowd, 33, "/data/").partition("计入判定的记录")[2].partition(OTHERS)
    assert "密切接触者" not in counted
    assert "密切接触者" in others
    assert CHECKED_FIRST in others

    run = Run.objects.latest("pk")
    page = Visitor.as_account("li", now=timezone.now()).in_english().read(f"/staff/runs/{run.pk}/")
    changed = page.partition("Verdicts changed")[2]
    assert changed.partition("<dd>")[2].partition("</dd>")[0] == "0"
    assert changed.partition("kept back for two people")[2].partition("<dd>")[2].partition("</dd>")[0] == "25"


def test_whoever_stays_green_reads_of_their_own_entry_and_of_no_offices_record(crowd: Crowd) -> None:
    """A fever just declared is not answered with “nothing has to be done”; a delivery that may be wrong alarms nobody."""
    crowd.declare(range(30, 55))
    crowd.run()
    assert HeldGroup.objects.waiting().get().red == len(MANY)
    visitor = Visitor.signed_in(crowd.citizen(33), now=timezone.now())
    with at_most(12):
        page = visitor.read("/code/")
    assert 'class="face" data-state="green"' in page
    assert "已申报：自报接触过病例。" in page
    assert CHECKED in page
    assert "无需办理" not in page
    assert "so two officials check it first and decide whether it counts" in visitor.in_english().read("/code/")
    other = read(crowd, 58, "/code/")
    assert CHECKED not in other
    assert "无需办理" in other


def test_a_record_of_an_office_that_is_held_is_told_of_in_my_data_alone(crowd: Crowd) -> None:
    crowd.deliver(range(30, 55))
    crowd.run()
    page = read(crowd, 33, "/code/")
    assert "无需办理" in page
    assert "核实" not in text_of(page)
    assert CHECKED_FIRST in read(crowd, 33, "/data/")


def test_what_was_taken_back_and_is_held_is_told(crowd: Crowd) -> None:
    crowd.declare(range(30, 45))
    crowd.declare(range(45, 55))
    crowd.least = 60
    crowd.set_limits()
    crowd.run()
    crowd.least = 20
    crowd.set_limits()
    crowd.declare(range(30, 55), revoked=True)
    crowd.run()
    assert HeldGroup.objects.waiting().get().green == len(MANY)
    page = read(crowd, 33, "/code/")
    assert 'class="face" data-state="red"' in page
    assert "已撤回：自报接触过病例。" in page


def test_a_record_that_was_found_wrong_does_not_count(crowd: Crowd) -> None:
    crowd.deliver([40], "close_contact")
    assert "下次计算后计入。" in read(crowd, 40, "/data/").partition(OTHERS)[2]
    crowd.run()
    assert OTHERS not in read(crowd, 40, "/data/")
    fact = crowd.citizen(40).facts.get()
    propose_suppression(fact_id=fact.pk, reason_code="wrong_person", evidence=EVIDENCE, by="li", now=crowd.now)
    approve_suppression(suppression_id=Suppression.objects.get().pk, by="wang", now=crowd.now)
    assert "两名工作人员认定该记录有误。" in read(crowd, 40, "/data/").partition(OTHERS)[2]
