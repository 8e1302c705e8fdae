"""My code first names a colour that a provider displays wrongly, until the provider displays the right one."""

from datetime import datetime, timedelta
from functools import partial

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.models import Case, Provider
from regions.models import City
from tests.integration.official.test_case_page import columns
from tests.integration.pages.conftest import clock
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, open_desk

__all__ = ["clock"]

# All are red with wechat and green with alipay. Who is shown what by whom; in Chinese, in English, and to officials; then what is right.
PAGES = [
    (
        "a",
        "wechat",
        "red",
        ("wechat仍在显示以前的颜色（红码），自", "wechat still shows an earlier colour (red)", "仍是以前的颜色，自"),
        "green",
    ),
    (
        "b",
        "wechat",
        "<A>",
        ("wechat显示的内容（&lt;A&gt;）本市无法识别。", "cannot read (&lt;A&gt;)", "这个值不在该渠道的对照表中。"),
        "red",
    ),
    (
        "c",
        "alipay",
        "Y",
        ("本市可能误读了alipay所显示的内容", "The city may be misreading what alipay shows", "对照表可能有误"),
        "green",
    ),
    (
        "f",
        "alipay",
        "yellow",
        ("与应显示的不一致，原因尚不清楚。", "another colour than it should (yellow)", "原因不明。"),
        "red",
    ),
]
TOLD = [sentences[2] for *_, sentences, _ in PAGES]


def test_each_cause_is_told_first_and_gone_when_it_is_right(bare_city: City, clock: datetime) -> None:
    desk = open_desk(dict.fromkeys("abcdef", "close_contact"), now=clock)
    Provider.objects.update(display={"Y": "yellow"} | {colour: colour for colour in ("green", "yellow", "red")})
    desk.approve(desk.propose("a", "green"))
    at = desk.now + timedelta(hours=1)
    for who in "de":
        show(desk, who, "alipay", "Y", at)
    for who, provider, value, _, _ in PAGES:
        show(desk, who, provider, value, at)
    official = Visitor.as_account("li", now=desk.now)
    for who, provider, _, sentences, right in PAGES:
        case = Case.objects.get(citizen__ref=who)
        read_case = partial(official.read, f"/staff/cases/{case.number}/")
        visitor = Visitor.signed_in(desk.citizen(who), now=desk.now)
        page = visitor.read("/code/")
        assert sentences[0] in page
        assert 0 < page.index("请以本页为准") < page.index("各渠道显示")
        assert sentences[1] in visitor.in_english().read("/code/")
        assert wrong_in(read_case(), provider) == [sentences[2]], "beside the colour that the portal computes"
        show(desk, who, provider, right, at + timedelta(hours=1))
        assert wrong_in(read_case(), provider) == []
        assert "What counts is this page; the city asks" not in visitor.read("/code/")


def wrong_in(page: str, provider: str) -> list[str]:
    """What the case page says of a wrong colour, in the column of this provider only."""
    said = {column: [text for text in TOLD if text in html] for column, html in columns(page).items()}
    assert all(not found for column, found in said.items() if column != provider)
    return said[provider]


def show(desk: Desk, who: str, provider: str, value: str, at: datetime) -> None:
    citizen = desk.citizen(who).pk
    keep_displayed([Shown(citizen, Provider.objects.get(code=provider).pk, value, at)])
    update_findings(now=at, citizens=[citizen])
