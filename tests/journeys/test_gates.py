"""A gate beside a citizen: their pass scanned from another window, on-line and off-line."""

from datetime import timedelta

import pytest

from portal.web.qr import qr_svg
from regions.tenancy import in_city
from tests.integration.gates.people import link_for
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World

REF = "8FJ3Y2SM"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the codes on citizens' pages say to a scanner, the newest last."""
    texts: list[str] = []

    def draw(text: str, title: str) -> str:
        texts.append(text)
        return qr_svg(text, title)

    monkeypatch.setattr("portal.citizen.code.views.qr_svg", draw)
    return texts


def open_gate(window: Opens, world: World, name: str) -> Browser:
    """Enrol the browser by its link; it keeps the page and the keys."""
    with in_city(CITY):
        _device, link = link_for(name, now=world.clock())
    gate = window("phone")
    gate.open(link)
    gate.press("Use this browser at the gate")
    gate.page.wait_for_selector("html[data-kept]")
    return gate


def scan(gate: Browser, token: str, result: str) -> str:
    """As a hand scanner does, and nothing else: type and Enter. What the gate says then."""
    # The browser's own clock is not the city's of this journey.
    gate.page.clock.set_fixed_time(gate.world.clock())
    gate.page.locator("#result").evaluate("one => one.removeAttribute('data-result')")
    gate.page.keyboard.insert_text(token)
    gate.page.keyboard.press("Enter")
    gate.page.wait_for_selector(f"#result[data-result={result}]")
    return gate.page.locator("#result").inner_text()


def colour_at(gate: Browser) -> str:
    return gate.page.locator("#result").get_attribute("data-state") or ""


def test_a_pass_is_scanned_on_line_and_off_line(window: Opens, world: World, drawn: list[str]) -> None:
    citizen = window("phone")
    citizen.sign_in_as_citizen(REF)
    citizen.open("/code/")
    token = drawn[-1]
    gate = open_gate(window, world, "一号机")
    assert gate.said("No colour") not in scan(gate, token, "ok")
    assert colour_at(gate) == "yellow"

    # Off-line: the page opens, and says as of when and how old its keys are.
    gate.context.set_offline(True)
    gate.page.reload()
    said = scan(gate, token, "ok")
    assert colour_at(gate) == "yellow"
    assert "截至" in said
    assert "离线" in gate.page.locator("#line").inner_text()
    scan(gate, token[:-4] + "0000", "bad_signature")
    assert colour_at(gate) == "none"
    gate.context.set_offline(False)

    # A minute later two officials have ruled red: the next pass is red, the old one is too old wherever it is shown.
    with in_city(CITY):
        world.desk.approve(world.desk.propose(REF, "red"))
    scan(gate, token, "ok")
    assert colour_at(gate) == "red", "the pass says yellow, the city says red"
    world.clock.move(MINUTE + timedelta(seconds=6))
    scan(gate, token, "expired")
    gate.context.set_offline(True)
    scan(gate, token, "expired")
    gate.context.set_offline(False)


def test_the_same_pass_at_two_gates_is_flagged(window: Opens, world: World, drawn: list[str]) -> None:
    citizen = window("phone")
    citizen.sign_in_as_citizen(REF)
    citizen.open("/code/")
    first, second = (open_gate(window, world, name) for name in ("东门", "西门"))
    scan(first, drawn[-1], "ok")
    scan(second, drawn[-1], "replayed")
    assert colour_at(second) == "none"
    citizen.open("/code/")
    scan(second, drawn[-1], "ok")
