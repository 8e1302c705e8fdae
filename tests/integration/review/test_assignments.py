"""The assignee of a case is visible, can be replaced knowingly, and can be changed in bulk by a filter."""

import pytest
from django.db.models import TextChoices

from codes.models import Case, CaseEvent
from codes.review.cases import assign, close
from codes.review.cases.queue import CaseFilter
from codes.review.errors import Reason
from regions.journal.models import JournalEntry
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.staff.models import Account, RoleGrant
from tests.integration.review.desk import Desk, written


def refusal(act: object, **values: object) -> TextChoices:
    with pytest.raises(Refused) as refused:
        act(**values)  # type: ignore[operator]
    return refused.value.reason


def test_an_assigned_case_shows_its_holder_and_is_in_review(desk: Desk) -> None:
    case = assign.assign(case_id=desk.case().pk, to="wu", by="wang", now=desk.now)
    assert (case.assigned_to, case.assigned_at, case.state) == ("wu", desk.now, "in_review")
    event = CaseEvent.objects.filter(case=case).latest("pk")
    assert (event.verb, event.by, event.data) == ("assigned", "wang", {"assigned_to": "wu", "before": ""})


def test_being_given_a_case_is_not_having_looked_at_it(desk: Desk) -> None:
    assert assign.assign(case_id=desk.case().pk, to="wu", by="wang", now=desk.now).first_looked_at is None


@pytest.mark.parametrize("to", ["wang", "sun", "nobody", "", "citizen:chen", "system"])
def test_cases_go_to_reviewers_only(desk: Desk, to: str) -> None:
    before = written()
    assert refusal(assign.assign, case_id=desk.case().pk, to=to, by="li", now=desk.now) is Reason.NOT_A_REVIEWER
    assert refusal(assign.bulk_assign, chosen=CaseFilter(), to=to, by="li", now=desk.now) is Reason.NOT_A_REVIEWER
    assert written() == before


def test_a_reviewer_who_has_left_gets_no_cases(desk: Desk) -> None:
    Account.objects.filter(username="wu").update(is_active=False)
    assert refusal(assign.assign, case_id=desk.case().pk, to="wu", by="li", now=desk.now) is Reason.NOT_A_REVIEWER
    RoleGrant.objects.filter(account__username="li").update(revoked_at=desk.now, revoked_by="tests")
    assert refusal(close.look, case_id=desk.case().pk, by="li", now=desk.now) is CommonReason.NOT_YOURS


def test_taking_over_names_the_holder_one_saw(desk: Desk) -> None:
    case = desk.case()
    assign.take_over(case_id=case.pk, assignee="", by="li", now=desk.now)
    with pytest.raises(MovedMeanwhile):
        assign.take_over(case_id=case.pk, assignee="", by="wu", now=desk.now)
    assert assign.take_over(case_id=case.pk, assignee="li", by="wu", now=desk.now).assigned_to == "wu"
    event = CaseEvent.objects.filter(case=case).latest("pk")
    assert (event.verb, event.by, event.data) == ("taken_over", "wu", {"before": "li"})


def test_a_case_is_put_back_by_its_holder(desk: Desk) -> None:
    case = desk.bring(desk.case(), "in_review")
    assert refusal(assign.put_back, case_id=case.pk, by="wu", now=desk.now) is Reason.HELD_BY_ANOTHER
    back = assign.put_back(case_id=case.pk, by="li", now=desk.now)
    assert (back.state, back.assigned_to, back.assigned_at) == ("received", "", None)


def test_bulk_assignment_honours_the_filter_and_says_the_number(desk: Desk) -> None:
    desk.bring(desk.case("liu"), "waiting_for_information")
    red = CaseFilter(severity="red")
    assert assign.bulk_assign(chosen=red, to="wu", by="wang", now=desk.now) == 2
    told = {case.citizen.ref: (case.assigned_to, case.state) for case in Case.objects.select_related("citizen")}
    assert told == {
        "zhang": ("wu", "in_review"),
        "liu": ("wu", "waiting_for_information"),
        "chen": ("", "received"),
    }
    assert list(
        CaseEvent.objects.filter(verb="assigned").order_by("case__citizen__ref").values_list("data", flat=True)
    ) == [
        {"assigned_to": "wu", "before": "li"},
        {"assigned_to": "wu", "before": ""},
    ]
    entry = JournalEntry.objects.get(verb="case.bulk_assigned")
    zhang, liu = desk.case("zhang").number, desk.case("liu").number
    assert entry.data == {
        "to": "wu",
        "cases": 2,
        "filter": {"severity": "red"},
        "subjects": sorted([f"case:{zhang}", f"case:{liu}"]),
        "before": {liu: "li"},
    }


def test_bulk_assignment_a_second_time_changes_nothing(desk: Desk) -> None:
    assign.bulk_assign(chosen=CaseFilter(), to="wu", by="wang", now=desk.now)
    before = written()
    assert assign.bulk_assign(chosen=CaseFilter(), to="wu", by="wang", now=desk.now) == 0
    assert written() == before


def test_closed_cases_are_not_assigned(desk: Desk) -> None:
    desk.bring(desk.case("chen"), "decided")
    assert assign.bulk_assign(chosen=CaseFilter(), to="wu", by="wang", now=desk.now) == 2
    assert desk.case("chen").assigned_to == "li"
