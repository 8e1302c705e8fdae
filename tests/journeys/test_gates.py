"""A gate scans a citizen's pass from another window, on-line and off-line."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from qrcode.main import QRCode

from codes.cities.neighbours import fetch_lists, note_neighbours
from codes.effective import CurrentCode
from codes.models import Citizen
from codes.passes.issuing import issue_pass
from portal.web.qr import pass_svg
from regions.models import City
from regions.tenancy import as_owner, in_city
from regions.vocabulary import Recognition
from tests.integration.cities.wire import lay_wire
from tests.integration.gates.people import link_for
from tests.integration.review.desk import Desk
from tests.journeys.conftest import ABROAD, NEIGHBOUR, Opens
from tests.journeys.people import Browser
from tests.journeys.world import CITY, World

REF = "8FJ3Y2SM"
VECTORS = Path(__file__).parents[2] / "docs" / "pass-vectors.json"
GREEN = CurrentCode("green", "agreement", None)
# Shows a drawn code to the camera, in a browser without a reader of its own.
SHOW_TO_CAMERA = """(matrix) => {
  window.inSight = true;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = matrix.length * 6;
  const drawing = canvas.getContext("2d");
  const draw = () => matrix.forEach((row, y) => row.forEach((dark, x) => {
    drawing.fillStyle = dark && window.inSight ? "black" : "white";
    drawing.fillRect(x * 6, y * 6, 6, 6);
  }));
  draw();
  setInterval(draw, 100);
  delete window.BarcodeDetector;
  navigator.mediaDevices.getUserMedia = async () => (window.camera = canvas.captureStream(10));
}"""
# A reader that fails in the specified number of attempts and then reads this text.
READER_THAT_FAILS = """([looks, text]) => {
  const canvas = document.createElement("canvas");
  setInterval(() => canvas.getContext("2d").fillRect(0, 0, 9, 9), 100);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(10);
  window.BarcodeDetector = class {
    static getSupportedFormats = async () => ["qr_code"];
    detect = async () => { if (looks-- > 0) throw new DOMException("no picture", "InvalidStateError"); return [{ rawValue: text }]; };
  };
}"""
COUNT_TONES = """() => {
  window.tones = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...at) { window.tones += 1; return start.apply(this, at); };
}"""
QUICK_TIMERS = "() => { const set = window.setTimeout; window.setTimeout = (done, ms) => set(done, ms / 100); }"
NO_ED25519 = "crypto.subtle.importKey = async () => { throw new DOMException('Ed25519', 'NotSupportedError'); };"
# Checks the published test vectors with the gate's own script, and returns the differences.
RUN_VECTORS = """async ({ key_lists, vectors }) => {
  const { verifyOffLine } = await import("/static/portal/verifier.js");
  const { readList } = await import("/static/portal/key_list.js");
  const wrong = [];
  for (const row of vectors) {
    const list = await readList(JSON.stringify(key_lists[row.keys]));
    const found = await verifyOffLine(row.token, [list], Date.parse(row.at) / 1000);
    if (found.result !== row.result || found.detail !== (row.detail ?? "")) wrong.push([row.name, found]);
  }
  return vectors.length > 50 ? wrong : [vectors.length];
}"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of the codes drawn on citizens' pages, the newest last."""
    texts: list[str] = []

    def draw(text: str, title: str) -> str:
        texts.append(text)
        return pass_svg(text, title)

    monkeypatch.setattr("portal.citizen.code.views.pass_svg", draw)
    return texts


def open_gate(window: Opens, world: World, name: str) -> Browser:
    """Enrol a browser as a gate by its link. It stores the page and the key lists."""
    with in_city(CITY):
        _device, link = link_for(name, now=world.clock())
    gate = window("phone")
    gate.open(link)
    gate.press("Use this browser at the gate")
    gate.page.wait_for_selector("html[data-kept]")
    return gate


