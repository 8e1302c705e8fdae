"""Declarations and check-ins: one question a page, checked answers, a number, and one entry even if sent several times."""

import re
from collections.abc import Callable

import pytest

from codes.models import Entry, Fact, Provider
from portal.citizen.declarations.views import MOST_STAYS
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
BOTH = ["alipay", "wechat"]


@pytest.fixture
def chen(desk: Desk, visitor: Opens) -> Visitor:
    return visitor("chen")


def answer_all(person: Visitor) -> None:
    person.get("/declare/")
    person.post("/declare/to/", {"providers": BOTH})
    person.post("/declare/symptoms/", {"has": "yes", "symptoms": ["dry_cough"]})
    person.post("/declare/contact/", {"contact": "no"})
    person.post("/declare/stays/", {"act": "add", "area": "武汉市", "from_day": "2026-11-10", "left_on": "2026-11-12"})
    person.post("/declare/stays/", {"act": "on"})
    person.post("/declare/arrival/", {"came": "yes", "from_area": "420100", "on": "2026-11-12"})


def test_ticked_symptoms_are_a_yes(chen: Visitor) -> None:
    """Whoever ticks a fever and overlooks the yes above it is not sent back; two answers that differ are asked about."""
    chen.post("/declare/to/", {"providers": BOTH})
    for differing in ({"has": "no", "symptoms": ["dry_cough"]}, {}):
        assert "Location" not in chen.post("/declare/symptoms/", differing).headers
    assert chen.post("/declare/symptoms/", {"symptoms": ["dry_cough"]}).headers["Location"] == "/declare/contact/"


def test_a_declaration_becomes_one_entry_for_each_provider(chen: Visitor) -> None:
    answer_all(chen)
    check = chen.read("/declare/check/")
    for said in ("干咳", "武汉市", "2026年11月10日至2026年11月12日", "来自湖北省武汉市"):
        assert said in check
    sent = chen.post("/declare/check/").headers["Location"]
    entries = Entry.objects.filter(citizen__ref="chen", type="declaration", entry_id=sent.split("/")[-2])
    assert sorted(entries.values_list("provider__code", flat=True)) == BOTH
    done = chen.read(sent)
    assert f'href="{sent}"' in chen.read("/data/"), "the number is found again"
    assert sent.split("/")[-2] in done
    [counts_from] = re.findall(r"自(2026年\S+ \S+)重新核算起计入", done)
    assert counts_from in chen.read("/code/").split("尚未计入")[1], "the same as on My code"
    kinds = Fact.objects.filter(citizen__ref="chen", origin="provider", provider__code="alipay").values_list(
        "kind", flat=True
    )
    assert sorted(kinds) == ["area_stay", "arrival", "symptom"]


def test_sending_twice_is_one_declaration_and_shows_it(chen: Visitor) -> None:
    answer_all(chen)
    done = chen.post("/declare/check/").headers["Location"]
    for address in ("/declare/check/", "/declare/arrival/", "/declare/stays/"):
        assert chen.get(address).headers["Location"] == done
    assert chen.post("/declare/check/").headers["Location"] == done
    assert Entry.objects.filter(citizen__ref="chen", type="declaration").count() == 2
    assert chen.post("/declare/to/", {"providers": BOTH}).headers["Location"] == "/declare/symptoms/"


def test_the_content_names_nobody(chen: Visitor) -> None:
    answer_all(chen)
    chen.post("/declare/check/")
    content = str(Entry.objects.filter(citizen__ref="chen", type="declaration").latest("pk").content)
    assert "id_number" not in content
    assert "full_name" not in content


@pytest.mark.parametrize(
    ("page", "said", "told"),
    [
        ("to", {}, "请至少选择一项"),
        ("symptoms", {"has": "yes"}, "请选择症状"),
        ("symptoms", {"has": "no", "symptoms": ["fever"]}, "您在下方勾选了症状"),
        ("stays", {"act": "add", "area": "没有这个地方", "from_day": "2026-11-10"}, "未找到该地名"),
        ("stays", {"act": "add", "area": "武汉市", "from_day": "2026-11-30"}, "日期不能晚于今天"),
        (
            "stays",
            {"act": "add", "area": "420100", "from_day": "2026-11-10", "left_on": "2026-11-09"},
            "离开日期不能早于",
        ),
        ("stays", {"act": "add", "area": "朝阳区", "from_day": "2026-11-10"}, 'value="220104"'),
        ("stays", {"act": "add", "area": "武汉", "from_day": "1990-05-01"}, "请核对年份"),
        ("stays", {"act": "add", "area": "武汉", "from_day": "2026-10-01", "left_on": "2026-10-09"}, "无需申报"),
        ("arrival", {"came": "yes", "from_area": "武汉", "on": "2026-10-09"}, "已超过14天"),
        ("arrival", {"came": "yes"}, "请填写来自何地"),
        ("arrival", {"came": "abroad"}, "请填写日期"),
    ],
)
def test_an_answer_that_cannot_be_is_told_with_what_to_do(
    chen: Visitor, page: str, said: dict[str, str], told: str
) -> None:
    answer_all(chen)
    answer = chen.post(f"/declare/{page}/", said)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


