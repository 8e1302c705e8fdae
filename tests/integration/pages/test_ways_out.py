"""Every page names the person it is about, and offers a next step."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from codes.citizens.guardianship import accept_guardianship
from codes.models import Citizen, Guardianship, PersonAccess, Provider
from codes.passes import counter, lookup
from portal.templatetags.citizen import ACCESSED
from regions.models import City
from regions.staff.models import Account
from regions.tenancy import current_city
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_declaring import BOTH
from tests.integration.pages.test_family_and_data import ask
from tests.integration.pages.test_one_reading import text_of
from tests.integration.review.desk import Desk

PURPOSES: dict[str, str] = {
    lookup.SEEN: lookup.LookUpPurpose.values[0],
    counter.SEEN: counter.CounterPurpose.values[0],
    counter.PRINTED: counter.CounterPurpose.values[0],
}
Opens = Callable[[str], Visitor]


@pytest.fixture
def guardian(desk: Desk, visitor: Opens, picture: bytes) -> Visitor:
    """zhang, who acts for chen."""
    zhang = visitor("zhang")
    ask(zhang, picture)
    accept_guardianship(guardianship_id=Guardianship.objects.get().pk, by="li", now=desk.now)
    return zhang


def test_what_is_done_for_a_dependant_names_them_everywhere(guardian: Visitor, desk: Desk) -> None:
    about = "/family/chen"
    name = desk.citizen("chen").full_name[-1]
    answers: dict[str, dict[str, Any]] = {
        "to": {"providers": BOTH},
        "symptoms": {"has": "no"},
        "contact": {"contact": "no"},
        "stays": {"act": "none"},
        "arrival": {"came": "no"},
    }
    for page, sent in answers.items():
        shown = guardian.read(f"{about}/declare/{page}/")
        assert "返回我的健康码" in shown, page
        assert page == "to" or "您" not in _question(shown), page
        assert page == "to" or name in _question(shown), page
        guardian.post(f"{about}/declare/{page}/", sent)
    assert "返回我的健康码" in guardian.read(f"{about}/declare/check/")
    done = guardian.read(guardian.post(f"{about}/declare/check/").headers["Location"])
    assert "填写的申报" in done
    assert "您的健康码" not in done
    shown = guardian.read(f"{about}/check-in/")
    assert "今天身体怎么样" in shown
    assert "我身体健康" not in shown
    guardian.post(f"{about}/check-in/", {"healthy": "yes"})
    assert "完成今日打卡" in guardian.read(f"{about}/code/")
    number = desk.appeal("chen").number
    for address in (f"{about}/appeal/", f"{about}/appeal/done/{number}/", f"{about}/cases/{number}/"):
        assert "返回我的健康码" in guardian.read(address), address


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_about_a_dependant_takes_them_for_the_reader(guardian: Visitor, desk: Desk, language: str) -> None:
    current_city().recognition = "convert"
    guardian.client.cookies["language"] = language
    guardian.post("/family/chen/check-in/", {"healthy": "yes"})
    for what in ACCESSED:
        by = "provider:alipay" if what in ("status", "trips") else "li"
        looked = {"by": by, "what": what, "purpose": PURPOSES.get(what, "核对身份")}
        PersonAccess.objects.create(citizen=desk.citizen("chen"), at=desk.now, **looked)
    Citizen.objects.filter(ref="chen").update(names_differ=True)
    desk.appeal("chen")
    for page in ("data/", "cases/", "other-city/", "paper/", "code/", "code/calendar/", "code/history/"):
        read = guardian.read(f"/family/chen/{page}")
        assert re.findall(r'<a href="([^"]+)" aria-current="page"', read) == ["/family/"], "not in one's own"
        told = text_of(read)
        assert not re.search(r"您|你|\b[Yy]ours?\b|\b[Yy]ou\b", told), (page, told)


def _question(page: str) -> str:
    """The heading or the legend that asks."""
    first = page.partition("<legend>")[2].partition("</legend>")[0]
    return page.partition("<h1>")[2].partition("</h1>")[0] or first


def test_every_dead_end_names_who_helps(desk: Desk, visitor: Opens, stranger: Visitor) -> None:
    nobody_holds = visitor("liu")
    pages = [(stranger, "/"), (stranger, "/sign-in/"), (stranger, "/phone/"), (nobody_holds, "/appeal/")]
    for person, address in pages:
        assert 'href="tel:12345"' in person.read(address), address
    without = render_to_string("components/help.html", {"city": City(hotline=""), "city_name": "乙市"})
    assert "tel:" not in without
    assert "街道办事处" in without


def test_a_form_that_is_opened_by_its_address_is_told_so_in_both_languages(visitor: Opens) -> None:
    person = visitor("chen")
    answer = person.get("/data/copy/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "此网址仅用于提交表单" in answer.content.decode()
    person.post("/display/language/", {"language": "en"})
    assert "This page only takes a form" in person.get("/data/copy/").content.decode()


def test_a_stale_form_leads_back_to_its_page(desk: Desk) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "beta.localhost"})
    answer = browser.post("/sign-in/", {}, headers={"referer": "http://beta.localhost/sign-in/"})
    assert answer.status_code == 403
    assert '<a href="/sign-in/">' in answer.content.decode()
    for elsewhere in ("http://evil.example/sign-in/", "http://[::1"):
        answer = browser.post("/sign-in/", {}, headers={"referer": elsewhere})
        assert answer.status_code == 403
        assert "/sign-in/" not in answer.content.decode()


def test_who_looked_is_told_in_words(desk: Desk, visitor: Opens) -> None:
    Account.objects.filter(username="li").update(office="乙市疾控中心")
    chen = desk.citizen("chen")
    for by, purpose, what in (("li", "核对身份", "identity"), ("provider:alipay", "API", "status")):
        PersonAccess.objects.create(citizen=chen, at=desk.now, by=by, purpose=purpose, what=what)
    looked = visitor("chen").read("/data/").partition("谁查看过")[2]
    assert "乙市疾控中心" in looked
    assert Provider.objects.get(code="alipay").title_zh in looked
    for code in ("provider:", "API", ">li<"):
        assert code not in looked
    seen = [
        PersonAccess(citizen=chen, at=desk.now - timedelta(minutes=nth), by="li", purpose="核对身份", what="identity")
        for nth in range(30)
    ]
    PersonAccess.objects.bulk_create(seen)
    page = visitor("chen").read("/data/")
    assert re.search(r'rel="next" href="\?after=[^"#]+#looked"', page), "the next ones are not sought below all else"
    assert 'id="looked"' in page
