"""A group's page: its size, its reach and who would change colour; a bulk suppression proposed by one and approved by another."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import pytest

from codes.models import BulkSuppression
from codes.review.proposals import bulk_suppressions
from codes.review.proposals.groups import reached
from tests.integration.conftest import OpenDesk
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import EVIDENCE, Desk

At = Callable[[str], Visitor]
PEOPLE = ("zhang", "chen", "liu")
KEY = "batch|police|0|close_contact"
PAGE = f"/staff/groups/of/{quote(KEY)}/"
ASKED = {"reason_code": "bad_batch", "document": "2026-17", "note": "整批错误"}
APPROVE = {"outcome": "approve"}


FEW = dict.fromkeys(PEOPLE, "close_contact") | {"ma": "arrival"}
MANY = dict.fromkeys([*(f"p{number}" for number in range(30)), *PEOPLE], "close_contact")


@pytest.fixture
def desk(request: pytest.FixtureRequest, opened_at_beta: OpenDesk, clock: datetime) -> Desk:
    """Three people of one batch, and one of another kind; or as a test has it."""
    return opened_at_beta(getattr(request, "param", FEW), now=clock)


def proposed(desk: Desk, by: str = "li") -> BulkSuppression:
    return bulk_suppressions.propose_bulk_suppression(
        key=KEY, reason_code="bad_batch", documents=EVIDENCE, by=by, now=desk.now
    )


def test_the_groups_lead_to_it(desk: Desk, at_work: At) -> None:
    assert PAGE in at_work("li").read("/staff/groups/")


def test_it_shows_size_reach_cause_and_what_would_follow(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    with at_most(12):
        page = li.read(PAGE)
    for told in ("3件未结案件同一原因", "涉及人数", "police-", "3人的颜色将改变", "3项不一致将消除", "对3条记录提出"):
        assert told in page, told
    assert not BulkSuppression.objects.exists()
    assert "3 open cases with this cause" in at_work("li").in_english().read(PAGE)


def test_two_people_mend_it_on_the_same_page(desk: Desk, at_work: At) -> None:
    answer = at_work("li").post(PAGE, ASKED)
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    waiting = BulkSuppression.objects.get()
    assert (waiting.records, waiting.reason, waiting.evidence) == (3, "整批错误", ["document:2026-17"])
    li, wang = at_work("li").read(PAGE), at_work("wang").read(PAGE)
    assert "撤回" in li
    assert "对整组作出决定" not in li
    assert "对整组作出决定" in wang
    listed = at_work("wang").read("/staff/approvals/?kind=records")
    assert f"/staff/groups/mendings/{waiting.pk}/" in listed
    assert "police-zhang" not in listed, "the group is decided whole"
    done = at_work("wang").post(f"/staff/groups/mendings/{waiting.pk}/", APPROVE)
    assert (done.status_code, done.headers["Location"]) == (302, PAGE)
    assert [desk.case(name).state for name in PEOPLE] == ["converged"] * 3
    after = at_work("wang").read(PAGE)
    assert "已没有未结案件属于该原因" in after
    assert "重新计算" in after


def test_a_form_that_lacks_something_says_so(desk: Desk, at_work: At) -> None:
    answer = at_work("li").post(PAGE, {**ASKED, "document": ""})
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    waiting = proposed(desk)
    answer = at_work("wang").post(f"/staff/groups/mendings/{waiting.pk}/", {"outcome": "refuse"})
    assert answer.status_code == 422
    assert BulkSuppression.objects.get().state == "proposed"


def test_it_is_refused_or_taken_back(desk: Desk, at_work: At) -> None:
    path = f"/staff/groups/mendings/{proposed(desk).pk}/"
    assert at_work("wu").post(f"{path}take-back/").status_code == 302
    assert BulkSuppression.objects.get().state == "proposed", "somebody else's"
    assert at_work("li").post(f"{path}take-back/").status_code == 302
    assert BulkSuppression.objects.get().state == "withdrawn"
    path = f"/staff/groups/mendings/{proposed(desk).pk}/"
    assert at_work("wang").post(path, {"outcome": "refuse", "reason_code": "evidence_thin"}).status_code == 302
    assert BulkSuppression.objects.latest("pk").state == "refused"
    assert at_work("wang").post(path, APPROVE).status_code == 409


def test_whoever_proposed_does_not_approve(desk: Desk, at_work: At) -> None:
    waiting = proposed(desk, by="zhao")
    page = at_work("zhao").post(f"/staff/groups/mendings/{waiting.pk}/", APPROVE)
    assert page.status_code == 422
    assert BulkSuppression.objects.get().state == "proposed"


def test_who_may(desk: Desk, at_work: At) -> None:
    waiting = proposed(desk)
    assert at_work("sun").get(PAGE).status_code == 403
    assert at_work("li").post(f"/staff/groups/mendings/{waiting.pk}/", APPROVE).status_code == 403
    assert at_work("wang").post(f"/staff/groups/mendings/{waiting.pk}/take-back/").status_code == 403
    assert at_work("wang").post(PAGE, ASKED).status_code in (403, 422)
    assert BulkSuppression.objects.count() == 1


@pytest.mark.parametrize(
    "key", ["batch|police|9|arrival", "batch|police|x|arrival", "late|a|soon|police", "nonsense", "\0"]
)
def test_what_is_no_group_is_a_404(desk: Desk, at_work: At, key: str) -> None:
    assert at_work("li").get(f"/staff/groups/of/{quote(key)}/").status_code == 404
    assert at_work("wang").get("/staff/groups/mendings/987/").status_code == 404


def reach(key: str) -> int:
    return reached(key).count()


def test_the_reach_is_everybody_whom_the_piece_is_about(desk: Desk) -> None:
    assert reach(KEY) == 3
    desk.tell("ma", "close_contact")
    assert reach(KEY) == 4
    assert reach("rules|national-1:R1|-|rule") == 3
    assert reach("rules|national-1:R1|national-1:Y1|colour") == 4
    assert reach("late|a|2026-11-24T00:30:00+00:00|police") == 1
    assert reach("risk|national-1|420000|high|2026-11-01") == 0
    assert reach("something else") == reach("rules|-|-|rule") == 0


@pytest.mark.parametrize("desk", [MANY], indirect=True, ids=["many"])
def test_ten_times_as_many_cases_take_no_more_questions(
    desk: Desk, at_work: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where some of the records are left out, as somebody's colour would turn stricter without them."""
    monkeypatch.setattr("portal.official.groups.detail.PEOPLE_SHOWN", 20)
    for name in PEOPLE:
        desk.tell(name, "confirmed_case", record_id=f"police-{name}")
        desk.tell(name, "confirmed_case", source="bigdata")
        desk.tell(name, "discharged")
    desk.run()
    li = at_work("li")
    for key in (KEY, "batch|police|0|discharged"):
        with at_most(12):
            assert li.get(f"/staff/groups/of/{quote(key)}/").status_code == 200
    waiting = proposed(desk)
    wang = at_work("wang")
    with at_most(12):
        page = wang.read(f"/staff/groups/mendings/{waiting.pk}/")
    assert page.count('name="out"') == 20


