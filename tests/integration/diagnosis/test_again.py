"""Standing disagreements are diagnosed again by new data; the earlier diagnosis stays for its days."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from codes import public_figures
from codes.diagnosis.diagnose import diagnose_again
from codes.models import Case, CaseEvent, Disagreement, PairDiagnosis
from codes.vocabulary import Cause
from regions.models import City
from tests.integration.runs import days
from tests.integration.runs.days import Life, before_the_first_day
from tests.oracle import Rule, RuleSetVersion, World
from tests.worlds import day

LONG = 24 * 10


@pytest.fixture
def life(bare_city: City) -> Life:
    life = Life(registered=("alipay", "wechat"))
    life.allow_age_of(LONG)
    return life


def explained() -> list[tuple[str, str, str]]:
    """Of every disagreement there was: its cause, and the days from which and until which it stood."""
    rows = PairDiagnosis.objects.order_by("disagreement")
    days = ("primary_cause", "disagreement__opened_run__day", "disagreement__closed_run__day")
    return [(cause, str(opened), str(closed)) for cause, opened, closed in rows.values_list(*days)]


def test_a_source_that_has_spoken_since_is_not_late_any_more(life: Life) -> None:
    life.live("")
    life.live("police: close_contact, bigdata silent")
    late = life.day
    assert PairDiagnosis.objects.get().root_cause["late"] == "a"
    life.live("bigdata silent")
    assert Disagreement.objects.count() == 1, "it is as late as it was"

    run = life.live("")

    assert explained() == [("freshness", str(late), str(life.day)), ("source", str(life.day), "None")]
    assert run.counts["explained_anew"] == 1
    assert (run.counts["disagreements"]["opened"], run.counts["disagreements"]["closed"]) == (0, 0)
    case = Case.objects.get()
    assert case.disagreement == Disagreement.objects.get(closed_run=None)
    assert case.group_key == PairDiagnosis.objects.get(run=run).group_key
    assert list(CaseEvent.objects.filter(case=case).order_by("pk").values_list("verb", flat=True)) == [
        "opened",
        "explained_anew",
    ]


def test_whoever_is_kept_back_is_not_explained(life: Life) -> None:
    """By what the run knows they have other colours than are shown."""
    life.live("")
    life.live("police: close_contact, bigdata silent")
    run = life.live("")
    shown = {"alipay": "green", "wechat": "yellow"}
    stands = Disagreement.objects.filter(closed_run=None)
    earlier = Disagreement.objects.earliest("pk")
    stands.update(colours=shown, opened_run=earlier.opened_run)
    PairDiagnosis.objects.filter(run=run).update(primary_cause="rules")
    run.everybody = True
    assert diagnose_again(run) == 0


def test_a_week_counts_it_once(life: Life) -> None:
    life.live("")
    life.live("police: close_contact, bigdata silent")
    life.live("")
    assert Disagreement.objects.count() == 2
    of_the_week: dict[str, Any] = {"causes": list(Cause), "monday": life.day - timedelta(days=7), "sunday": life.day}
    with connection.cursor() as cursor:
        cursor.execute(public_figures.CAUSES, of_the_week)
        assert cursor.fetchall() == [(Cause.FRESHNESS, 1)]


def test_days_alone_can_give_another_explanation(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the other provider's rules the contact would be over earlier than by its own; nobody's colour changes on that day."""
    national, other = (Rule("R1", "close_contact", "red", hold_days=hold) for hold in (4, 2))

    def two_rule_sets(**asked: Any) -> World:
        world = before_the_first_day(**asked)
        of_each = [replace(one, rule_set="other") if one.code == "wechat" else one for one in world.providers]
        sets = [RuleSetVersion(code, 1, day(-90), (rule,)) for code, rule in (("national", national), ("other", other))]
        return replace(world, providers=tuple(of_each), rule_sets=tuple(sets))

    monkeypatch.setattr(days, "before_the_first_day", two_rule_sets)
    life = Life(registered=("alipay", "wechat"))
    life.live("")
    life.live("bigdata: close_contact")
    found = life.day
    life.live("")
    run = life.live("")
    assert not run.everybody
    assert explained() == [("source", str(found), str(life.day)), ("rules", str(life.day), "None")]
    assert run.counts["explained_anew"] == 1
    run = life.live("")
    assert run.counts["explained_anew"] == 0
    assert PairDiagnosis.objects.latest("pk").next_on == life.day + timedelta(days=1)