def scan(gate: Browser, token: str, result: str, *, at: datetime | None = None) -> str:
    """Enter the token as a hand scanner does, by typing it and Enter. Return the text of the result."""
    # The browser's clock is not the clock of the journeys.
    gate.page.clock.set_fixed_time(at or gate.world.clock())
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
    gate.page.evaluate(COUNT_TONES)
    assert gate.said("No colour") not in scan(gate, token, "ok")
    gate.page.locator("#result").evaluate("one => one.removeAttribute('data-result')")
    gate.page.locator("main a").last.focus()
    gate.page.keyboard.type(f"{token}\n")
    gate.page.wait_for_selector("#result[data-result=ok]")
    gate.page.evaluate("window.tones = 0")
    scan(gate, token, "ok")
    assert (colour_at(gate), gate.page.evaluate("window.tones")) == ("yellow", 2), "seen and heard, without a tap"
    time = gate.page.locator("#result [data-time]")
    assert time.inner_text() == gate.said("now")
    gate.page.evaluate(QUICK_TIMERS)
    scan(gate, token, "ok")
    gate.page.get_by_text("截至").wait_for()
    assert gate.said("now") not in time.inner_text(), "a minute later it is not of now"

    # Off-line the page still opens, and states the date and the age of its keys.
    gate.context.set_offline(True)
    gate.context.new_cdp_session(gate.page).send("Emulation.setTimezoneOverride", {"timezoneId": "Atlantic/Azores"})
    gate.page.reload()
    said = scan(gate, token, "ok")
    assert colour_at(gate) == "yellow"
    assert "截至" in said
    assert f"{world.clock().astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" in said, "the city's time"
    assert "离线" in gate.page.locator("#line").inner_text()
    scan(gate, token[:-4] + "0000", "bad_signature")
    assert colour_at(gate) == "none"
    gate.context.set_offline(False)

    # A minute later two officials have ruled red: the next pass is red, and the old one has expired everywhere.
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

    # It cannot be detected off-line. The gate shows it as soon as it is on-line again.
    first.context.set_offline(True)
    scan(first, drawn[-1], "ok")
    assert not first.page.locator("#flagged").is_visible()
    first.context.set_offline(False)
    first.page.locator("#flagged li").wait_for()
    assert "卡口" in first.page.locator("#flagged").inner_text()
    assert first.page.evaluate("localStorage.getItem('gate.scans')") == "[]"


def test_the_key_list_counts_as_it_was_signed_and_as_long_as_it_says(window: Opens, world: World) -> None:
    gate = open_gate(window, world, "南门")
    assert gate.page.evaluate(RUN_VECTORS, json.loads(VECTORS.read_text(encoding="utf-8"))) == []
    gate.context.set_offline(True)
    in_eight_days = world.clock() + timedelta(days=8)
    with in_city(CITY):
        citizen = Citizen.objects.get(ref=REF)
        now, later = (issue_pass(citizen, now=at)[0] for at in (world.clock(), in_eight_days))
    scan(gate, now, "ok")
    said = scan(gate, later, "unknown_key", at=in_eight_days)
    assert gate.said("The key list is older than it may be used off-line.") in said
    assert "请联网更新" in gate.page.locator("#line").inner_text()
    gate.page.evaluate(
        "localStorage.setItem('gate.lists', localStorage.getItem('gate.lists').replace('days\\\\\": 7', 'days\\\\\": 70'))"
    )
    assert '\\": 70' in gate.page.evaluate("localStorage.getItem('gate.lists')")
    scan(gate, now, "unknown_key")


