"""The officials' pages of a city with disagreements: they answer, give reasons, need few queries, and refuse everybody else."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from codes.models import Case, Run, RunFault
from codes.runs.partitions import evaluate_range
from codes.runs.settle import settle
from codes.runs.steps import freeze_providers
from portal.official.cases import views as cases_views
from portal.official.groups import views as groups_views
from portal.official.home import dashboard
from portal.official.queue import views as queue_views
from portal.official.runs import views as runs_views
from regions.models import City
from regions.staff.accounts import add_staff
from regions.staff.roles import Role
from tests.integration.engine.loading import load_world
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk
from tests.oracle import disagreements
from tests.worlds import random_world

PAGES = [queue_views.queue, groups_views.groups, runs_views.run_list, dashboard.dashboard]


@pytest.fixture
def judged_city(bare_city: City) -> City:
    """A city whose providers disagree about some of its people."""
    drawn = (random_world(seed, people=60) for seed in range(30))
    scene = next(one for one in drawn if len(disagreements(one.world, one.day, one.as_of)) > 3)
    load_world(scene.world, known_at=scene.as_of)
    run = Run.objects.create(
        day=scene.day, as_of=scene.as_of, started_by="test", started_at=scene.as_of, state=Run.State.SETTLING
    )
    freeze_providers(run)
    evaluate_range(run=run, low=0, high=2**62, zone=str(scene.world.zone))
    settle(run, now=scene.as_of)
    assert Case.objects.exists()
    return bare_city


def shown(view: object, *roles: Role, path: str = "/staff/", name: str = "wang", **values: object) -> str:
    """What the page says to somebody with these roles."""
    account, _ = add_staff(
        username=name, roles=[role.value for role in roles], by="system", now=Run.objects.latest("pk").as_of
    )
    request = RequestFactory().get(path)
    request.user, request.session = account, {}  # type: ignore[assignment]
    response = view(request, **values)  # type: ignore[operator]
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("view", PAGES)
def test_a_reviewer_sees_the_page(judged_city: City, view: object) -> None:
    assert "<h1>" in shown(view, Role.REVIEWER)


def test_the_queue_leads_to_its_cases(judged_city: City) -> None:
    case = Case.objects.order_by("due_at", "id")[0]
    assert case.number in shown(queue_views.queue, Role.REVIEWER)


def test_a_case_says_why(judged_city: City) -> None:
    case = Case.objects.filter(disagreement__pairs__isnull=False).order_by("id")[0]
    page = shown(cases_views.case_page, Role.REVIEWER, number=case.number)
    assert "<mark>" in page
    assert page.count("<article>") >= 2


def test_a_run_page_shows_its_providers(judged_city: City) -> None:
    run = Run.objects.latest("pk")
    page = shown(runs_views.run_page, Role.REVIEWER, run_id=run.pk)
    assert all(one.provider.title_zh in page for one in run.providers.select_related("provider"))


@pytest.mark.parametrize("view", PAGES[:2])
def test_somebody_without_the_role_is_refused(judged_city: City, view: object) -> None:
    with pytest.raises(PermissionDenied):
        shown(view, Role.SECURITY_ADMIN)


def test_what_shows_a_run_under_way_asks_for_the_whole_of_itself_until_it_has_ended(judged_city: City) -> None:
    """Not for its progress alone: what was collected, judged and changed is on the same page. The list asks on, for the next run.

    What it changed is counted when it has ended: until then there is no number that would be another a second later.
    """
    run = Run.objects.latest("pk")
    for state, asks, often in ((Run.State.EVALUATING, True, "every 5s"), (Run.State.DONE, False, "every 10s")):
        Run.objects.update(state=state, ended_at=None if asks else run.as_of)
        listed = shown(runs_views.run_list, Role.REVIEWER, path="/staff/runs/", name="zhao" if asks else "wu")
        page = shown(runs_views.run_page, Role.REVIEWER, run_id=run.pk, name="sun" if asks else "qian")
        assert f'id="runs" hx-get="/staff/runs/" hx-trigger="{often}"' in listed
        _, _, renewed = page.partition('<div class="renewed" id="run"')
        assert ("hx-get" in renewed) == asks
        assert renewed.count("<h2>") == page.count("<h2>") >= (1 if asks else 4)
        assert ("产生的变化" in page) != asks


@pytest.mark.parametrize("roles", [(Role.REVIEWER, Role.APPROVER), (Role.SECURITY_ADMIN,), (Role.AUDITOR,)])
def test_the_overview_asks_little_whatever_waits_and_failed(desk: Desk, roles: tuple[Role, ...]) -> None:
    """While the newest run has failed, and also for somebody who has both roles of the desk."""
    last = Run.objects.latest("pk")
    told: dict[str, Any] = {"as_of": desk.now, "started_by": "system", "started_at": desk.now, "ended_at": desk.now}
    Run.objects.create(
        day=last.day,
        sequence=last.sequence + 1,
        state="failed",
        fault=RunFault.SETTLING_FAILED,
        params={"attempts": 3},
        **told,
    )
    somebody = Visitor.at_work(*roles, now=desk.now, username="he")
    somebody.read("/staff/")
    with at_most(12):
        page = somebody.read("/staff/")
    assert ("notice-error" in page) == (Role.SECURITY_ADMIN not in roles)


def test_a_nought_of_a_run_is_a_figure(desk: Desk) -> None:
    """A dash is for what nobody knows, as of a run that has failed."""
    reader = Visitor.at_work(Role.REVIEWER, now=desk.now, username="he")
    counts = {"disagreements": {"standing": 0}, "cases": {"opened": 0}, "effective_changes": 0}
    Run.objects.filter(pk=Run.objects.latest("pk").pk).update(counts=counts)
    rows = reader.read("/staff/runs/")
    assert re.findall(r'<td class="number">([^<]*)</td>', rows)[:3] == ["0", "0", "0"]
    Run.objects.filter(pk=Run.objects.latest("pk").pk).update(counts={})
    rows = reader.read("/staff/runs/")
    assert re.findall(r'<td class="number">([^<]*)</td>', rows)[:3] == ["–", "–", "–"]
