"""My code: the colour, the four answers, both providers, and at most twelve database queries."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from codes.forecast.outlook import effective_outlook
from codes.forecast.sentences import render_outlook
from codes.models import Case, Citizen, Entry, Message, Provider, Registration, Rule
from portal.templatetags.citizen import area_label
from portal.web.sessions import CITIZEN
from regions.staff.models import Session
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]


def test_a_red_code_answers_the_four_questions_in_chinese(visitor: Opens) -> None:
    page = visitor("zhang").read("/code/")
    for said in ("红码", "为什么？", "谁的数据？", "到什么时候？", "该怎么做？", "查清之前，本市以较严的颜色为准"):
        assert said in page


def test_both_providers_stand_side_by_side_with_the_cause(visitor: Opens) -> None:
    page = visitor("zhang").in_english().read("/code/")
    assert page.count('class="provider"') == 2
    assert 'data-state="green"' in page
    assert 'data-state="red"' in page
    assert "recorded" in page


@pytest.mark.parametrize("name", ["zhang", "chen", "liu"])
def test_the_page_asks_at_most_twelve_questions_and_two_when_it_is_opened_again(visitor: Opens, name: str) -> None:
    person = visitor(name)
    person.read("/code/pass/")
    with at_most(12):
        first = person.read("/code/")
    with at_most(2):
        again = person.read("/code/")
    assert _lasting(again) == _lasting(first)
    assert again != first, "the pass is of its moment"


def _lasting(page: str) -> str:
    """Without what is another with every look: the code, the numbers of a form."""
    return re.sub(r'd="M4 4\.5[^"]*"|value="[A-Za-z0-9-]{10,}"', "", page)


def test_renewing_the_pass_asks_only_for_the_code(visitor: Opens) -> None:
    person = visitor("zhang")
    person.read("/code/pass/")
    with at_most(2):
        page = person.read("/code/pass/")
    assert "<html" not in page
    assert "红码" in page


def test_who_is_not_known_any_more_is_asked_to_sign_in(desk: Desk) -> None:
    for path in ("/code/", "/code/pass/"):
        answer = Visitor.signed_in(Citizen(pk=2**40), now=desk.now).get(path)
        assert answer.headers["Location"].startswith("/sign-in/")


def test_what_is_signed_says_whose_code_it_is(desk: Desk, visitor: Opens) -> None:
    """The column by which it is read with the session is a copy: another's shows nothing of theirs, and without one all is read apart."""
    person = visitor("zhang")
    known = Session.objects.filter(session_key=person.client.session.session_key)
    assert known.get().citizen_id == desk.citizen("zhang").pk
    mine = _lasting(person.read("/code/"))
    assert 'data-state="red"' in mine
    for copied in (_nobody_knows_anything_of("anna", desk).client.session[CITIZEN]["id"], 2**40, None):
        known.update(citizen_id=copied)
        assert _lasting(person.read("/code/")) == mine
        assert "红码" in person.read("/code/pass/")