def test_another_citys_pass_is_treated_as_this_city_recognises_it(
    window: Opens, world: World, neighbour: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_wire(monkeypatch)
    note_neighbours(now=world.clock())
    with in_city(NEIGHBOUR) as city:
        here = city.name_zh
        made_green = issue_pass(neighbour.citizen(ABROAD), now=world.clock(), current=GREEN)[0]
    with in_city(CITY):
        fetch_lists(now=world.clock())
    gate = open_gate(window, world, "北门")
    assert here in scan(gate, made_green, "other_city")
    assert colour_at(gate) == "red", "as of now, whatever it was made with"
    gate.context.set_offline(True)
    said = scan(gate, made_green, "other_city")
    assert (colour_at(gate), "离线时无法" in said) == ("green", True)
    scan(gate, made_green[:-4] + "0000", "bad_signature")
    gate.context.set_offline(False)
    for recognition, word in ((Recognition.CONVERT, "转为"), (Recognition.REFUSE, "不认可")):
        with as_owner():
            City.objects.filter(schema_name=CITY).update(recognition=recognition)
        gate.page.reload()
        gate.page.wait_for_selector("html[data-kept]")
        for is_off_line in (False, True):
            gate.context.set_offline(is_off_line)
            said = scan(gate, made_green, "other_city")
            assert (colour_at(gate), here in said, word in said) == ("none", True, True), (recognition, is_off_line)
        gate.context.set_offline(False)
    with as_owner():
        City.objects.filter(schema_name=CITY).update(recognition=Recognition.LOOK_UP)


def test_a_camera_reads_where_the_browser_has_no_reader_of_its_own(window: Opens, world: World) -> None:
    gate = open_gate(window, world, "手机")
    with in_city(CITY):
        token, _ = issue_pass(Citizen.objects.get(ref=REF), now=world.clock())
    code: QRCode[Any] = QRCode(border=4)
    code.add_data(token)
    gate.page.clock.set_fixed_time(world.clock())
    assert gate.page.locator("script[src*=zxing]").count() == 0, "it is loaded when it is needed"
    gate.page.evaluate(SHOW_TO_CAMERA, code.get_matrix())
    gate.press("Use the camera")
    gate.page.wait_for_selector("#result[data-result=ok]")
    assert gate.page.locator("script[src*=zxing]").count() == 1
    assert not gate.page.locator("#camera").is_visible()

    # Somebody else shows a picture of it: the text is the same, the result is not.
    world.clock.move(MINUTE + timedelta(seconds=6))
    gate.page.evaluate("window.inSight = false")
    gate.page.wait_for_timeout(3000)
    gate.page.evaluate("window.inSight = true")
    gate.page.wait_for_selector("#result[data-result=expired]")

    # The camera stops, as if another program used it, and can be started again.
    gate.page.evaluate("window.camera.getTracks().forEach((track) => track.stop())")
    said = gate.said("The camera cannot be used. Scan with a hand scanner, or paste the text of the code.")
    gate.page.get_by_text(said).wait_for()
    assert gate.page.locator("#camera").is_visible()


def test_a_browser_that_knows_no_such_signatures_says_so_and_checks_on_line(window: Opens, world: World) -> None:
    with in_city(CITY):
        _device, link = link_for("旧平板", now=world.clock())
        token, _ = issue_pass(Citizen.objects.get(ref=REF), now=world.clock())
    gate = window("phone")
    gate.context.add_init_script(NO_ED25519)
    gate.open(link)
    gate.press("Use this browser at the gate")
    gate.page.get_by_text(gate.said("This browser cannot check codes off-line: use a newer one")).wait_for()
    scan(gate, token, "ok")
    assert colour_at(gate) != "none"


def test_a_look_that_fails_does_not_end_the_camera(window: Opens, world: World) -> None:
    gate = open_gate(window, world, "台式机")
    gate.page.evaluate("delete window.AudioContext")  # a device without sound does not end it either
    with in_city(CITY):
        token, _ = issue_pass(Citizen.objects.get(ref=REF), now=world.clock())
    gate.page.evaluate(READER_THAT_FAILS, [2, token])
    gate.press("Use the camera")
    gate.page.wait_for_selector("#result[data-result=ok]")
    assert colour_at(gate) in ("yellow", "red")
