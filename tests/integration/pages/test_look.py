"""Language, colours, contrast and size: selected without a script, stored in the browser, applied to every page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from regions.models import City
from tests.integration.pages.people import Visitor

Opens = Callable[[str], Visitor]


@pytest.fixture
def browser(beta: City, stranger_without_desk: Visitor) -> Visitor:
    return stranger_without_desk


def test_it_is_chinese_first_whatever_the_browser_prefers(browser: Visitor) -> None:
    response = browser.get("/", headers={"accept-language": "en-US,en"})
    assert response.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-Hans"' in response.content.decode()


def test_the_switch_turns_to_english_and_back_to_the_same_page(browser: Visitor) -> None:
    response = browser.post("/display/language/", {"language": "en", "next": "/sign-in/"})
    assert response.headers["Location"] == "/sign-in/"
    assert "Send me a code" in browser.read("/sign-in/")
    browser.post("/display/language/", {"language": "zh-hans"})
    assert "获取验证码" in browser.read("/sign-in/")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_no_switch_leads_elsewhere(browser: Visitor, elsewhere: str) -> None:
    for path in ("/display/language/", "/display/size/", "/display/"):
        data = {"language": "en", "theme": "dark", "contrast": "high", "size": "elder", "next": elsewhere}
        assert browser.post(path, data).headers["Location"] == "/"


def test_display_settings_are_kept(browser: Visitor) -> None:
    browser.post("/display/", {"theme": "dark", "contrast": "high", "size": "elder"})
    page = browser.read("/")
    assert 'data-theme="dark" data-contrast="high" data-size="elder"' in page
    browser.post("/display/size/")
    assert 'data-size="normal"' in browser.read("/")


def test_a_cookie_of_nonsense_is_no_choice(browser: Visitor) -> None:
    browser.client.cookies["look"] = 'neon."><script>.tiny'
    browser.client.cookies["language"] = "xx"
    page = browser.read("/")
    assert 'data-theme="auto" data-contrast="normal" data-size="normal"' in page
    assert "<script>." not in page


def test_on_paper_no_colour_of_the_dark_theme_is_left() -> None:
    """Light words of a dark screen cannot be read on white."""
    styles = Path(__file__).parents[3] / "portal" / "static" / "portal"
    dark = (styles / "tokens.css").read_text(encoding="utf-8").split(':root[data-theme="dark"] {')[1].split("}")[0]
    paper = (styles / "print.css").read_text(encoding="utf-8")
    assert "color-scheme: light;" in paper, "else the edge of the paper is dark"
    assert set(re.findall(r"(--[\w-]+):", dark)) - set(re.findall(r"(--[\w-]+):", paper)) == set()
