"""A person at a browser: what they read, press and type, and how they sign in."""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import BrowserContext, Page

from codes.models import Citizen
from regions.tenancy import in_city
from tests.integration.pages.people import PASSWORD, Visitor, present_code
from tests.journeys.world import CITY, World

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
DEVICES = {"phone": PHONE, "desktop": DESKTOP}
# The text of a page in its own language, without what people wrote, names, and what is marked as another language.
WORDS = """within => {
    const copy = document.querySelector(within).cloneNode(true)
    copy.querySelectorAll('[translate=no], [lang], option, script, style, dialog, code').forEach(one => one.remove())
    return copy.textContent
}"""
SHOWN_THOUGH_HIDDEN = """() => [...document.querySelectorAll('[hidden]')]
    .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80))"""
# Cells of one row whose texts overlap.
OVERLAPS = """() => [...document.querySelectorAll('main tbody tr')].flatMap(row => {
    const boxes = [...row.children].flatMap(cell => {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = []
        while (texts.nextNode()) {
            if (!texts.currentNode.textContent.trim() || !texts.currentNode.parentElement.checkVisibility()) continue
            const range = document.createRange()
            range.selectNodeContents(texts.currentNode)
            found.push(...[...range.getClientRects()].map(box => [cell, box]))
        }
        return found
    })
    return boxes.filter(([one, a]) => boxes.some(([other, b]) => one !== other && a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1)).map(([cell]) => cell.textContent.trim().slice(0, 40))
})"""
# A name next to words in a flex box, in which the space between them is not displayed.
RUN_TOGETHER = """within => [...document.querySelectorAll(within + ' *')].filter(box => {
    const drawn = getComputedStyle(box)
    if (!box.checkVisibility() || !drawn.display.endsWith('flex') || parseFloat(drawn.columnGap)) return false
    const isWord = one => one instanceof HTMLElement && one.textContent.trim()
    return [...box.childNodes].some(one => one.nodeType === Node.TEXT_NODE && one.textContent.trim()
        && (isWord(one.previousSibling) && /^\\s/.test(one.textContent) || isWord(one.nextSibling) && /\\s$/.test(one.textContent)))
}).map(box => box.outerHTML.slice(0, 80))"""
# Words that are broken into two lines without a hyphen.
BROKEN_WORDS = """within => [...document.querySelectorAll(within)].flatMap(box => {
    const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT), found = []
    while (texts.nextNode()) {
        for (const word of texts.currentNode.data.matchAll(/[a-z]+/gi)) {
            const range = document.createRange()
            range.setStart(texts.currentNode, word.index)
            range.setEnd(texts.currentNode, word.index + word[0].length)
            if (new Set([...range.getClientRects()].map(part => part.top)).size > 1) found.push(word[0])
        }
    }
    return found
})"""
NUMBER_OF_RECORD = re.compile(r"[a-z]+-[0-9A-Z]{3,}")


@dataclass
class Browser:
    """A person's browser window. Paths belong to the world's city unless a host is specified."""

    context: BrowserContext
    page: Page
    world: World
    language: str = "zh-hans"

    def open(self, path: str, **where: str) -> Page:
        """Open an address."""
        self.page.goto(self.world.address(path, **where))
        return self.page

    @property
    def path(self) -> str:
        """The path of the present page."""
        return self.page.url.partition(f":{self.world.port}")[2]

    @property
    def text(self) -> str:
        """The visible text of the page's main part."""
        return self.page.locator("main").inner_text()

    def said(self, text: str) -> str:
        """Return an English text of the portal in this browser's language."""
        with translation.override(self.language):
            return gettext(text)

    def press(self, text: str) -> None:
        """Press the button or link with this English text."""
        said = self.said(text)
        button = self.page.get_by_role("button", name=said, exact=True)
        link = self.page.get_by_role("link", name=said, exact=True)
        button.or_(link).first.click()

    def send(self) -> None:
        """Press the button of the page's form."""
        self.page.locator("main form button[type=submit]").first.click()

    def choose(self, label: str) -> None:
        """Select an answer of a question by its label."""
        self.page.get_by_label(label).first.check()

    def in_language(self, language: str) -> "Browser":
        """Switch the language at the top of the page, which opens in Chinese."""
        if language != self.language:
            self.page.get_by_role("button", name="English").click()
            self.language = language
        return self

    def check_words(self, within: str = "main") -> None:
        """Check that the page shows no identifiers of the program, no English if it is Chinese, and no hidden elements."""
        self.page.wait_for_load_state()
        assert self.page.evaluate(SHOWN_THOUGH_HIDDEN) == [], self.path
        assert self.page.evaluate(RUN_TOGETHER, within) == [], self.path
        text = NUMBER_OF_RECORD.sub("", self.page.evaluate(WORDS, within))
        foreign = r"[a-z]{3,}" if self.language == "zh-hans" else r"\b[a-z]+(?:_[a-z]+)+\b"
        assert re.findall(foreign, text) == [], self.path

    def go_to(self, address: str) -> None:
        """Go to a page for officials by the navigation, which is folded on a narrow screen."""
        folded = self.page.locator("nav.places summary")
        if folded.is_visible():
            folded.click()
        self.page.locator(f"nav.places a[href='{address}']:visible").click()

    def staff(self, username: str, language: str) -> "Browser":
        """Sign in as staff in this language. Return the browser."""
        self.open("/staff/sign-in/")
        self.in_language(language).sign_in_as_staff(username)
        return self

    def enrol(self, mail: EmailMessage, username: str, **where: str) -> None:
        """Follow the enrolment link in the mail, set a password and an authenticator app, and sign in with both."""
        (path,) = set(re.findall(r"/staff/enrol/[\w-]+/", str(mail.body)))
        page = self.open(path, **where)
        secret = page.locator("code.code").first.inner_text()
        for name in ("password1", "password2"):
            page.locator(f"[name={name}]").fill(PASSWORD)
        page.locator("[name=code]").fill(present_code(secret))
        self.send()
        self.world.secrets[username] = secret
        self.sign_in_as_staff(username, **where)

    def comes_back(self, ref: str, language: str) -> "Browser":
        """Continue as a citizen who is already signed in, in this language. Other journeys test the sign-in itself."""
        with in_city(CITY):
            client = Visitor.signed_in(Citizen.objects.get(ref=ref), now=self.world.clock()).client
        held = {
            settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
            settings.LANGUAGE_COOKIE_NAME: language,
        }
        url = self.world.address()
        self.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in held.items()])
        self.language = language
        return self

    def sign_in_as_citizen(self, ref: str) -> None:
        """Sign in with the number of the document and the code sent to the phone."""
        if not self.path.startswith("/sign-in/"):
            self.open("/sign-in/")
        self.page.locator("[name=id_number]").fill(self.world.citizens[ref].id_number)
        self.send()
        self.page.locator("[name=code]").fill(self.world.last_code())
        self.send()

    def sign_in_as_staff(self, username: str, *, door: str = "/staff/sign-in/", **where: str) -> None:
        """Sign in with the password, then the code from the official's authenticator app."""
        self.world.forget_used_codes(where.get("host", f"{CITY}.localhost"))
        if not self.path.startswith(door):
            self.open(door, **where)
        self.page.locator("[name=login]").fill(username)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.send()
        self.page.locator("[name=code]").fill(self.world.one_time_code(username))
        self.send()
