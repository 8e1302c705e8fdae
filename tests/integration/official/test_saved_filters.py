"""Saved filters of the queue: each official's own, with unique names, one of them the default."""

from codes.models import SavedFilter
from codes.review.cases.saved_filters import MOST, save_filter
from tests.integration.official.conftest import At
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

QUEUE = "/staff/queue/"
SAVE = f"{QUEUE}filters/"


def kept(visitor: Visitor, query: str, name: str, **more: str) -> str:
    """The page after keeping a filter."""
    return visitor.post(f"{SAVE}{query}", {"name": name, **more}, follow=True).content.decode()


def named() -> list[tuple[str, str, bool]]:
    return list(SavedFilter.objects.order_by("pk").values_list("name", "query", "is_default"))


def test_a_filter_is_kept_once_and_stands_at_the_top_of_the_queue(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    kept(li, "?severity=red&kind=disagreement", " 红码 ")
    kept(li, "?kind=disagreement&severity=red&page=", "红码不一致")
    assert named() == [("红码不一致", "kind=disagreement&severity=red", False)]
    assert "已有同名" in kept(li, "?overdue=1", "红码不一致")
    assert len(named()) == 1
    with at_most(12):
        page = li.read(f"{QUEUE}?overdue=1")
    top = page.partition('class="filters"')[0]
    assert f'href="{QUEUE}?kind=disagreement&amp;severity=red"' in top
    assert "红码不一致" not in at_work("wu").read(QUEUE)
    assert "请先筛选" in kept(li, "", "全部")
    assert len(named()) == 1


def test_the_queue_begins_with_the_default_until_it_is_taken_back(desk: Desk, at_work: At) -> None:
    li = at_work("li")
    kept(li, "?kind=appeal", "申诉", is_default="1")
    kept(li, "?severity=red", "红码", is_default="1")
    assert named() == [("申诉", "kind=appeal", False), ("红码", "severity=red", True)]
    assert li.get(QUEUE).headers["Location"] == f"{QUEUE}?severity=red"
    assert desk.case("chen").number in li.read(f"{QUEUE}?all=1")
    red = SavedFilter.objects.get(name="红码")
    li.post(f"{SAVE}{red.pk}/", {"act": "default"})
    assert li.get(QUEUE).status_code == 200
    li.post(f"{SAVE}{red.pk}/")
    assert SavedFilter.objects.filter(pk=red.pk).exists(), "only a button removes it"
    li.post(f"{SAVE}{red.pk}/", {"act": "remove"})
    assert named() == [("申诉", "kind=appeal", False)]


def test_nobody_touches_anothers_and_nobody_keeps_too_many(desk: Desk, at_work: At) -> None:
    for number in range(MOST):
        save_filter(name=f"第{number}个", query=f"group={number}", is_default=False, by="li")
    assert f"{MOST}个" in kept(at_work("li"), "?overdue=1", "再一个")
    assert SavedFilter.objects.count() == MOST
    one = SavedFilter.objects.earliest("pk")
    for act in ("default", "remove"):
        assert at_work("wu").post(f"{SAVE}{one.pk}/", {"act": act}).status_code == 404
    assert SavedFilter.objects.count() == MOST