def test_a_browser_is_sent_the_cookie_of_forms_once(visitor: Opens) -> None:
    """The forms of the page that came without it are taken as those of the first."""
    person = visitor("zhang")
    person.client.handler.enforce_csrf_checks = True
    assert settings.CSRF_COOKIE_NAME in person.get("/code/").cookies
    again = person.get("/code/")
    assert settings.CSRF_COOKIE_NAME not in again.cookies
    (token, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', again.content.decode())
    assert person.post("/display/size/", {"csrfmiddlewaretoken": token}).status_code == 302
    assert person.post("/display/size/").status_code == 403
    person.client.cookies[settings.CSRF_COOKIE_NAME] = "another"
    assert settings.CSRF_COOKIE_NAME in person.get("/code/").cookies


def _nobody_knows_anything_of(name: str, desk: Desk) -> Visitor:
    """Somebody who applied with both providers before the last run."""
    told = desk.now - timedelta(hours=3)
    person = Citizen.objects.create(ref=name, id_type="99", id_hash=name.encode(), id_encrypted=b"-", known_since=told)
    for provider in Provider.objects.all():
        Registration.objects.create(citizen=person, provider=provider, registered_at=told)
    return Visitor.signed_in(person, now=desk.now)


def test_the_page_of_somebody_green_is_read_once_for_all_and_never_out_of_date(desk: Desk) -> None:
    """Whatever changes what is shown, changes it at once: a name, a delivery, a matter, a retired provider, a record."""
    anna, bert = (_nobody_knows_anything_of(name, desk) for name in ("anna", "bert"))
    first = anna.read("/code/")
    assert 'class="face" data-state="green"' in first
    with at_most(2):
        assert anna.read("/code/").count('class="provider"') == 2
    with at_most(2):
        assert bert.read("/code/").count('class="provider"') == 2
    assert "What each provider shows" in anna.in_english().read("/code/")
    Provider.objects.filter(code="wechat").update(title_zh="新名", title_en="New name")
    assert "新名" in bert.read("/code/")
    desk.run(desk.now + timedelta(minutes=3))
    assert first.count("10:03") < bert.read("/code/").count("10:03")
    case = desk.case("zhang")
    Case.objects.filter(pk=case.pk).update(citizen=desk.citizen("bert"))
    assert case.number in bert.read("/code/")
    desk.tell("anna", "spacetime_overlap")
    desk.run(desk.now + timedelta(minutes=4))
    assert 'data-state="red"' in anna.read("/code/")
    Provider.objects.filter(code="wechat").update(retired=True)
    assert bert.read("/code/").count('class="provider"') == 1


def test_without_scripts_the_page_renews_itself(visitor: Opens) -> None:
    assert '<noscript><meta http-equiv="refresh" content="50"></noscript>' in visitor("zhang").read("/code/")


def test_a_ruling_shows_at_once(desk: Desk, visitor: Opens) -> None:
    person = visitor("zhang")
    assert "红码" in person.read("/code/")
    desk.approve(desk.propose("zhang", "green"))
    page = person.read("/code/")
    assert 'class="face" data-state="green"' in page
    assert "人工复核决定" in page


def test_nothing_on_the_page_is_inline_or_from_elsewhere(visitor: Opens) -> None:
    response = visitor("zhang").get("/code/")
    page = response.content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert "javascript:" not in page
    assert "onclick" not in page
    assert all(one.startswith("/static/") for one in _sources(page))
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_no_cache_keeps_the_page(visitor: Opens) -> None:
    assert visitor("zhang").get("/code/").headers["Cache-Control"] == "no-store, private"


def test_the_session_ends_after_twenty_idle_minutes(
    desk: Desk, visitor: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = visitor("zhang")
    later = desk.now + timedelta(minutes=19)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    person.read("/code/")
    monkeypatch.setattr("django.utils.timezone.now", lambda: later + timedelta(minutes=21))
    response = person.get("/code/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/sign-in/?next=%2Fcode%2F"


def _sources(page: str) -> list[str]:
    return [part.split('"')[0] for mark in ('src="', 'rel="stylesheet" href="') for part in page.split(mark)[1:]]


def test_the_way_to_green_is_the_forecasts(desk: Desk, visitor: Opens) -> None:
    """The day, the count of days and what to do are what ``codes.forecast`` says."""
    way = effective_outlook(desk.citizen("zhang").pk, now=desk.now)
    assert way
    told = render_outlook(way, language="zh-hans", title_of=str)
    page = visitor("zhang").read("/code/")
    assert told.count in page
    assert all(sentence in page for sentence in told.todo)


def test_what_was_drawn_before_is_never_shown_of_another_reading(desk: Desk, visitor: Opens) -> None:
    """Of somebody who is not green: their page changes with whatever it is made from, though nothing takes it back."""
    person = visitor("zhang")
    page = person.read("/code/")
    assert "新名" not in page
    assert 'class="new"' in page
    Message.objects.update(read_at=desk.now)
    assert 'class="new"' not in person.read("/code/")
    Provider.objects.filter(code="wechat").update(title_zh="新名")
    assert "新名" in person.read("/code/")
    assert "Red" in person.in_english().read("/code/")
    assert _lasting(visitor("liu").read("/code/")) != _lasting(visitor("zhang").read("/code/"))


def test_a_check_in_of_today_is_seen_at_once(desk: Desk, visitor: Opens) -> None:
    Rule.objects.filter(code="R2").update(checkin_days=14)
    desk.run()
    person = visitor("zhang")
    assert "身体健康，今日打卡" in person.read("/code/")
    person.post("/check-in/", {"healthy": "yes", "number": "B20261124-ABCDEFGH"})
    page = person.read("/code/")
    assert "今日健康打卡已完成" in page
    assert "身体健康，今日打卡" not in page


def test_whoever_checked_in_too_late_is_told(desk: Desk, visitor: Opens) -> None:
    Rule.objects.filter(code="R2").update(checkin_days=14)
    desk.run()
    person = visitor("zhang")
    assert "打卡晚于次日" not in person.read("/code/")
    late_check_ins(desk, "zhang")
    assert "有2次打卡晚于次日，不计入天数。" in person.read("/code/")


def late_check_ins(desk: Desk, ref: str) -> None:
    """Two days of one person, reported to each of their providers two days after."""
    for registration in Registration.objects.filter(citizen__ref=ref):
        for ago in (2, 3):
            Entry.objects.create(
                citizen=registration.citizen,
                provider=registration.provider,
                entry_id=f"late-{ago}",
                type="check_in",
                day=desk.now.date() - timedelta(days=ago),
                healthy=True,
                late=True,
                instant=desk.now,
                received_at=desk.now,
                digest=b"x",
            )


def test_a_green_that_the_citys_rule_gives_does_not_deny_the_record_of_the_other_provider() -> None:
    said = render_to_string(
        "citizen/green.html", {"mine": {"because": "policy", "state": "green"}, "policy": "以支付宝为准。"}
    )
    assert "以支付宝为准。" in said
    assert "各渠道均无" not in said


def test_a_third_provider_folds_the_other_pairs_away() -> None:
    pairs = [{"diagnosis": {"sentence": name}} for name in ("甲乙", "甲丙", "乙丙")]
    said = render_to_string("citizen/differences.html", {"mine": {"differences": pairs}})
    first, _summary, others = said.partition("<summary>")
    assert "甲乙" in first
    assert "甲丙" not in first
    assert others.index("甲丙") < others.index("乙丙") < others.index("</details>")
    assert "<details" not in render_to_string("citizen/differences.html", {"mine": {"differences": pairs[:1]}})


@pytest.mark.parametrize(
    ("code", "said"), [("510100", "成都市"), ("533199", "德宏傣族景颇族自治州境内"), ("990000", "外地")]
)
def test_a_place_is_never_called_by_a_code(code: str, said: str) -> None:
    assert area_label(code) == said
