"""Deciding about a held run on its page: what is refused is said in the page's language."""

from collections.abc import Callable

from codes.models import Run
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

At = Callable[[str], Visitor]


def test_a_refused_release_is_said_in_chinese_on_a_chinese_page(desk: Desk, at_work: At) -> None:
    run = Run.objects.latest("pk")
    path = f"/staff/runs/{run.pk}/decide/"
    wang = at_work("wang")

    settled = wang.post(path, {"verb": "release"})
    assert settled.status_code == 409
    assert "该计算任务已不在暂停状态" in settled.content.decode()

    Run.objects.filter(pk=run.pk).update(state=Run.State.HELD)
    wang.post(path, {"verb": "release"})
    assert wang.post(path, {"verb": "release"}).status_code == 302
    assert "提出人不能审批本人的提议" in wang.read(f"/staff/runs/{run.pk}/")
    run.refresh_from_db()
    assert (run.state, run.release_asked_by, run.released_by) == (Run.State.HELD, "wang", "")
