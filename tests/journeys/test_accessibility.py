"""Accessibility of every page of the resolver.

In normal, elder-friendly, dark and 200 % appearance axe has no serious or critical finding. From 320 pixels to 1280 nothing is
wider than the screen, and no texts of a row overlap. On a small phone, Chinese text follows the rules of Chinese typesetting.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser as Chrome
from playwright.sync_api import Page, Response, ViewportSize

from portal.web.display import DisplayPreferences
from tests.integration.pages.matrix_cast import read_addresses
from tests.integration.pages.matrix_rows import CITY as CITY_ROWS
from tests.integration.pages.matrix_rows import PUBLIC
from tests.journeys.gallery import NO_PAGES, REFUSED, Picture, hang
from tests.journeys.people import OVERLAPS
from tests.journeys.watch import watching
from tests.journeys.world import World

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# The size of a small phone, and of a desktop window at 400 % zoom.
SMALL: ViewportSize = {"width": 320, "height": 640}
TABLET: ViewportSize = {"width": 768, "height": 1024}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERYTHING = {"type": "tag", "values": STANDARDS}
LAYOUT = {"type": "rule", "values": ["scrollable-region-focusable"]}
STYLE = {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
GRAVE = ("serious", "critical")
# This page describes messages between machines, so it contains identifiers.
DESCRIPTIONS = {"api_reference"}
# Return only what is reported: the whole result of axe has megabytes.
LOOK = """options => axe.run(document, options).then(told => told.violations.map(
    one => ({id: one.id, impact: one.impact, count: one.nodes.length, first: one.nodes[0].html})))"""
# Contrast is most of axe's work, and comes from what is said here of a text: each such look is tried until it was judged once.
CONTRAST = """async known => {
    const judged = new Set(known), looks = new Map()
    // A gradient cannot be judged: that of a table that scrolls lies below its words only at the edge.
    document.querySelectorAll('.table-frame').forEach(one => one.style.backgroundImage = 'none')
    const texts = [...document.querySelectorAll('input, select, textarea')]
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode.parentElement)
    for (const text of texts) {
        const {width, height, right, bottom} = text.getBoundingClientRect()
        if (Math.min(width, height) <= 1 || Math.min(right, bottom) <= 0 || !text.checkVisibility()) continue
        const {color, fontSize, fontWeight, textShadow} = getComputedStyle(text), look = [color, fontSize, fontWeight, textShadow]
        for (let one = text; one; one = one.parentElement) {
            const {backgroundColor, backgroundImage, opacity} = getComputedStyle(one)
            const below = `${backgroundColor} ${backgroundImage} ${opacity}`
            if (below !== 'rgba(0, 0, 0, 0) none 1') look.push(below)
        }
        if (!judged.has(look.join()) && !looks.has(look.join())) looks.set(look.join(), text)
    }
    if (!looks.size) return [[], []]
    const options = {elementRef: true, resultTypes: ['violations', 'passes'], runOnly: ['color-contrast']}
    const {violations, passes} = await axe.run({include: [...looks.values()]}, options)
    const done = new Set([...violations, ...passes].flatMap(one => one.nodes).map(node => node.element))
    const told = violations.map(one => ({id: one.id, impact: one.impact, count: one.nodes.length, first: one.nodes[0].html}))
    return [[...looks].filter(([, text]) => done.has(text)).map(([look]) => look), told]
}"""

# Each message to the browser takes ten milliseconds, so these are one.
BOTH = f"async ([options, known]) => [await ({LOOK})(options), ...await ({CONTRAST})(known)]"
CROWDED = f"[innerWidth, document.documentElement.scrollWidth > innerWidth, ({OVERLAPS})()]"

# Markup or a day as machines write it among the words; words of a cell in a column of single characters; a line that begins with a
# stop; a day or a case's number on two lines; and pages that do not say once what they are.
FLAWS = """() => {
    const main = document.querySelector('main').cloneNode(true), flaws = []
    main.querySelectorAll('code, pre, input, select, textarea, .hint, script').forEach(one => one.remove())
    const words = `${document.title} ${main.textContent}`
    flaws.push(...(words.match(/<\\/?[a-z]+[^>]*>|\\d{4}-\\d\\d-\\d\\d|[\\u4e00-\\u9fff] \\(/g) ?? []))
    const headings = document.querySelectorAll('h1').length
    if (headings !== 1) flaws.push(`${headings} h1`)
    const linesOf = node => {
        const lines = [], range = document.createRange()
        for (let place = 0; place < node.data.length; place++) {
            range.setStart(node, place)
            range.setEnd(node, place + 1)
            const box = range.getBoundingClientRect(), letter = node.data[place]
            if (!letter.trim() || !box.width) continue
            if (!lines.length || box.top > lines.at(-1).bottom - 2) lines.push({bottom: box.bottom, text: ''})
            lines.at(-1).text += letter
        }
        return lines.map(line => line.text)
    }
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const cell = texts.currentNode.parentElement.closest('td, th, li, p, dd')
        if (!cell?.checkVisibility()) continue
        const lines = linesOf(texts.currentNode)
        if (lines.slice(1).some(line => /^[，。；：、！？）”》]/.test(line))) flaws.push(`stop: ${lines.join('/')}`)
        if (lines.length > 2 && lines.every(line => line.length < 2)) flaws.push(`column: ${lines.join('/')}`)
        const isTime = texts.currentNode.parentElement.closest('time')
        if (isTime && lines.slice(1).some(line => /[年月日]/.test(line))) flaws.push(`day: ${lines.join('/')}`)
        if (cell.matches('td, th, dd') && lines.some(line => /[A-Z]\\d{8}-$/.test(line))) flaws.push(`number: ${lines.join('/')}`)
    }
    return flaws
}"""


@pytest.fixture(scope="module")
def gallery(world: World) -> list[Picture]:
    return hang(world)


def test_every_page_hangs_in_the_gallery(gallery: list[Picture]) -> None:
    rows = {**CITY_ROWS, **PUBLIC}
    names = {one.name for conf in ("portal.urls_city", "portal.urls_public") for one in read_addresses(conf)}
    pages = {name for name in names if name not in rows or "GET" in rows[name].methods} - NO_PAGES
    hanging = {picture.name for picture in gallery}
    assert sorted(pages - hanging) == []
    assert sorted(hanging - pages) == []


def test_the_desks_pages_are_one_line_on_a_phone_and_open_by_keyboard(
    gallery: list[Picture], world: World, chrome: Chrome
) -> None:
    picture = next(one for one in gallery if one.name == "official_approvals")
    context = chrome.new_context(viewport=SMALL)
    page = context.new_page()
    for language in ("zh-hans", "en"):
        picture.enter(context, world, language=language, look=DisplayPreferences())
        page.goto(world.address(picture.path, host=picture.host))
        links = page.locator("nav.places a:visible")
        summary = page.locator("nav.places summary")
        box = summary.bounding_box()
        assert links.count() == 0
        assert box is not None
        assert box["height"] < 60
        summary.focus()
        page.keyboard.press("Enter")
        assert links.count() > 10
        assert page.locator("nav.places a[aria-current]:visible").count() == 1
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff/")
    context.close()


# More than a hundred pages, each checked five times.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", [DisplayPreferences(), DisplayPreferences(size="elder")], ids=["normal", "elder"])
def test_axe_finds_nothing_grave(
    gallery: list[Picture], world: World, chrome: Chrome, look: DisplayPreferences
) -> None:
    """The normal pages are also checked dark and narrower.

    In elder-friendly appearance, citizens' pages are loaded again because their elements differ; others are only enlarged.
    """
    context = chrome.new_context(viewport=DESKTOP)
    context.add_init_script(AXE_SCRIPT)
    page, faults, looks = context.new_page(), [], set[str]()
    pictures = [one for one in gallery if not look.is_elder or is_made_otherwise(one)]
    # Use English, whose words are longer, but Chinese for the elder-friendly pages.
    language = "zh-hans" if look.is_elder else "en"
    with watching() as watch:
        watch.over(context)
        for picture, answer in visited(pictures, page, world, language=language, look=look):
            if answer.status != (403 if picture.name in REFUSED else 200) or not page.url.endswith(picture.path):
                faults.append(f"{picture.name}: {answer.status} at {page.url}")
                continue
            told = found(page, EVERYTHING, looks)
            if not look.is_elder:
                told += dark_and_small(page, looks) + ([] if is_made_otherwise(picture) else enlarged(page, looks))
            faults += [f"{picture.name}, {look.size}: {one}" for one in told]
    context.close()
    assert watch.faults == []
    assert watch.places_of(world.citizens.numbers) == []
    assert faults == []


def test_chinese_is_set_as_chinese_on_a_small_phone(gallery: list[Picture], world: World, chrome: Chrome) -> None:
    context = chrome.new_context(viewport=SMALL, has_touch=True, is_mobile=True)
    page, faults = context.new_page(), []
    pictures = [one for one in gallery if one.name not in DESCRIPTIONS]
    for picture, _ in visited(pictures, page, world, language="zh-hans", look=DisplayPreferences()):
        faults += [f"{picture.name}: {one}" for one in page.evaluate(FLAWS)]
    context.close()
    assert faults == []


def is_made_otherwise(picture: Picture) -> bool:
    """Return whether the page has other elements in elder-friendly appearance."""
    return picture.name.startswith("citizen_")


def visited(
    pictures: Sequence[Picture], page: Page, world: World, *, language: str, look: DisplayPreferences
) -> Iterator[tuple[Picture, Response]]:
    """Open the pages one after the other, each as its visitor. Yield each with the answer."""
    before = None
    for picture in pictures:
        if before is None or (picture.visitor, picture.host) != (before.visitor, before.host):
            # Leave the page before changing the cookies: a page that renews itself must not do so with another session.
            page.goto("about:blank")
            picture.enter(page.context, world, language=language, look=look)
        answer = page.goto(world.address(picture.path, host=picture.host))
        assert answer is not None
        yield picture, answer
        before = picture


def dark_and_small(page: Page, looks: set[str]) -> list[str]:
    """Return the faults of the page in dark colours and in narrower windows, checking only what can differ."""
    page.emulate_media(color_scheme="dark")
    faults = [f"dark: {one}" for one in unreadable(page, looks)]
    page.emulate_media(color_scheme="light")
    faults += crowded(page)
    for size in (TABLET, SMALL):
        page.set_viewport_size(size)
        faults += crowded(page)
    faults += [f"small: {one}" for one in found(page, LAYOUT)]
    page.set_viewport_size(DESKTOP)
    return faults


def crowded(page: Page) -> list[str]:
    """Return what is wider than the window or overlaps at this width."""
    width, wider, over = page.evaluate(CROWDED)
    return [f"{width}: wider than the screen"] * wider + [f"{width}: words over others: {over[:3]}"] * bool(over)


def enlarged(page: Page, looks: set[str]) -> list[str]:
    """Return the faults of the page in elder-friendly style, for pages with the same elements: only what depends on style."""
    page.evaluate("document.documentElement.dataset.size = 'elder'")
    return [f"elder: {one}" for one in found(page, STYLE, looks)]


def found(page: Page, rules: dict[str, Any], looks: set[str] | None = None) -> list[str]:
    """Return the grave findings, a line each: rule, number, first place. With ``looks``, add findings of contrast."""
    options = {"resultTypes": ["violations"], "runOnly": rules, "rules": {"color-contrast": {"enabled": False}}}
    if looks is None:
        return grave(page.evaluate(LOOK, options))
    violations, judged, of_contrast = page.evaluate(BOTH, [options, sorted(looks)])
    looks.update(judged)
    return grave(violations) + grave(of_contrast)


def unreadable(page: Page, looks: set[str]) -> list[str]:
    """Return texts with too little contrast, only for styles that are not in ``looks`` yet, and add these to it."""
    judged, violations = page.evaluate(CONTRAST, sorted(looks))
    looks.update(judged)
    return grave(violations)


def grave(violations: list[dict[str, Any]]) -> list[str]:
    return [f"{one['id']} × {one['count']}, {one['first'][:120]}" for one in violations if one["impact"] in GRAVE]


def test_the_net_has_no_hole(chrome: Chrome) -> None:
    """Grave faults are found: an image without a text, and grey text on white, the latter once for each style."""
    page, looks = chrome.new_page(), set[str]()
    text = '<p>black<p style="color:#bbb;background:#fff">grey<p style="color:#bbb;background:#fff">grey again'
    page.set_content(f'<html lang="en"><title>x</title><img src="data:,">{text}')
    page.evaluate(AXE_SCRIPT)
    told = [one.split(", ")[0] for one in found(page, EVERYTHING, looks)]
    assert told == ["image-alt × 1", "color-contrast × 1"]
    assert [one.split(", ")[0] for one in found(page, EVERYTHING, looks)] == ["image-alt × 1"]
    page.evaluate("document.body.style.background = '#111'")
    assert [one.split(", ")[0] for one in unreadable(page, looks)] == ["color-contrast × 2"], "on another ground"
    page.close()
