"""A ruling applies to the display of every provider. Without one, a provider may display its verdict or the effective code."""

from datetime import datetime, timedelta

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.models import DisplayFinding, Provider
from regions.models import City
from tests.integration.review.desk import open_desk

# zhang: red with wechat, green with alipay; the city stands by red, until two officials say green.
CASES = [
    ("alipay", "green", False, None),
    ("alipay", "red", False, None),
    ("alipay", "yellow", False, "green"),
    ("wechat", "red", False, None),
    ("wechat", "green", False, "red"),
    ("wechat", "green", True, None),
    ("wechat", "red", True, "green"),
]


def test_what_a_provider_must_follow(bare_city: City, now: datetime) -> None:
    desk = open_desk({"zhang": "close_contact"}, now=now)
    who = desk.citizen("zhang").pk
    Provider.objects.update(display={colour: colour for colour in ("green", "yellow", "red")})
    ruled, later = False, desk.now
    for provider, colour, by_ruling, expected in CASES:
        if by_ruling and not ruled:
            desk.approve(desk.propose("zhang", "green"))
            ruled = True
        later += timedelta(hours=1)
        keep_displayed([Shown(who, Provider.objects.get(code=provider).pk, colour, later)])
        update_findings(now=later, citizens=[who])
        found = DisplayFinding.objects.filter(provider__code=provider, closed_at__isnull=True)
        assert [one.expected for one in found] == ([expected] if expected else []), (provider, colour, by_ruling)


def test_a_code_that_has_expired_is_no_green(bare_city: City, now: datetime) -> None:
    desk = open_desk({"lu": "negative_test"}, now=now)
    Provider.objects.update(display={"00": "green"})
    later = desk.now + timedelta(hours=72)
    keep_displayed([Shown(desk.citizen("lu").pk, Provider.objects.get(code="alipay").pk, "00", later)])
    update_findings(now=later, citizens=[desk.citizen("lu").pk])
    found = DisplayFinding.objects.get()
    assert (found.expected, found.cause) == ("unknown", "old")
    assert found.old_since
    assert found.old_since < later
