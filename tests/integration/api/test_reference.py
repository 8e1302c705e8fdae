"""The reference page has every call of the document, and what it tells a developer to paste works."""

import json
import re
import shlex
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from codes.intake.provider_keys import issue_key
from codes.intake.results import Refusal
from codes.models import Scope
from portal.api.corrections import CorrectionRefusal
from portal.api.errors import ApiErrorCode
from portal.api.people import PersonRefusal
from portal.api.schema import document
from regions.models import City
from tests.integration.lines import declaration, take

CALL = re.compile(r"<pre><code>(curl .*?)</code></pre>", re.DOTALL)
# What the city can answer to a call that it has understood: an example is about nobody and nothing of this city.
ABOUT_NOTHING = {"not_found", "call_ended", "no_such_hit", "bad_webhook_address"}


@pytest.fixture
def browser() -> Client:
    return Client(headers={"host": "alpha.localhost"})


def calls_on(page: str) -> list[tuple[str, str, dict[str, str], str]]:
    """Method, path, headers and body of each, as the shell would read them."""
    calls = []
    for found in CALL.findall(page):
        words = shlex.split(unescape(found))
        headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
        body = words[words.index("--data-binary") + 1] if "--data-binary" in words else ""
        calls.append(("POST" if body else "GET", words[-1].removeprefix("https://$CITY"), headers, body))
    return calls


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "接口参考"), ("en", "API reference")])
def test_it_has_every_call_and_needs_no_script(alpha: City, browser: Client, language: str, title: str) -> None:
    browser.cookies["language"] = language
    page = browser.get("/api/v1/reference/").content.decode()
    assert f"<h1>{title}</h1>" in page
    paths = json.loads(document())["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert set(re.findall(r"<h3><code>([A-Z]+ /[^<]*)</code></h3>", page)) == described
    named = set(re.findall(r'href="#([^"]+)"', page))
    assert named <= set(re.findall(r'id="([^"]+)"', page))
    assert not re.search(r"(href|src)=\"(https?:)?//|<style|style=|<script>", page)


def test_it_speaks_the_reader_s_language_and_the_document_english(alpha: City, browser: Client) -> None:
    described = json.loads(document())
    browser.cookies["language"] = "zh-hans"
    page = unescape(browser.get("/api/v1/reference/").content.decode())
    shown = [operation["summary"] for methods in described["paths"].values() for operation in methods.values()]
    with translation.override("zh-hans"):
        chinese = [translation.gettext(text) for text in shown]
    assert [text for text in shown if f"<strong>{text}</strong>" in page] == []
    assert [text for text in chinese if f"<strong>{text}</strong>" not in page] == []
    assert not re.search(r"<p>[A-Z][a-z]+ [a-z]+ [^<]*\.</p>", page)
    assert json.loads(browser.get("/api/v1/schema").content) == described


def test_every_example_is_understood(alpha: City, browser: Client) -> None:
    now = timezone.now()
    take(declaration(), now=now)
    _, key = issue_key(provider="alipay", by="operator:lin", now=now, scopes=list(Scope))
    calls = calls_on(browser.get("/api/v1/reference/").content.decode())
    refused = {}
    for method, path, headers, body in calls:
        address, sent = re.sub(r"\$\w+", "1", path), {"authorization": headers["Authorization"].replace("$KEY", key)}
        answer = browser.generic(method, address, body, headers.get("Content-Type", ""), headers=sent)
        if answer.status_code >= 400 and (told := json.loads(answer.content))["code"] not in ABOUT_NOTHING:
            refused[f"{address} {body[:60]}"] = told
    assert len(calls) > 15
    assert refused == {}


def test_the_page_of_the_api_lists_every_code_of_a_refusal() -> None:
    page = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")
    # The programs of the pages get these two, which no key of the API does.
    of_pages = {ApiErrorCode.NOT_ENROLLED, ApiErrorCode.NOT_ACCEPTED}
    codes = {*ApiErrorCode, *PersonRefusal, *CorrectionRefusal, *Refusal} - of_pages
    assert [code for code in sorted({code.value for code in codes}) if f"`{code}`" not in page] == []
