"""The guides in the portal: in both languages, with pictures, for the page's audience; nothing in them is executed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from portal.web.guide import AUDIENCES, FOLDER, render_guide
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
LARGEST = 80_000
LANGUAGES = ("zh-hans", "en")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_guide_is_shown_in_both_languages_with_its_pictures(stranger: Visitor, desk: Desk, audience: str) -> None:
    for visitor in (stranger, stranger.in_english()):
        page = visitor.read(f"/guide/{audience}/")
        assert page.count("<h2>") >= 3
        found = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
        assert found
        for address, words in found:
            assert words
            assert visitor.get(address).headers["Content-Type"] == "image/png"


def test_both_languages_have_the_same_parts() -> None:
    for audience in AUDIENCES:
        texts = [(FOLDER / language / f"{audience}.md").read_text(encoding="utf-8") for language in LANGUAGES]
        parts = [(text.count("\n## "), text.count("![")) for text in texts]
        assert parts[0] == parts[1], audience


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("pictures/*/*.png")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_pictures_are_small(path: Path) -> None:
    assert path.stat().st_size < LARGEST


def test_the_footer_leads_to_ones_own_guide(desk: Desk, visitor: Opens, stranger: Visitor) -> None:
    assert 'href="/guide/citizen/"' in stranger.read("/")
    assert 'href="/guide/citizen/"' in visitor("zhang").read("/code/")
    assert 'href="/guide/official/"' in stranger.read("/staff/sign-in/")
    assert 'href="/guide/official/"' in Visitor.as_account("li", now=desk.now).read("/staff/")
    assert 'href="/guide/auditor/"' in Visitor.as_account("sun", now=desk.now).read("/staff/")
    assert 'href="/guide/gate/"' in stranger.get("/gate/").content.decode()
    operator = Visitor(Client(headers={"host": "localhost"}))
    assert 'href="/guide/operator/"' in operator.read("/sign-in/")
    assert "各市对照" in operator.read("/guide/operator/")


def test_there_is_no_other_guide_and_no_other_picture(stranger: Visitor, desk: Desk) -> None:
    for path in ("guide/nobody/", "guide/pictures/en/nothing.png", "guide/pictures/de/citizen_code.png"):
        assert stranger.get(f"/{path}").status_code == 404, path


def test_what_looks_like_html_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.web.guide.FOLDER", tmp_path)
    (tmp_path / "en").mkdir()
    written = "# A title\n\n<script>alert(1)</script> [there](javascript:alert(1)) [more](auditor.md)\n"
    (tmp_path / "en" / "odd.md").write_text(written, encoding="utf-8")
    title, text = render_guide("en", "odd", "/guide/pictures/en/name.png")
    assert title == "A title"
    assert "<script" not in text
    assert 'href="javascript' not in text
    assert 'href="../auditor/"' in text


def test_the_languages_are_those_of_the_portal() -> None:
    assert {code for code, _ in settings.LANGUAGES} == set(LANGUAGES)
