"""Why two providers still differ is told by what is known now; what was said before stays with its days."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from codes import public_figures
from codes.diagnosis.diagnose import diagnose_again
from codes.models import Case, CaseEvent, Disagreement, PairDiagnosis
from codes.vocabulary import Cause
from regions.models import City
from tests.integration.runs.days import Life

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
