"""My code by day and its history: missing check-ins, past codes, and the cause of each change."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.staticfiles import finders
from PIL import Image

from codes.citizens.guardianship import Relation
from codes.effective import daily_codes
from codes.models import Citizen, EffectiveChange, Entry, Guardianship, Provider, Registration, Rule, Run
from regions.masking import mask_name
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_one_reading import text_of
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
CALENDAR, HISTORY = "/code/calendar/", "/code/history/"
ASKS_NOTHING = "目前没有需要打卡的记录，因此不存在缺卡"


def check_in(desk: Desk, ref: str, provider: str, *, ago: int, healthy: bool = True, late: bool = False) -> None:
    """As a provider reported it, for the day so many days ago."""
    Entry.objects.create(
        citizen=desk.citizen(ref), provider=Provider.objects.get(code=provider), entry_id=f"{ref}-{ago}",
        type="check_in", day=desk.now.date() - timedelta(days=ago), healthy=healthy, late=late,
        instant=desk.now - timedelta(days=0 if late else ago), received_at=desk.now, digest=b"x",
    )  # fmt: skip


def row_of(page: str, day: datetime) -> str:
    """What stands in the row of a day."""
    return text_of(page.split(f'datetime="{day:%Y-%m-%d}"')[1].split("</li>", maxsplit=1)[0])


def test_the_missing_and_the_late_day_are_named_per_provider(desk: Desk, visitor: Opens) -> None:
    Rule.objects.filter(code="R2").update(checkin_days=14)
    desk.run()
    today, yesterday, before = (desk.now - timedelta(days=ago) for ago in range(3))
    check_in(desk, "zhang", "wechat", ago=2, late=True)
    zhang = visitor("zhang")
    assert f'href="{CALENDAR}"' in zhang.read("/code/").split("该怎么做？")[1].split("</section>")[0]
    with at_most(12):
        page = zhang.read(CALENDAR)
    told = text_of(page)
    assert "自11月22日起须连续健康打卡14天，目前最长连续0天。" in told
    assert "缺卡：11月23日。" in told
    assert "补报过晚、不计入：11月22日。" in told
    assert "11月23日的打卡，若由渠道自己的应用在今日内补报，仍然计入。" in told
    assert "缺卡" in row_of(page, yesterday)
    assert "过晚" in row_of(page, before)
    assert "无需打卡" in row_of(page, yesterday), "alipay counts nothing"
    assert "今日" in row_of(page, today)
    assert "尚未打卡" in row_of(page, today)
    assert page.count('aria-current="date"') == 1
    assert page.split('aria-current="date"')[1].count('href="#i-red"') >= 1
    assert page.count('class="day-date"') == 14

    zhang.post("/check-in/", {"healthy": "yes", "number": "B20261124-ABCDEFGH"})
    page = zhang.read(CALENDAR)
    assert "目前最长连续1天" in text_of(page)
    assert "已打卡" in row_of(page, today)
    check_in(desk, "zhang", "wechat", ago=1, healthy=False)
    english = text_of(zhang.in_english().read(CALENDAR))
    assert "Missing:" not in english
    assert "Symptoms were reported, so that these days do not count: 23 November." in english

    Citizen.objects.filter(ref="liu").update(full_name="刘小三")
    Guardianship.objects.create(
        guardian=desk.citizen("liu"), dependant=desk.citizen("zhang"), relation=Relation.CHILD,
        asked_at=desk.now, accepted=True, reviewed_at=desk.now, reviewed_by="li",
    )  # fmt: skip
    liu = visitor("liu")
    for path in (CALENDAR, HISTORY):
        page = liu.read(f"/family/zhang{path}")
        assert mask_name(desk.citizen("zhang").full_name) in text_of(page)
        assert 'href="/family/zhang/code/"' in page
    assert "补报过晚" in text_of(liu.read(f"/family/zhang{CALENDAR}"))


def test_where_nothing_counts_check_ins_no_day_is_missing(desk: Desk, visitor: Opens) -> None:
    """Held by a rule that waits only; and green, held by nothing, whose sides are the same for all."""
    chen = visitor("chen")
    anna = Citizen.objects.create(
        ref="anna", id_type="99", id_hash=b"anna", id_encrypted=b"-", known_since=desk.now - timedelta(hours=3)
    )
    for provider in Provider.objects.all():
        Registration.objects.create(citizen=anna, provider=provider, registered_at=desk.now - timedelta(hours=3))
    plain = Visitor.signed_in(anna, now=desk.now)
    assert f'href="{CALENDAR}"' not in chen.read("/code/").split("该怎么做？")[1].split("</section>")[0]
    for person, shape in ((chen, "yellow"), (plain, "green")):
        with at_most(12):
            page = person.read(CALENDAR)
        assert ASKS_NOTHING in text_of(page)
        assert "缺卡：" not in text_of(page)
        assert "尚未打卡" not in page
        assert page.count('class="day-mark"') == 14, "both providers count alike"
        assert f'href="#i-{shape}"' in page.split('aria-current="date"')[1].split("</li>")[0]
        assert "未判定" in row_of(page, desk.now - timedelta(days=1)), "before the first run nobody was green"
        assert f'href="{CALENDAR}"' in person.read("/code/")
        assert f'href="{HISTORY}"' in person.read("/code/")
    assert "尚未变化" in text_of(plain.read(HISTORY))


def test_a_day_without_a_run_keeps_no_colour_but_red(desk: Desk) -> None:
    """As it was shown then: what a run settled is valid to the end of the day after."""
    day = Run.objects.latest("pk").day
    later = desk.now + timedelta(days=3)
    for name, colours in {"zhang": ["red"] * 4, "chen": ["yellow", "yellow", "unknown", "unknown"]}.items():
        told = daily_codes(desk.citizen(name).pk, since=day, now=later)
        assert [told[day + timedelta(days=nth)] for nth in range(4)] == colours


def test_the_history_says_what_brought_each_change(desk: Desk, visitor: Opens) -> None:
    """A record, two officials, a silent source, a rule of the city; twenty changes on a page."""
    desk.approve(desk.propose("zhang", "green"))
    desk.run(desk.now + timedelta(days=10))
    desk.run(desk.now + timedelta(days=11, hours=12), silent=("police",))
    zhang = visitor("zhang")
    with at_most(12):
        page = zhang.read(HISTORY)
    rows = [text_of(part) for part in page.split('<ol class="records">')[1].split("</ol>")[0].split("<li>")[1:]]
    held, again, ruled, first = rows
    assert "数据源未按时送达" in held
    assert "工作人员的决定已失效" in again
    assert "经两名工作人员于11月24日复核决定：绿码" in ruled
    assert "按本市规则确定" in first
    assert "wechat：时空伴随（11月22日）。" in first

    change = EffectiveChange.objects.filter(citizen__ref="zhang").earliest("pk")
    for nth in range(20):
        EffectiveChange.objects.create(
            citizen=change.citizen, before="green", before_because="agreement", after="yellow", after_because="policy",
            since=change.since - timedelta(days=nth + 1), day=change.day, run=change.run,
        )  # fmt: skip
    page = zhang.read(HISTORY)
    following = page.split('rel="next" href="')[1].split('"')[0]
    second = zhang.read(HISTORY + following)
    assert second.split('<ol class="records">')[1].split("</ol>")[0].count("<li>") == 4
    assert 'rel="prev"' in second


def test_citizens_pages_can_be_installed(visitor: Opens, stranger: Visitor) -> None:
    page = visitor("zhang").read("/code/")
    address = page.split('<link rel="manifest" href="')[1].split('"')[0]
    assert '<meta name="theme-color"' in page
    told = json.loads(stranger.in_english().read(address))
    assert told["start_url"] == "/code/"
    assert told["name"].endswith("health code")
    assert {one["purpose"] for one in told["icons"]} == {"any", "maskable"}
    for one in told["icons"]:
        found = finders.find(one["src"].removeprefix("/static/"))
        assert found
        with Image.open(str(found)) as picture:
            assert f"{picture.width}x{picture.height}" == one["sizes"]
    assert 'rel="manifest"' not in stranger.read("/staff/sign-in/")