PLACES = ["武汉", "海淀区", "北京市海淀区", "香港", "武汉市江岸区"]


def test_places_are_taken_as_people_write_them(chen: Visitor) -> None:
    """Each once, however often and in whatever words it is named."""
    answer_all(chen)
    for place in PLACES:
        chen.post("/declare/stays/", {"act": "add", "area": place, "from_day": "2026-11-10"})
    chosen = {"area": "朝阳区", "area-for": "朝阳区", "area-code": "220104"}
    chen.post("/declare/stays/", {"act": "add", "from_day": "2026-11-10", **chosen})
    stale = {"area": "海淀", "area-for": "朝阳区", "area-code": "220104"}
    chen.post("/declare/stays/", {"act": "add", "from_day": "2026-11-10", **stale})
    page = chen.read("/declare/stays/")
    told = re.findall(r"<li><span>([^，]*)，", page)
    places = ["湖北省武汉市", "北京市海淀区", "香港特别行政区", "湖北省武汉市江岸区", "吉林省长春市朝阳区"]
    assert told[1:] == places


def test_places_are_offered_while_one_types(chen: Visitor) -> None:
    answer_all(chen)
    assert 'hx-get="/places/"' in chen.read("/declare/stays/")
    page = chen.read("/places/?field=area&area=朝阳")
    assert "北京市朝阳区" in page
    assert 'name="area-code" value="211300"' in page
    assert "<html" not in page
    assert 'value="420100" checked' in chen.read("/places/?field=areas-0-area&areas-0-area=武汉")
    assert chen.get("/places/?field=a%22b").status_code == 404


def test_pages_cannot_be_jumped(chen: Visitor) -> None:
    chen.get("/declare/")
    assert chen.get("/declare/arrival/").headers["Location"] == "/declare/to/"
    assert chen.get("/declare/check/").headers["Location"] == "/declare/to/"
    assert chen.get("/declare/nonsense/").status_code == 404


def test_a_changed_answer_leads_straight_back_to_the_check(chen: Visitor) -> None:
    answer_all(chen)
    assert 'value="dry_cough"' in chen.read("/declare/symptoms/")
    led = chen.post("/declare/symptoms/", {"has": "no"})
    assert led.headers["Location"] == "/declare/check/"
    assert "今日症状" in chen.read("/declare/check/")


def test_one_place_too_many_is_told(chen: Visitor) -> None:
    answer_all(chen)
    for day in range(1, MOST_STAYS + 1):
        place = {
            "act": "add",
            "area": "420100",
            "from_day": f"2026-11-{11 + day % 10}",
            "left_on": f"2026-11-{21 + day % 3}",
        }
        chen.post("/declare/stays/", place)
    stays = chen.read("/declare/stays/").count('value="drop-')
    answer = chen.post("/declare/stays/", {"act": "add", "area": "440100", "from_day": "2026-11-20"})
    assert stays == MOST_STAYS
    assert "一次申报最多填写20个地点" in answer.content.decode()
    assert 'value="2026-11-20"' in answer.content.decode(), "what was typed is still there"


def test_a_place_can_be_taken_away(chen: Visitor) -> None:
    answer_all(chen)
    chen.post("/declare/stays/", {"act": "drop-0"})
    assert "武汉市，" not in chen.read("/declare/stays/")


def test_one_tap_checks_in_with_every_provider(chen: Visitor) -> None:
    form = {"healthy": "yes", "number": "B20261124-ABCDEFGH"}
    for _ in range(2):
        assert chen.post("/check-in/", form).headers["Location"] == "/code/"
    entries = Entry.objects.filter(citizen__ref="chen", type="check_in", day="2026-11-24")
    assert sorted(entries.values_list("provider__code", flat=True)) == BOTH
    assert "今日健康打卡成功" in chen.read("/code/")


def test_a_retired_provider_is_neither_offered_nor_told(chen: Visitor) -> None:
    chen.get("/declare/")
    assert "wechat" in chen.read("/declare/to/")
    Provider.objects.filter(code="wechat").update(retired=True)

    assert "wechat" not in chen.read("/declare/to/")
    chen.post("/declare/to/", {"providers": BOTH})
    assert chen.get("/declare/symptoms/").status_code == 302
    chen.post("/check-in/", {"healthy": "yes", "number": ""})
    told = Entry.objects.filter(citizen__ref="chen", type="check_in").values_list("provider__code", flat=True)
    assert list(told) == ["alipay"]
    assert "微信" not in chen.read("/code/")


def test_feeling_ill_is_a_symptom(chen: Visitor) -> None:
    chen.post("/check-in/", {"healthy": "no"})
    assert Fact.objects.filter(citizen__ref="chen", kind="symptom").count() == 2
    assert "已记录您的症状" in chen.read("/code/")


def test_a_check_in_needs_an_answer(chen: Visitor) -> None:
    assert 'role="alert"' in chen.post("/check-in/", {}).content.decode()
    assert not Entry.objects.filter(type="check_in").exists()
