"""A mass change from the alarm to the decision, on the officials' pages and by the command."""

from datetime import timedelta
from html import escape, unescape
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from codes.models import HeldGroup, HeldGroupProposal, Run
from codes.review.proposals.held_groups import propose
from portal.commands import CommandFailed
from regions.models import City
from tests.integration.pages.people import Visitor
from tests.integration.runs.crowd import Crowd
from tests.integration.sources.officials import at_desk

MANY = range(55)


@pytest.fixture
def crowd(bare_city: City) -> Crowd:
    """55 of 60 people were told to be contacts in one batch, an hour and a half ago by the clock on the wall."""
    one = Crowd(now=timezone.now() - timedelta(hours=3, minutes=30))
    one.run()
    one.now += timedelta(hours=1)
    one.deliver(MANY)
    one.run()
    return one


def at_work(name: str) -> Visitor:
    return Visitor.as_account(name, now=timezone.now())


def group() -> HeldGroup:
    return HeldGroup.objects.get()


def test_the_alarm_stands_on_the_start_page_and_the_runs(crowd: Crowd) -> None:
    li = at_work("li").in_english()
    assert "Mass changes held: answer within the hour" in li.read("/staff/")
    runs = li.read("/staff/runs/")
    assert "1 mass change is held for two people." in runs
    assert "It is overdue." in runs
    assert "已超时。</strong>在此之前" in at_work("li").read(f"/staff/held-groups/{group().pk}/")
    assert "R1" in li.read(f"/staff/runs/{Run.objects.latest('pk').pk}/")
    assert "集中变码暂停待审" in at_work("wang").read("/staff/")


def test_the_page_names_the_cause_and_everybody_page_by_page(crowd: Crowd) -> None:
    li = at_work("li").in_english()
    address = f"/staff/held-groups/{group().pk}/"
    assert group().message_in("en") in li.read("/staff/held-groups/")
    assert "91.7%" in li.read("/staff/held-groups/"), "55 of 60 people"
    first = li.read(address)
    assert first.count("<tr data-row>") == 50
    assert "张三" not in first, "names are masked"
    following = first.partition('rel="next" href="')[2].partition('"')[0]
    assert li.read(address + following.replace("&amp;", "&")).count("<tr data-row>") == 5


def test_a_person_has_one_row_with_the_providers_beside_each_other(bare_city: City) -> None:
    """A version of the rules releases 55 people early with both providers; one of them with one alone."""
    crowd = Crowd(now=timezone.now() - timedelta(hours=3))
    crowd.deliver(MANY)
    crowd.deliver(MANY[1:], source="bigdata")
    crowd.run()
    crowd.publish(hold_days=1)
    crowd.run()
    li, address = at_work("li").in_english(), f"/staff/held-groups/{group().pk}/"
    first = li.read(address)
    rows = first.partition("Who would change")[2].split("<tr data-row>")[1:]
    assert len(rows) == 50
    assert [row.count('data-state="red"') for row in rows] == [1, *[2] * 49]
    heads = first.partition("<thead>")[2].partition("</thead>")[0]
    assert heads.index("alipay") < heads.index("wechat")
    following = first.partition('rel="next" href="')[2].partition('"')[0]
    assert li.read(address + following.replace("&amp;", "&")).count("<tr data-row>") == 5


def test_one_proposes_and_another_decides(crowd: Crowd) -> None:
    address = f"/staff/held-groups/{group().pk}/"
    li, wang = at_work("li"), at_work("wang")
    assert li.post(address, {"act": "release", "note": ""}).status_code == 422
    assert li.post(address, {"act": "release", "note": "已核对"}).status_code == 302
    proposal = HeldGroupProposal.objects.get()
    decide = f"{address}decide/{proposal.pk}/"
    assert li.post(decide, {"verb": "approve"}).status_code == 403
    assert group().message_in("zh-hans") in wang.read("/staff/approvals/?kind=held")
    wang.post(decide, {"verb": "send_back", "reason": ""})
    assert HeldGroupProposal.objects.get().state == "proposed", "a refusal says why"
    for no_button in ({}, {"verb": "approved"}):
        assert wang.post(decide, no_button).status_code == 302
        assert HeldGroupProposal.objects.get().state == "proposed", "only a button decides"
    wang.post(decide, {"verb": "approve"})
    assert group().state == HeldGroup.State.RELEASED
    page = wang.in_english().read(f"/staff/runs/{group().first_run_id}/")
    assert f"{group().message_in('en')}</a> · Released" in unescape(page)
    assert "held for two people" not in page, "nor does it say so any more"
    assert crowd.red() == set(MANY)
    assert wang.post(decide, {"verb": "approve"}).status_code == 409


def test_the_inbox_asks_as_often_for_many_groups_as_for_one(crowd: Crowd) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            html = wang.read("/staff/approvals/?kind=held")
        assert html.count(message) == HeldGroupProposal.objects.count()
        return len(captured)

    one, wang = group(), at_work("wang").in_english()
    message = escape(one.message_in("en"))
    proposed = propose(one.pk, act="release", reason="The delivery is right.", by="li", now=timezone.now())
    asked()
    few = asked()
    for number in range(5):
        one.pk, one.key = None, f"copy {number}"
        one.save(force_insert=True)
        proposed.pk, proposed.group = None, one
        proposed.save(force_insert=True)
    assert asked() == few


def command(*arguments: str, by: str) -> str:
    out = StringIO()
    call_command("decide_group", str(group().pk), "--city=beta", f"--by={by}", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_of_two_people(crowd: Crowd) -> None:
    out = StringIO()
    call_command("decide_group", "--city=beta", stdout=out)
    assert "55 would turn red, 0 green early, of 60" in out.getvalue()
    with pytest.raises(CommandFailed, match="Say why"):
        command("--refuse", by="li")
    assert "an approver who is not li decides" in command("--refuse", "--reason=wrong", by="li")
    with pytest.raises(CommandFailed, match="not to release it"):
        command("--release", by="wang")
    with pytest.raises(CommandFailed, match="role"):
        command("--refuse", by="li")
    assert "is refused; 55 people were judged again" in command("--refuse", by="wang")
    left = StringIO()
    call_command("decide_group", "--city=beta", stdout=left)
    assert left.getvalue() == "No mass change is held.\n"
    assert crowd.red() == set()


def test_a_run_that_keeps_something_back_says_so_and_exits_3(crowd: Crowd) -> None:
    with pytest.raises(CommandFailed, match="ended partial: held for two people: R1") as ended:
        call_command("recompute", "--city=beta", "--here", "--no-collect", stdout=StringIO())
    assert ended.value.returncode == 3


def test_others_are_kept_out(crowd: Crowd) -> None:
    address = f"/staff/held-groups/{group().pk}/"
    security = at_desk("sec", "security_admin", now=timezone.now())
    assert security.get(address).status_code == 403
    assert "集中变码暂停" not in security.read("/staff/")
    manager = at_desk("man", "source_manager", now=timezone.now())
    assert "集中变码" in manager.read(address)
    assert manager.post(address, {"act": "release", "note": "x"}).status_code == 403
