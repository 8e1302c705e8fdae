"""Causes and items of displayed colours: old, mapped wrongly, unknown values; one item for each, closed when the display is right."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.display.items import mend, tell
from codes.models import Case, DisplayChange, DisplayFinding, DisplayItem, Provider, VerdictChange
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import MovedMeanwhile, NotAllowed
from regions.staff.roles import Role
from tests.integration.review.desk import hire
from tests.integration.runs.crowd import Crowd

RED = range(4)
MAP = {"00": "green", "01": "yellow", "10": "red"}


class Screens:
    """Four people red with both providers since yesterday, everybody else green; what wechat shows them, by minutes since now."""

    def __init__(self, *, ran_before: bool = False) -> None:
        self.crowd = Crowd(least=1000)
        Provider.objects.update(display=MAP)
        if ran_before:
            self.crowd.deliver()
            self.crowd.run()
        self.crowd.deliver(RED, source="police")
        self.crowd.deliver(RED, source="bigdata")
        self.crowd.run(after=timedelta())
        self.pass_time(days=1)
        hire("fang", Role.SOURCE_MANAGER, now=self.now)

    @property
    def now(self) -> datetime:
        return self.crowd.now

    def pass_time(self, **much: int) -> None:
        self.crowd.now += timedelta(**much)

    def show(self, values: dict[int, str]) -> None:
        keys = self.crowd.keys
        people = {keys.citizens[f"p{who:02}"]: value for who, value in values.items()}
        keep_displayed(Shown(one, keys.providers["wechat"], value, self.now) for one, value in people.items())
        update_findings(now=self.now, citizens=people)

    def items(self) -> dict[str, tuple[str, str, int]]:
        items: list[Any] = list(DisplayItem.objects.counted().order_by("pk"))
        return {one.cause: (one.value, one.state, one.people) for one in items}


def test_each_cause_is_one_item_however_many_people(bare_city: City) -> None:
    screens = Screens(ran_before=True)
    cases, verdicts = Case.objects.count(), VerdictChange.objects.count()
    screens.show({0: "00", 1: "00", 2: "??", 4: "??", **dict.fromkeys(range(10, 20), "00")})
    screens.show({5: "10"})
    old = DisplayFinding.objects.filter(cause="old")
    assert screens.items() == {
        "old": ("", "open", 2),
        "unexplained": ("", "open", 1),
        "unknown_value": ("??", "open", 2),
    }
    assert {(one.colour, one.expected, one.old_since) for one in old} == {
        ("green", "red", screens.now - timedelta(days=1))
    }
    assert (Case.objects.count(), VerdictChange.objects.count()) == (cases, verdicts)
    update_findings(now=screens.now)
    assert DisplayChange.objects.count() == DisplayFinding.objects.count() == 5


def test_a_value_that_most_should_see_as_another_colour_is_mapped_wrongly(bare_city: City) -> None:
    """Green people see 00 as well, so the map is right about 00 and wrong about A."""
    screens = Screens()
    Provider.objects.update(display={**MAP, "A": "green"})
    screens.show({0: "A", 1: "A"})
    assert screens.items() == {"unexplained": ("", "open", 2)}
    screens.show({2: "A", 9: "A", 3: "00", **dict.fromkeys(range(10, 20), "00")})
    assert screens.items() == {"unexplained": ("", "open", 1), "mapped_elsewhere": ("A", "open", 3)}
    assert (
        list(DisplayChange.objects.values_list("what", flat=True)) == ["opened"] * 2 + ["changed"] * 2 + ["opened"] * 2
    )
    screens.pass_time(minutes=5)
    Provider.objects.update(display={**MAP, "A": "red"})
    update_findings(now=screens.now)
    assert screens.items()["mapped_elsewhere"] == ("A", "closed", 0)
    assert set(DisplayFinding.objects.filter(closed_at__isnull=True).values_list("citizen__ref", "cause")) == {
        ("p03", "unexplained"), ("p09", "unexplained"),
    }  # fmt: skip


@pytest.mark.parametrize(("minutes", "wrong"), [(0, False), (10, False), (11, True)])
def test_a_new_colour_has_the_providers_delay(bare_city: City, minutes: int, wrong: bool) -> None:
    screens = Screens()
    screens.crowd.deliver([7])
    screens.crowd.deliver([7], source="bigdata")
    screens.crowd.run(after=timedelta())
    screens.pass_time(minutes=minutes)
    screens.show({7: "00"})
    assert bool(screens.items()) is wrong


def test_an_item_is_told_mended_opened_again_and_closed_by_itself(bare_city: City) -> None:
    screens = Screens(ran_before=True)
    screens.show({0: "00", 1: "00"})
    item = DisplayItem.objects.get()
    with pytest.raises(NotAllowed):
        tell(item.pk, note="called", by="li", now=screens.now)
    tell(item.pk, note="called them", by="fang", now=screens.now)
    mend(item.pk, note="cache emptied", by="fang", now=screens.now)
    with pytest.raises(MovedMeanwhile):
        tell(item.pk, note="again", by="fang", now=screens.now)
    screens.pass_time(minutes=1)
    screens.show({0: "10"})
    assert screens.items() == {"old": ("", "mended", 1)}
    screens.show({1: "00"})
    assert screens.items() == {"old": ("", "open", 1)}
    screens.crowd.deliver([1], revoked=True)
    screens.crowd.deliver([1], source="bigdata", revoked=True)
    screens.pass_time(hours=1)
    screens.crowd.run()
    assert screens.items() == {"old": ("", "closed", 0)}
    acts = JournalEntry.objects.filter(subject=item.subject).order_by("seq").values_list("verb", flat=True)
    done = ["opened", "told", "mended", "recurred", "closed"]
    assert list(acts) == [f"display.item_{one}" for one in done]