def test_the_approver_sees_each_person_and_takes_some_out(desk: Desk, at_work: At) -> None:
    waiting = proposed(desk)
    path = f"/staff/groups/mendings/{waiting.pk}/take-out/"
    wang, reason = at_work("wang"), {"taken-reason_code": "evidence_thin", "taken-note": "另一人"}
    with at_most(12):
        page = wang.read(f"/staff/groups/mendings/{waiting.pk}/")
    table = page.partition("涉及的人员")[2].partition("</table>")[0]
    assert table.count("<tr>") == 1 + len(PEOPLE)
    assert re.search(r"红码.*→.*绿码", table, re.DOTALL)
    assert 'name="out"' in table
    assert 'name="out"' not in at_work("li").read(PAGE), "whoever proposed only looks"

    for lacking, told in (({"out": ["zhang"]}, "请选择"), (reason, "请先勾选至少一人")):
        answer = wang.post(path, lacking)
        assert answer.status_code == 422
        assert told in answer.content.decode()
    done = wang.post(path, {"out": ["zhang", "nobody"], **reason})
    assert (done.status_code, done.headers["Location"]) == (302, PAGE)
    after = wang.read(PAGE)
    assert "已剔除1人" in after
    assert "已剔除1条" in after
    assert after.partition("涉及的人员")[2].partition("</table>")[0].count("<tr>") == len(PEOPLE)
    assert wang.post(f"/staff/groups/mendings/{waiting.pk}/", APPROVE).status_code == 302
    assert [desk.case(name).state for name in PEOPLE] == ["received", "converged", "converged"]
