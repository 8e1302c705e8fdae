"""Every night's run judges a part of the city in full, and reports the errors that it finds (``docs/adr/0060-…``)."""

from datetime import date, timedelta

import pytest

from codes.city_counts import progress
from codes.models import NextChange, Run, Verdict
from codes.runs import due
from codes.runs.ledger import start_if_due
from regions.journal.models import JournalEntry
from regions.models import City
from tests.integration.runs.days import Life

PARTS = 4


@pytest.fixture
def life(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Red with every provider since two days, and known to the second run to stay so."""
    monkeypatch.setattr(due, "PARTS", PARTS)
    life = Life(proves=True)
    life.live("everybody: close_contact")
    life.live("")
    return life


def verdicts() -> list[tuple[str, str]]:
    return list(Verdict.objects.order_by("provider__code").values_list("provider__code", "colour"))


def foreseen() -> list[date | None]:
    return list(NextChange.objects.order_by("provider__code").values_list("next_on", flat=True))


def plant_a_wrong_green() -> None:
    Verdict.objects.filter(provider__code="wechat").delete()


def plant_a_wrong_day() -> None:
    NextChange.objects.filter(provider__code="wechat").update(next_on=date(2099, 1, 1))


def plant_a_forgotten_hit() -> None:
    NextChange.objects.filter(provider__code="wechat").delete()


@pytest.mark.parametrize("plant", [plant_a_wrong_green, plant_a_wrong_day, plant_a_forgotten_hit])
def test_what_is_wrong_is_found_mended_and_told_when_its_part_of_the_city_comes(life: Life, plant: object) -> None:
    right = verdicts(), foreseen()
    assert callable(plant)
    plant()
    wrong = verdicts(), foreseen()
    assert wrong != right
    run = life.live("")
    while (run.day - date(2020, 1, 1)).days % PARTS != life.keys.citizens["zhang"] % PARTS:
        assert run.counts["proof"] == {"judged": 0, "unforeseen": 0}
        assert (verdicts(), foreseen()) == wrong
        run = life.live("")
    assert run.counts["proof"] == {"judged": 1, "unforeseen": 1}
    assert not run.everybody
    assert (verdicts(), foreseen()) == right
    told = JournalEntry.objects.get(verb="run.unforeseen")
    assert (told.subject, told.data) == (f"run:{run.pk}", {"judged": 1, "unforeseen": 1})
    assert progress()["unforeseen"] == 1
    for _ in range(PARTS):
        assert life.live("").counts["proof"]["unforeseen"] == 0
    assert progress()["unforeseen"] == 0, "until the next proof"


def test_whoever_is_judged_anyway_proves_nothing(life: Life) -> None:
    """What is found about them is news."""
    for _ in range(PARTS):
        run = life.live("police: -close_contact" if life.number % 2 else "police: close_contact")
        assert run.counts["proof"] == {"judged": 0, "unforeseen": 0}
    assert not JournalEntry.objects.filter(verb="run.unforeseen").exists()


def test_a_run_that_somebody_asks_for_proves_nothing_the_nightly_one_does(life: Life) -> None:
    life.proves = False
    assert "proof" not in life.live("").counts
    Run.objects.update(collects=False)
    nightly = start_if_due(now=life.as_of + timedelta(days=1))
    assert nightly is not None
    assert nightly.proves
