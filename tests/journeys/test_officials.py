"""Officials: ten cases of a group decided without the mouse, and a second official who refuses one of them."""

import re

import pytest

from codes.models import Case, Ruling
from regions.tenancy import in_city
from tests.journeys.cast import CROWD
from tests.journeys.conftest import Opens
from tests.journeys.measuring import Measure, Records
from tests.journeys.people import Browser
from tests.journeys.world import CITY

TEN = 10


def proposals_of(username: str) -> list[tuple[Ruling, Case]]:
    """Return the rulings that the official proposed, with their cases, the oldest first."""
    with in_city(CITY):
        found = Ruling.objects.filter(proposed_by=username, case__isnull=False).select_related("case").order_by("pk")
        return [(ruling, ruling.case) for ruling in found if ruling.case]


def send(official: Browser) -> None:
    """Send the form by the keyboard and wait for the next page."""
    before = official.page.url
    official.page.keyboard.press("Control+Enter")
    official.page.wait_for_url(re.compile(rf"^(?!{re.escape(before)}$)"))


def open_group(official: Browser) -> None:
    """Go from the groups to the first case of the largest one by the keyboard alone."""
    official.open("/staff/groups/")
    official.page.locator("main h2 a").first.focus()
    official.page.keyboard.press("Enter")
    official.page.wait_for_url("**/groups/of/**")
    official.page.keyboard.press("o")
    official.page.wait_for_url("**/queue/**")
    official.page.keyboard.press("j")
    official.page.keyboard.press("Enter")
    official.page.wait_for_url("**/cases/**")


def test_ten_cases_of_a_group_by_keyboard_and_one_is_refused(window: Opens) -> None:
    reviewer = window("desktop")
    reviewer.sign_in_as_staff("wu")
    open_group(reviewer)
    keys = reviewer.page.keyboard
    for done in range(TEN):
        keys.press("1")
        keys.press("Tab")
        keys.press("ArrowDown")
        send(reviewer)
        assert len(proposals_of("wu")) == done + 1, reviewer.text
    assert {ruling.colour for ruling, _case in proposals_of("wu")} == {"green"}

    approver = window("desktop")
    approver.sign_in_as_staff("wang")
    approver.open("/staff/approvals/")
    approver.page.get_by_role("link", name=proposals_of("wu")[0][1].number).focus()
    approver.page.keyboard.press("Enter")
    approver.page.wait_for_url("**/approvals/rulings/**")
    keys = approver.page.keyboard
    keys.press("o")
    keys.press("2")
    keys.press("Tab")
    keys.press("ArrowDown")
    send(approver)
    (first, case), *others = proposals_of("wu")
    assert (first.state, first.decided_by, case.state) == ("refused", "wang", "in_review")
    assert {ruling.state for ruling, _case in others} == {"proposed"}
    assert f"{case.number}：已退回复核员" in approver.text


def nobody_has() -> str:
    """Return the number of the last open case of ``CROWD`` without a ruling, which the journey by keyboard does not reach."""
    with in_city(CITY):
        waiting = Case.objects.open().filter(citizen__ref__in=CROWD, rulings=None).order_by("number")
        return waiting.reverse()[0].number


@pytest.mark.parametrize(("device", "language"), [("phone", "en"), ("desktop", "zh-hans")])
def test_one_case_is_decided_by_two_without_a_key(
    window: Opens, record_property: Records, device: str, language: str
) -> None:
    """Everything that the keys do can also be done by pressing buttons and links."""
    before = len(proposals_of("li"))
    reviewer = window(device)
    measure = Measure(reviewer.page, device, language, record_property)
    reviewer.open("/staff/sign-in/")
    reviewer.in_language(language)
    with measure.taken("case"):
        reviewer.sign_in_as_staff("li")
        reviewer.go_to("/staff/queue/")
        reviewer.page.locator(f"main tbody a[href*='/cases/{nobody_has()}/']").click()
        reviewer.page.wait_for_url("**/cases/D**")
        first = reviewer.path
        form = reviewer.page.locator("form:has([name=outcome])")
        form.locator("[name=outcome][value=green]").check()
        form.locator("[name=reason_code]").select_option(index=1)
        form.locator("[name=go][value=next]").click()
        reviewer.page.wait_for_url(re.compile(rf"/cases/D(?!{re.escape(first.split('/')[3][1:])})"))
    assert len(proposals_of("li")) == before + 1, reviewer.text
    ruling, case = proposals_of("li")[-1]
    assert ruling.state == "proposed"

    approver = window(device).staff("zhao", language)
    approver.open(f"/staff/approvals/rulings/{ruling.pk}/")
    # The evidence is visible at once. The reviewer's conclusion and the answer have to be unfolded.
    approver.page.locator("main details:has([name=outcome]) > summary").click()
    form = approver.page.locator("form:has([name=outcome])")
    form.locator("[name=outcome][value=approve]").check()
    form.locator("[name=go][value=stay]").click()
    ruling, _case = proposals_of("li")[-1]
    assert (ruling.state, ruling.decided_by) == ("approved", "zhao")
    told = {"zh-hans": f"{case.number}：审批通过", "en": f"{case.number}: approved and in force."}
    assert told[language] in approver.text
